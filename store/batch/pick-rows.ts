import type { Column, Table } from './event-batch.ts';

/** Some rows of a table, in the order given. */
export function pickRows(table: Table, rows: Int32Array): Table {
  const columns = Object.entries(table.columns).map(([name, column]): [string, Column] => [
    name,
    pickColumn(column, rows),
  ]);
  return { rowCount: rows.length, columns: Object.fromEntries(columns) };
}

export function pickColumn(column: Column, rows: Int32Array): Column {
  const valid = column.valid ? { valid: pickBytes(column.valid, rows) } : {};
  switch (column.kind) {
    case 'text':
      return { kind: 'text', ...pickText(column, rows), ...valid };
    case 'uuid': {
      const data = new Uint8Array(rows.length * 16);
      rows.forEach((row, i) => data.set(column.data.subarray(row * 16, row * 16 + 16), i * 16));
      return { kind: 'uuid', data, ...valid };
    }
    case 'timestamp':
      return { kind: 'timestamp', data: pickBigints(column.data, rows), ...valid };
    case 'bigint':
      return { kind: 'bigint', data: pickBigints(column.data, rows), ...valid };
    case 'integer':
      return { kind: 'integer', data: rows.map((row) => column.data[row]!), ...valid };
    case 'boolean':
      return { kind: 'boolean', data: pickBytes(column.data, rows), ...valid };
  }
}

function pickBytes(data: Uint8Array, rows: Int32Array): Uint8Array {
  const picked = new Uint8Array(rows.length);
  rows.forEach((row, i) => (picked[i] = data[row]!));
  return picked;
}

function pickBigints(data: BigInt64Array, rows: Int32Array): BigInt64Array {
  const picked = new BigInt64Array(rows.length);
  rows.forEach((row, i) => (picked[i] = data[row]!));
  return picked;
}

function pickText(column: { bytes: Uint8Array; offsets: Uint32Array }, rows: Int32Array) {
  const { bytes, offsets } = column;
  const picked = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => (picked[i + 1] = picked[i]! + offsets[row + 1]! - offsets[row]!));
  const target = new Uint8Array(picked[rows.length]!);
  rows.forEach((row, i) => target.set(bytes.subarray(offsets[row], offsets[row + 1]), picked[i]));
  return { bytes: target, offsets: picked };
}
