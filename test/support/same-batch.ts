import { expect } from 'vitest';
import type { FastReader } from '../../ingest/fast/fast-reader.ts';
import { InputError } from '../../ingest/input-error.ts';
import type { RecordSink } from '../../ingest/records/plain-reader.ts';
import type { PathFacts } from '../../ingest/rules/kms-event.ts';
import { plainReader, type RecordReader } from '../../ingest/task.ts';
import type { EncodedRows } from '../../store/batch/batch-encoder.ts';
import {
  byDimension,
  dimensionIds,
  dimensionNames,
  type DimensionName,
  type Table,
} from '../../store/batch/event-batch.ts';
import { joinTables } from '../../store/batch/join-tables.ts';
import { pickRows } from '../../store/batch/pick-rows.ts';

export interface LogFile {
  bytes: Buffer;
  path: PathFacts;
  /** Its rows are taken back after it was read, as those of an object that cannot be read to its end. */
  dropped?: boolean;
}

export const noPath: PathFacts = { account_id: null, region: null };
export const somePath: PathFacts = { account_id: '999999999999', region: 'us-west-2' };

/** One batch of some files as a reader gives it, with what became of each file. */
export function batchOf(
  reader: RecordReader,
  files: readonly LogFile[],
  kept?: RecordSink['kept'],
) {
  const encoder = reader.encoder();
  const sink: RecordSink = { encoder, rejects: [], kept };
  /** Rows before each file, of `events` and of `related`. */
  const starts: [number, number][] = [];
  const results = files.map(({ bytes, path, dropped }) => {
    const before: [number, number] = [encoder.rowCount, encoder.relatedCount];
    starts.push(before);
    try {
      const counts = reader.read(bytes, path, sink);
      if (dropped) encoder.truncate(...before);
      return counts;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      encoder.truncate(...before);
      return [error.status, error.errorClass, error.message];
    }
  });
  const encoded = inOrder(encoder.finish(), starts);
  return { results, rejects: sink.rejects, ...encoded, dimensions: wholeDictionaries(encoded) };
}

type Batch = EncodedRows & { dimensions: Record<DimensionName, Table> };

/** The tables of a dictionary after its deltas so far. */
const dictionaries = new Map<string, Record<DimensionName, Table>>();

function wholeDictionaries({ dictionary, deltas }: EncodedRows): Record<DimensionName, Table> {
  for (const delta of deltas) {
    const before = dictionaries.get(delta.dictionary);
    const whole = byDimension((name) => {
      expect(delta.from[name]).toBe(before?.[name].rowCount ?? 0);
      return before ? joinTables([before[name], delta.tables[name]]) : delta.tables[name];
    });
    dictionaries.set(delta.dictionary, whole);
  }
  return dictionaries.get(dictionary)!;
}

/** Rows of unusual records stand behind the others of their object: here they go back to their places. */
function inOrder(encoded: EncodedRows, starts: [number, number][]): EncodedRows {
  const sorted = (table: Table, at: 0 | 1): Table => {
    const { data } = table.columns['record_index'] as { data: Int32Array };
    const order = starts.flatMap((start, i) => {
      const from = start[at];
      const to = starts[i + 1]?.[at] ?? table.rowCount;
      const rows = Array.from({ length: to - from }, (_, row) => from + row);
      return rows.sort((a, b) => data[a]! - data[b]!);
    });
    return withoutIdleValidity(pickRows(table, Int32Array.from(order)));
  };
  return { ...encoded, events: sorted(encoded.events, 0), related: sorted(encoded.related, 1) };
}

export function expectSame(
  reader: FastReader,
  files: readonly LogFile[],
  kept?: RecordSink['kept'],
) {
  const plain = batchOf(plainReader, files, kept);
  const fast = batchOf(reader, files, kept);
  expect(fast.results).toEqual(plain.results);
  expect(fast.rejects).toEqual(plain.rejects);
  expectSameEvents(fast, plain);
  return { rows: fast.events.rowCount, related: fast.related.rowCount };
}

/** The fast reader may hold a tuple twice: each row's own is compared, value by value. */
export function expectSameEvents(fast: Batch, plain: Batch): void {
  const rest = ({ rowCount, columns }: Table): Table => {
    const isPosition = (name: string) => dimensionNames.some((d) => dimensionIds[d] === name);
    const others = Object.entries(columns).filter(([name]) => !isPosition(name));
    return { rowCount, columns: Object.fromEntries(others) };
  };
  expectSameTable(rest(fast.events), rest(plain.events));
  expectSameTable(rest(fast.related), rest(plain.related));
  for (const name of dimensionNames) {
    expectSameTable(tuplesOfRows(fast, name), tuplesOfRows(plain, name));
  }
}

/** The tuple of a dimension for each row. */
function tuplesOfRows({ events, related, dimensions }: Batch, name: DimensionName): Table {
  const { columns } = name === 'actions' ? related : events;
  const positions = columns[dimensionIds[name]] as { data: Int32Array };
  return withoutIdleValidity(pickRows(dimensions[name], positions.data));
}

/** Where nothing picked is null, a column may still say so row by row. */
function withoutIdleValidity(table: Table): Table {
  for (const column of Object.values(table.columns)) {
    if (column.valid && !column.valid.includes(0)) delete column.valid;
  }
  return table;
}

function expectSameTable(fast: Table, plain: Table): void {
  expect(fast.rowCount).toBe(plain.rowCount);
  expect(Object.keys(fast.columns)).toEqual(Object.keys(plain.columns));
  for (const [name, column] of Object.entries(plain.columns)) {
    for (const [part, data] of Object.entries(column)) {
      const own = fast.columns[name]![part as keyof typeof column] as unknown;
      if (typeof data === 'string') expect(own, `${name} ${part}`).toBe(data);
      else expect(sameBytes(own as Uint8Array, data as Uint8Array), `${name} ${part}`).toBe(true);
    }
    expect(Object.keys(fast.columns[name]!).sort()).toEqual(Object.keys(column).sort());
  }
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (v: ArrayBufferView) => Buffer.from(v.buffer, v.byteOffset, v.byteLength);
  return a.constructor.name === b.constructor.name && bytes(a).equals(bytes(b));
}

export const fileOf = (text: string, path = noPath): LogFile => ({
  bytes: Buffer.from(text),
  path,
});
export const recordsFile = (records: readonly unknown[], path = noPath) =>
  fileOf(JSON.stringify({ Records: records }), path);

export function withRecipient(records: readonly Record<string, unknown>[]) {
  return records.map((record) => ({
    awsRegion: 'eu-west-1',
    recipientAccountId: '111111111111',
    ...record,
  }));
}
