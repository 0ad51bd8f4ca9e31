import duckdb from '@duckdb/node-bindings';
import type { Column } from '../batch/event-batch.ts';

/** DuckDB's vector size: rows of one chunk. */
export const chunkRows = 2048;

/** Texts up to this length stand in their vector entry itself. */
const inline_bytes_max = 12;

/**
 * Entries of one vector as the C interface lays them out (`duckdb_string_t`, 16 bytes): the length, and
 * then either up to 12 bytes of text with zeros after them, or its first 4 bytes and the address of all.
 */
const entries = new Uint32Array(chunkRows * 4);
const entryBytes = new Uint8Array(entries.buffer);

/**
 * Writes the texts of some rows into a vector. One call hands DuckDB the bytes of all rows; it keeps a
 * copy with the vector and tells its address in entry 0. The rows' entries are then made here and
 * point into that copy, which costs a thirtieth of one call a value. A copy that DuckDB refuses
 * (bytes that are no UTF-8) throws.
 */
export function writeTexts(
  vector: duckdb.Vector,
  column: Column & { kind: 'text' },
  from: number,
  rows: number,
): void {
  const { bytes, offsets } = column;
  const begin = offsets[from]!;
  const length = offsets[from + rows]! - begin;
  const [low, high] =
    length > inline_bytes_max ? addressOfCopy(vector, bytes, begin, length) : [0, 0];
  for (let row = 0; row < rows; row++) {
    const at = offsets[from + row]!;
    const size = offsets[from + row + 1]! - at;
    const entry = row * 4;
    entries[entry] = size;
    if (size > inline_bytes_max) {
      const address = low + (at - begin);
      entries[entry + 1] =
        bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      entries[entry + 2] = address;
      entries[entry + 3] = address > 0xffff_ffff ? high + 1 : high;
    } else {
      entries[entry + 1] = entries[entry + 2] = entries[entry + 3] = 0;
      for (let i = 0; i < size; i++) entryBytes[entry * 4 + 4 + i] = bytes[at + i]!;
    }
  }
  duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, rows * 16);
}

/** Copies bytes into the memory of a vector; gives the low and high half of their address. */
function addressOfCopy(
  vector: duckdb.Vector,
  bytes: Uint8Array,
  begin: number,
  length: number,
): [number, number] {
  // A refused copy leaves the entry as it is, which must then not pass for one of the same length.
  duckdb.copy_data_to_vector(vector, 0, new ArrayBuffer(16), 0, 16);
  duckdb.vector_assign_string_element_len(vector, 0, bytes.subarray(begin, begin + length));
  const entry = duckdb.vector_get_data(vector, 16);
  const [size, , low, high] = new Uint32Array(entry.slice().buffer);
  if (size !== length) throw new Error(`DuckDB took ${size} of ${length} bytes of text`);
  return [low!, high!];
}
