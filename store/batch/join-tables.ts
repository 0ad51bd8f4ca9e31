import type { Column, Table } from './event-batch.ts';

/** The rows of tables of the same columns, one table after the other. */
export function joinTables(tables: readonly Table[]): Table {
  const [first] = tables;
  if (!first) throw new Error('there is no table to join');
  if (tables.length === 1) return first;
  const columns = Object.keys(first.columns).map((name): [string, Column] => [
    name,
    joinColumns(
      tables.map((table) => table.columns[name]!),
      tables.map((table) => table.rowCount),
    ),
  ]);
  const rowCount = tables.reduce((sum, table) => sum + table.rowCount, 0);
  return { rowCount, columns: Object.fromEntries(columns) };
}

function joinColumns(columns: readonly Column[], rows: readonly number[]): Column {
  const valid = joinValidity(columns, rows);
  const [first] = columns;
  switch (first!.kind) {
    case 'text':
      return { kind: 'text', ...joinTexts(columns as (Column & { kind: 'text' })[]), ...valid };
    case 'timestamp':
    case 'bigint': {
      const data = joinArrays(columns.map((c) => (c as { data: BigInt64Array }).data));
      return { kind: first!.kind, data, ...valid };
    }
    case 'integer': {
      const data = joinArrays(columns.map((c) => (c as { data: Int32Array }).data));
      return { kind: 'integer', data, ...valid };
    }
    case 'uuid':
    case 'boolean': {
      const data = joinArrays(columns.map((c) => (c as { data: Uint8Array }).data));
      return { kind: first!.kind, data, ...valid };
    }
  }
}

function joinValidity(columns: readonly Column[], rows: readonly number[]): { valid?: Uint8Array } {
  if (columns.every((column) => !column.valid)) return {};
  return {
    valid: joinArrays(columns.map((column, i) => column.valid ?? new Uint8Array(rows[i]!).fill(1))),
  };
}

function joinArrays<T extends Uint8Array | Int32Array | BigInt64Array>(arrays: readonly T[]): T {
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const joined = new (arrays[0]!.constructor as new (length: number) => T)(length);
  let at = 0;
  for (const array of arrays) {
    joined.set(array as never, at);
    at += array.length;
  }
  return joined;
}

function joinTexts(columns: readonly (Column & { kind: 'text' })[]) {
  const parts = columns.map(({ bytes, offsets }) => bytes.subarray(offsets[0], offsets.at(-1)));
  const rows = columns.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  const joined = new Uint32Array(rows + 1);
  let row = 0;
  let start = 0;
  for (const { offsets } of columns) {
    const shift = start - offsets[0]!;
    for (let i = 1; i < offsets.length; i++) joined[++row] = offsets[i]! + shift;
    start = joined[row]!;
  }
  return { bytes: joinArrays(parts), offsets: joined };
}
