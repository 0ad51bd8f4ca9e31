import type { DuckDBConnection } from '@duckdb/node-api';
import { CallCounts } from './call-counts.ts';
import { appendColumns } from './chunk-append.ts';
import type { FreshCounts } from './count-objects.ts';
import { remapped } from './dimension-ids.ts';
import {
  batchEventColumns,
  dimensionIds,
  eventDimensions,
  type Column,
  type EventBatch,
} from '../batch/event-batch.ts';
import { initialCounted } from './initial-counted.ts';
import { KnownIds, type Span } from './known-ids.ts';
import {
  inOrder,
  microseconds,
  pickAll,
  rowsWithout,
  timeWords,
  wordsOf,
  type NamedColumns,
} from './named-rows.ts';
import { settleSharedActions } from './shared-actions.ts';
import type { MappedDictionary } from './mapped-entries.ts';

/** Columns of `events`, in the order of its table. */
const eventColumns = [
  ...batchEventColumns.filter((name) => name !== 'record_index'),
  'counted',
  'object_no',
  'record_index',
];

/** What decides whether a row is new and counts: the rest of a row waits here, not in the database. */
const stagedColumns = [
  'event_id_uuid',
  'event_id_text',
  'event_time',
  'shared_event_id_uuid',
  'request_id_uuid',
  'call_no',
  'identity_no',
  'key_no',
  'counted',
  'object_no',
];

/** Rows of a batch that wait for their decision. */
interface Part {
  staged_from: number;
  rows: number;
  columns: Map<string, Column>;
  /** Kind of call of each row. */
  kinds: Int32Array;
}

/**
 * The rows of one group on their way into `events`. What is surely new is appended at once. Rows that
 * the database may hold already, and shared actions, wait until the group is whole: the few columns
 * that decide are staged in a temporary table, and those that are new are then appended from the batches.
 */
export class Staging {
  readonly #connection: DuckDBConnection;
  readonly #known: KnownIds;
  readonly #calls: CallCounts;
  /** Rows that were appended at once, by object number. */
  #inserted = new Map<number, number>();
  #parts: Part[] = [];
  #staged = 0;
  /** Of the staged rows. */
  #times: Span = { min: Infinity, max: -Infinity };
  #hasShared = false;

  private constructor(connection: DuckDBConnection, known: KnownIds, calls: CallCounts) {
    this.#connection = connection;
    this.#known = known;
    this.#calls = calls;
  }

