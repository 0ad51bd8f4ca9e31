import { textColumn } from '../batch/batch-encoder.ts';
import type { Column, Table } from '../batch/event-batch.ts';
import type { ObjectCounts } from '../ledger.ts';
import { writeId } from '../batch/uuid.ts';
import type { GroupItem } from './writer.ts';

/** Columns of ingest_objects, in order. */
export const ledgerColumns = [
  'object_id',
  'object_no',
  'source',
  'bucket',
  'key',
  'version',
  'size_bytes',
  'last_modified_at',
  'content_sha256',
  'content_bytes',
  'status',
  'attempts',
  'error_class',
  'error_detail',
  'account_id',
  'region',
  'records_total',
  'non_kms',
  'inserted',
  'duplicate',
  'rejected',
  'conflict',
  'event_time_min',
  'event_time_max',
  'record_time_min',
  'record_time_max',
  'reader_version',
  'run_id',
  'committed_at',
  'foreign_values',
  'unread_bytes',
] as const;

export const integers = (values: number[]): Column => ({
  kind: 'integer',
  data: Int32Array.from(values),
});

/** Whole numbers as two 32-bit words each: no BigInt is made of them. */
function wholeNumbers(values: readonly number[]): BigInt64Array {
  const words = new Int32Array(2 * values.length);
  values.forEach((value, i) => {
    const whole = Math.trunc(value);
    words[2 * i] = whole;
    words[2 * i + 1] = Math.floor(whole / 2 ** 32);
  });
  return new BigInt64Array(words.buffer);
}

const bigints = (values: number[]): Column => ({ kind: 'bigint', data: wholeNumbers(values) });

/** Instants from a number of `unit` microseconds each; null stays null. */
export function instants(values: (number | null)[], unit: number): Column {
  const data = wholeNumbers(values.map((v) => (v === null ? 0 : Math.trunc(v) * unit)));
  return values.includes(null)
    ? { kind: 'timestamp', data, valid: Uint8Array.from(values, (v) => (v === null ? 0 : 1)) }
    : { kind: 'timestamp', data };
}

export function uuids(values: string[]): Column {
  const data = new Uint8Array(values.length * 16);
  values.forEach((value, row) => writeId(value, data, row * 16));
  return { kind: 'uuid', data };
}

/** Ledger rows of a group. */
export function ledgerTable(
  group: readonly GroupItem[],
  counts: readonly ObjectCounts[],
  runId: string,
  readerVersion: number,
): Table {
  const objects = group.flatMap((item) =>
    item.batch.objects.map((result) => ({ result, listed: item.objects[result.task_index]! })),
  );
  const seconds = 1_000_000;
  const milliseconds = 1_000;
  const now = Date.now();
  const columns: Record<(typeof ledgerColumns)[number], Column> = {
    object_id: uuids(counts.map((c) => c.object_id)),
    object_no: integers(counts.map((c) => c.object_no)),
    source: textColumn(objects.map((o) => o.listed.source)),
    bucket: textColumn(objects.map((o) => o.listed.bucket)),
    key: textColumn(objects.map((o) => o.listed.key)),
    version: textColumn(objects.map((o) => o.listed.version)),
    size_bytes: bigints(objects.map((o) => o.listed.size_bytes)),
    last_modified_at: instants(
      objects.map((o) => o.listed.last_modified_at),
      milliseconds,
    ),
    content_sha256: textColumn(objects.map((o) => o.result.content_sha256)),
    content_bytes: bigints(objects.map((o) => o.result.content_bytes)),
    status: textColumn(counts.map((c) => c.status)),
    attempts: integers(objects.map((o) => o.listed.attempts + 1)),
    error_class: textColumn(objects.map((o) => o.result.error_class)),
    error_detail: textColumn(objects.map((o) => o.result.error_detail)),
    account_id: textColumn(objects.map((o) => o.result.account_id)),
    region: textColumn(objects.map((o) => o.result.region)),
    records_total: integers(counts.map((c) => c.records_total)),
    non_kms: integers(counts.map((c) => c.non_kms)),
    inserted: integers(counts.map((c) => c.inserted)),
    duplicate: integers(counts.map((c) => c.duplicate)),
    rejected: integers(counts.map((c) => c.rejected)),
    conflict: integers(counts.map((c) => c.conflict)),
    event_time_min: instants(
      objects.map((o) => o.result.event_time_min),
      seconds,
    ),
    event_time_max: instants(
      objects.map((o) => o.result.event_time_max),
      seconds,
    ),
    record_time_min: instants(
      objects.map((o) => o.result.record_time_min),
      seconds,
    ),
    record_time_max: instants(
      objects.map((o) => o.result.record_time_max),
      seconds,
    ),
    reader_version: integers(counts.map(() => readerVersion)),
    run_id: textColumn(counts.map(() => runId)),
    committed_at: instants(
      counts.map(() => now),
      milliseconds,
    ),
    foreign_values: integers(counts.map((c) => c.foreign)),
    unread_bytes: bigints(counts.map((c) => c.unread_bytes)),
  };
  return { rowCount: counts.length, columns };
}

/** Rows of ingest_rejects. */
export function rejectColumns(group: readonly GroupItem[], counts: readonly ObjectCounts[]) {
  const rows = withObjectNumbers(group, counts, (item) => item.batch.rejects);
  return {
    rowCount: rows.length,
    columns: [
      integers(rows.map((row) => row.object_no)),
      integers(rows.map((row) => row.value.record_index)),
      textColumn(rows.map((row) => row.value.error_class)),
      textColumn(rows.map((row) => row.value.error_detail)),
      textColumn(rows.map((row) => row.value.record_start)),
    ],
  };
}

function withObjectNumbers<T extends { task_index: number }>(
  group: readonly GroupItem[],
  counts: readonly ObjectCounts[],
  pick: (item: GroupItem) => readonly T[],
): { object_no: number; value: T }[] {
  const rows: { object_no: number; value: T }[] = [];
  let first = 0;
  for (const item of group) {
    const numbers = new Map(
      item.batch.objects.map((result, i) => [result.task_index, counts[first + i]!.object_no]),
    );
    first += item.batch.objects.length;
    for (const value of pick(item)) rows.push({ object_no: numbers.get(value.task_index)!, value });
  }
  return rows;
}
