import type { Column } from '../batch/event-batch.ts';
import { pickColumn } from '../batch/pick-rows.ts';

/** Columns of the same rows by name. */
export type NamedColumns = ReadonlyMap<string, Column>;

/** The columns of these names; throws when one is missing. */
export function inOrder(columns: NamedColumns, names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.get(name);
    if (!column) throw new Error(`batch has no column ${name}`);
    return column;
  });
}

/** Some rows of all columns. */
export const pickAll = (columns: NamedColumns, rows: Int32Array) =>
  new Map(Array.from(columns, ([name, column]) => [name, pickColumn(column, rows)] as const));

/** The rows that are not among `held`, which ascend. */
export function rowsWithout(held: Int32Array, rowCount: number): Int32Array {
  const rows = new Int32Array(rowCount - held.length);
  let next = 0;
  for (let row = 0, i = 0; row < rowCount; row++) {
    if (held[next] === row) next++;
    else rows[i++] = row;
  }
  return rows;
}

/** Words of 16-byte ids; of a copy when they don't begin at a whole word. */
export function wordsOf(data: Uint8Array): Int32Array {
  const bytes = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

/** Low and high word of each time, in microseconds. */
export function timeWords(columns: NamedColumns): Int32Array {
  const { data } = columns.get('event_time') as { data: BigInt64Array };
  return new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
}

/** The time of a row from its words. */
export const microseconds = (words: Int32Array, row: number) =>
  words[2 * row + 1]! * 2 ** 32 + (words[2 * row]! >>> 0);
