import type { DuckDBConnection } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { Column, Table } from '../batch/event-batch.ts';
import { DuckDBDataChunk } from '../duckdb/package.ts';
import { chunkRows, writeTexts } from './text-vector.ts';

const typeIds: Record<Column['kind'], number> = {
  uuid: duckdb.Type.UUID,
  timestamp: duckdb.Type.TIMESTAMP,
  integer: duckdb.Type.INTEGER,
  bigint: duckdb.Type.BIGINT,
  boolean: duckdb.Type.BOOLEAN,
  text: duckdb.Type.VARCHAR,
};

/**
 * Appends columns (in the order of the table's) as raw vectors, a few calls a column and chunk. Must run inside an explicit transaction of the same connection: the
 * appender flushes by itself and is not atomic without one.
 */
export async function appendColumns(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column[],
  rowCount: number,
  catalog?: 'temp',
): Promise<void> {
  if (rowCount === 0) return;
  const appender = await connection.createAppender(table, 'main', catalog);
  const types = columns.map((column) => duckdb.create_logical_type(typeIds[column.kind]));
  const chunk = new DuckDBDataChunk(duckdb.create_data_chunk(types));
  for (let from = 0; from < rowCount; from += chunkRows) {
    const rows = Math.min(chunkRows, rowCount - from);
    chunk.reset();
    columns.forEach((column, i) => {
      writeVector(duckdb.data_chunk_get_vector(chunk.chunk, i), column, from, rows);
    });
    chunk.rowCount = rows;
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function writeVector(vector: duckdb.Vector, column: Column, from: number, rows: number): void {
  if (column.valid) writeValidity(vector, column.valid, from, rows);
  if (column.kind === 'text') return writeTexts(vector, column, from, rows);
  const source =
    column.kind === 'uuid'
      ? hugeintOrder(column.data, from, rows)
      : column.data.subarray(from, from + rows);
  duckdb.copy_data_to_vector(
    vector,
    0,
    source.buffer as ArrayBuffer,
    source.byteOffset,
    source.byteLength,
  );
}

/** DuckDB's validity is a bitmap of 64-bit words; ours is a byte a row. */
function writeValidity(vector: duckdb.Vector, valid: Uint8Array, from: number, rows: number): void {
  const bits = new Uint8Array(Math.ceil(rows / 64) * 8);
  for (let row = 0; row < rows; row++) {
    if (valid[from + row] !== 0) bits[row >> 3]! |= 1 << (row & 7);
  }
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, bits.buffer, 0, bits.byteLength);
}

const uuidBytes = Buffer.alloc(chunkRows * 16);
const uuidWords = new Int32Array(uuidBytes.buffer, uuidBytes.byteOffset, chunkRows * 4);

/** A UUID is a little-endian 128-bit integer with its top bit flipped, so that it sorts as text does. */
function hugeintOrder(data: Uint8Array, from: number, rows: number): Uint8Array {
  uuidBytes.set(data.subarray(from * 16, (from + rows) * 16));
  const swapped = uuidBytes.subarray(0, rows * 16).swap32();
  for (let word = 0; word < rows * 4; word += 4) {
    const highest = uuidWords[word]!;
    const second = uuidWords[word + 1]!;
    uuidWords[word] = uuidWords[word + 3]!;
    uuidWords[word + 1] = uuidWords[word + 2]!;
    uuidWords[word + 2] = second;
    uuidWords[word + 3] = highest ^ 0x8000_0000;
  }
  return swapped;
}

/** The columns of a table in the order given; throws when one is missing. */
export function ordered(table: Table, names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = table.columns[name];
    if (!column) throw new Error(`batch has no column ${name}`);
    return column;
  });
}