  static async open(connection: DuckDBConnection, calls: CallCounts): Promise<Staging> {
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE staged AS SELECT ${stagedColumns.join(', ')}, 0 AS staged_no FROM events LIMIT 0`,
    );
    const stored = await connection.runAndReadAll(
      'SELECT epoch_us(min(event_time)), epoch_us(max(event_time)) FROM events',
    );
    const [min, max] = stored.getRows()[0]!;
    const span = min === null ? null : { min: Number(min), max: Number(max) };
    return new Staging(connection, new KnownIds(span), calls);
  }

  /** Starts a group; `forget` after a rollback. */
  clear(options?: { forget: boolean }): void {
    this.#inserted = new Map();
    this.#parts = [];
    this.#staged = 0;
    this.#times = { min: Infinity, max: -Infinity };
    this.#hasShared = false;
    this.#calls.clear(options);
  }

  /** Rows of the group that wait for their decision. */
  get held(): number {
    return this.#staged;
  }

  /** Appends or stages the rows of a batch whose entries are mapped. */
  async add(
    batch: EventBatch,
    objectNumbers: readonly number[],
    mapped: MappedDictionary,
  ): Promise<void> {
    const rows = batch.events.rowCount;
    if (rows === 0) return;
    const columns = new Map(Object.entries(batch.events.columns));
    for (const name of eventDimensions) {
      const column = columns.get(dimensionIds[name]) as { data: Int32Array };
      columns.set(dimensionIds[name], remapped(column, mapped[name].numbers));
    }
    const { counted, shared } = initialCounted(batch.events, mapped);
    const objectNo = new Int32Array(rows);
    batch.objects.forEach((result, i) =>
      objectNo.fill(objectNumbers[i]!, result.row_from, result.row_to),
    );
    columns.set('counted', { kind: 'boolean', data: counted });
    columns.set('object_no', { kind: 'integer', data: objectNo });
    const kinds = this.#calls.kindsOf(batch.events, mapped);
    const held = this.#heldRows(columns, shared);
    if (held.length > 0) await this.#hold(columns, kinds, held, shared);
    if (held.length < rows) await this.#append(columns, kinds, held);
  }

  /** Rows of which the database has to decide: they may be there already, or are shared. */
  #heldRows(columns: NamedColumns, shared: Uint8Array): Int32Array {
    const times = timeWords(columns);
    const ids = wordsOf((columns.get('event_id_uuid') as { data: Uint8Array }).data);
    const held: number[] = [];
    for (let row = 0; row < shared.length; row++) {
      const mayHold = this.#known.mayHold(ids, row, microseconds(times, row));
      if (mayHold || shared[row] === 1) held.push(row);
    }
    return Int32Array.from(held);
  }

  /** Appends all rows but the held ones. */
  async #append(columns: NamedColumns, kinds: Int32Array, held: Int32Array): Promise<void> {
    const all = held.length === 0;
    const rows = all ? null : rowsWithout(held, kinds.length);
    const picked = rows ? pickAll(columns, rows) : columns;
    const counted = (picked.get('counted') as { data: Uint8Array }).data;
    const objects = (picked.get('object_no') as { data: Int32Array }).data;
    const times = timeWords(picked);
    for (let row = 0; row < counted.length; row++) {
      const kind = kinds[rows ? rows[row]! : row]!;
      if (counted[row] === 1) this.#calls.add(kind, times[2 * row]!, times[2 * row + 1]!);
    }
    for (let from = 0, row = 1; row <= objects.length; row++) {
      if (row < objects.length && objects[row] === objects[from]) continue;
      const object = objects[from]!;
      this.#inserted.set(object, (this.#inserted.get(object) ?? 0) + row - from);
      from = row;
    }
    const inserted = inOrder(picked, eventColumns);
    await appendColumns(this.#connection, 'events', inserted, counted.length);
  }

  async #hold(
    columns: NamedColumns,
    kinds: Int32Array,
    held: Int32Array,
    shared: Uint8Array,
  ): Promise<void> {
    const rows = held.length;
    const picked = rows === kinds.length ? new Map(columns) : pickAll(columns, held);
    const part: Part = {
      staged_from: this.#staged,
      rows,
      columns: picked,
      kinds: held.map((row) => kinds[row]!),
    };
    this.#parts.push(part);
    this.#staged += rows;
    this.#hasShared ||= shared.includes(1);
    const times = timeWords(picked);
    for (let row = 0; row < rows; row++) {
      const time = microseconds(times, row);
      if (time < this.#times.min) this.#times.min = time;
      if (time > this.#times.max) this.#times.max = time;
    }
    const numbers = Int32Array.from({ length: rows }, (_, row) => part.staged_from + row);
    const staged = [...inOrder(picked, stagedColumns), { kind: 'integer' as const, data: numbers }];
    await appendColumns(this.#connection, 'staged', staged, rows, 'temp');
  }

  /** Decides on the staged rows, appends what is new of them, and writes the per-second counts. */
  async settle(): Promise<FreshCounts> {
    const counts: FreshCounts = { inserted: this.#inserted, conflict: new Map() };
    if (this.#staged > 0) {
      await this.#decide(counts);
      await this.#connection.run('DELETE FROM staged');
    }
    await this.#calls.write();
    return counts;
  }

  /** The stored rows of before the group, and those of it that were appended at once, are in events. */
  async #decide(counts: FreshCounts): Promise<void> {
    const connection = this.#connection;
    const stored = `SELECT event_id_uuid, event_time, request_id_uuid FROM events
      WHERE event_time BETWEEN make_timestamp(${this.#times.min}) AND make_timestamp(${this.#times.max})`;
    await connection.run(`
      CREATE OR REPLACE TEMP TABLE fresh AS
      SELECT s.* FROM staged AS s
      JOIN (SELECT min(staged_no) AS staged_no FROM staged GROUP BY event_id_uuid, event_time) AS f
        ON f.staged_no = s.staged_no
      ANTI JOIN (${stored}) AS e
        ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time`);
    if (this.#hasShared) await settleSharedActions(connection);
    const inserted = await this.#countInto(
      counts.inserted,
      'SELECT object_no, count(*) FROM fresh GROUP BY object_no',
    );
    if (inserted < this.#staged) {
      await this.#countInto(
        counts.conflict,
        `SELECT s.object_no, count(*) FROM staged AS s
         JOIN (${stored} UNION ALL SELECT event_id_uuid, event_time, request_id_uuid FROM fresh) AS e
           ON e.event_id_uuid = s.event_id_uuid AND e.event_time = s.event_time
         WHERE s.request_id_uuid IS DISTINCT FROM e.request_id_uuid
         GROUP BY s.object_no`,
      );
    }
    await this.#appendFresh();
  }

  async #appendFresh(): Promise<void> {
    const fresh = await this.#freshRows();
    for (const part of this.#parts) {
      const columns = pickFresh(part, fresh);
      const times = timeWords(part.columns);
      for (let row = 0; row < part.rows; row++) {
        if (fresh[part.staged_from + row] !== 2) continue;
        this.#calls.add(part.kinds[row]!, times[2 * row]!, times[2 * row + 1]!);
      }
      const rows = (columns.get('object_no') as { data: Int32Array }).data.length;
      await appendColumns(this.#connection, 'events', inOrder(columns, eventColumns), rows);
    }
  }

  /** By staged_no: 0 for rows that are not new, 1 for new rows, 2 for new rows that count. */
  async #freshRows(): Promise<Uint8Array> {
    const fresh = new Uint8Array(this.#staged);
    const result = await this.#connection.stream('SELECT staged_no, counted FROM fresh');
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return fresh;
      const [numbers, counted] = chunk.getColumns();
      numbers!.forEach((number, i) => (fresh[Number(number)] = counted![i] === true ? 2 : 1));
    }
  }

  async #countInto(counts: Map<number, number>, sql: string): Promise<number> {
    const result = await this.#connection.runAndReadAll(sql);
    let sum = 0;
    for (const [object, count] of result.getRows()) {
      counts.set(Number(object), (counts.get(Number(object)) ?? 0) + Number(count));
      sum += Number(count);
    }
    return sum;
  }
}

/** The new rows of a part, with `counted` as decided. */
function pickFresh(part: Part, fresh: Uint8Array): Map<string, Column> {
  const rows: number[] = [];
  for (let row = 0; row < part.rows; row++) if (fresh[part.staged_from + row] !== 0) rows.push(row);
  const columns = pickAll(part.columns, Int32Array.from(rows));
  const counted = Uint8Array.from(rows, (row) => (fresh[part.staged_from + row] === 2 ? 1 : 0));
  return columns.set('counted', { kind: 'boolean', data: counted });
}
