import { randomUUID } from 'node:crypto';
import {
  batchEventColumns,
  batchRelatedColumns,
  byDimension,
  dimensionColumns,
  dimensionIds,
  dimensionNames,
  eventDimensions,
  type Column,
  type DimensionName,
  type EventBatch,
  type Facts,
  type RelatedEvent,
  type Table,
} from './event-batch.ts';
import type { KmsEvent } from '../relations.ts';
import { encodeText } from './utf8.ts';
import { isCanonicalUuid, writeId } from './uuid.ts';

type Scalar = string | number | boolean | null;

/** What an encoder gives: all of a batch but its objects and rejects. */
export type EncodedRows = Pick<EventBatch, 'events' | 'related' | 'dictionary' | 'deltas'>;

/** Takes the rows of a batch, and gives their columns. */
export interface EventEncoder {
  readonly rowCount: number;
  readonly relatedCount: number;
  /** `facts` are stored beside what was derived from them; without, no later rule can mend the row. */
  add(event: KmsEvent, facts?: Facts): void;
  addRelated(event: RelatedEvent, facts?: Facts): void;
  /** Takes back the rows from `rowCount` and the related events from `relatedCount` on. */
  truncate(rowCount: number, relatedCount: number): void;
  finish(): EncodedRows;
}

type Row = KmsEvent | RelatedEvent;
const field = (row: Row, name: string) => (row as unknown as Record<string, Scalar>)[name] ?? null;

/**
 * Turns rows into the columns of a batch. Slow and obvious: tests, the plain reader and unusual
 * records go through it; its output is what the fast reader must equal.
 */
export class BatchEncoder implements EventEncoder {
  readonly #rows: KmsEvent[] = [];
  readonly #related: RelatedEvent[] = [];
  readonly #tuples: Record<DimensionName, { ids: Map<string, number>; rows: Row[] }> = {
    calls: { ids: new Map(), rows: [] },
    identities: { ids: new Map(), rows: [] },
    clients: { ids: new Map(), rows: [] },
    keys: { ids: new Map(), rows: [] },
    actions: { ids: new Map(), rows: [] },
  };
  readonly #ids: Record<DimensionName, number[]> = {
    calls: [],
    identities: [],
    clients: [],
    keys: [],
    actions: [],
  };

  get rowCount(): number {
    return this.#rows.length;
  }

  get relatedCount(): number {
    return this.#related.length;
  }

  add(event: KmsEvent, facts: Facts = {}): void {
    this.#rows.push(event);
    for (const dimension of eventDimensions) this.#addTuple(dimension, event, facts);
  }

  addRelated(event: RelatedEvent, facts: Facts = {}): void {
    this.#related.push(event);
    this.#addTuple('actions', event, facts);
  }

  truncate(rowCount: number, relatedCount: number): void {
    this.#rows.length = rowCount;
    this.#related.length = relatedCount;
    for (const dimension of eventDimensions) this.#ids[dimension].length = rowCount;
    this.#ids.actions.length = relatedCount;
  }

  finish(): EncodedRows {
    const tables = byDimension((name) => dimensionTable(name, this.#tuples[name].rows));
    // Each batch has dictionaries of its own.
    const dictionary = randomUUID();
    return {
      events: this.#table(batchEventColumns, this.#rows),
      related: this.#table(batchRelatedColumns, this.#related),
      dictionary,
      deltas: [{ dictionary, from: byDimension(() => 0), tables }],
    };
  }

  #addTuple(dimension: DimensionName, event: Row, facts: Facts): void {
    const { ids, rows } = this.#tuples[dimension];
    const row = { ...event, facts: facts[dimension] };
    const key = JSON.stringify(tuple(dimension, row));
    let id = ids.get(key);
    if (id === undefined) {
      id = rows.length;
      ids.set(key, id);
      rows.push(row);
    }
    this.#ids[dimension].push(id);
  }

  #table(names: readonly string[], rows: readonly Row[]): Table {
    const columns: Record<string, Column> = {};
    for (const name of names) {
      const dimension = dimensionNames.find((d) => dimensionIds[d] === name);
      columns[name] = dimension
        ? { kind: 'integer', data: Int32Array.from(this.#ids[dimension]) }
        : rowColumn(name, rows);
    }
    return { rowCount: rows.length, columns };
  }
}

function tuple(dimension: DimensionName, event: Row): Scalar[] {
  return dimensionColumns(dimension).map((column) => field(event, column.name));
}

function dimensionTable(dimension: DimensionName, rows: readonly Row[]): Table {
  const columns: Record<string, Column> = {};
  for (const column of dimensionColumns(dimension)) {
    const values = rows.map((row) => field(row, column.name));
    columns[column.name] =
      column.type === 'BOOLEAN'
        ? booleanColumn(values as (boolean | null)[])
        : textColumn(values as (string | null)[]);
  }
  return { rowCount: rows.length, columns };
}

function rowColumn(name: string, rows: readonly Row[]): Column {
  const id = /^(event_id|shared_event_id|request_id)_(uuid|text)$/.exec(name);
  if (id) {
    const values = rows.map((row) => field(row, id[1]!) as string | null);
    return id[2] === 'uuid'
      ? uuidColumn(values)
      : textColumn(values.map((v) => (v === null || isCanonicalUuid(v) ? null : v)));
  }
  if (name === 'event_time') {
    return {
      kind: 'timestamp',
      data: BigInt64Array.from(rows, (row) => BigInt(row.event_time) * 1_000_000n),
    };
  }
  if (name === 'record_index') {
    return { kind: 'integer', data: Int32Array.from(rows, (row) => row.record_index) };
  }
  return textColumn(rows.map((row) => field(row, name) as string | null));
}

function validity(values: readonly unknown[]): { valid?: Uint8Array } {
  if (!values.includes(null)) return {};
  return { valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)) };
}

function uuidColumn(values: (string | null)[]): Column {
  const data = new Uint8Array(values.length * 16);
  values.forEach((value, row) => {
    if (value !== null) writeId(value, data, row * 16);
  });
  return { kind: 'uuid', data, ...validity(values) };
}

export function booleanColumn(values: (boolean | null)[]): Column {
  return {
    kind: 'boolean',
    data: Uint8Array.from(values, (v) => (v ? 1 : 0)),
    ...validity(values),
  };
}

export function textColumn(values: (string | null)[]): Column {
  const offsets = new Uint32Array(values.length + 1);
  const parts = values.map((value) => encodeText(value ?? ''));
  let end = 0;
  parts.forEach((part, i) => {
    end += part.length;
    offsets[i + 1] = end;
  });
  return {
    kind: 'text',
    bytes: new Uint8Array(Buffer.concat(parts, end)),
    offsets,
    ...validity(values),
  };
}
