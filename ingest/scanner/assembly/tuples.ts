// Books of tuples: texts and booleans that repeat, each kept once under a number. In a batch a tuple has a
// position, in the order of first use; tables are written by the column, as DuckDB takes them.
import { BOOKS } from '../column-layout';
import { copyBytes } from './bytes';

const TUPLES_MAX: u32 = 1 << 15;
const ARENA_BYTES: usize = 16 << 20;
/** What one row can need at most: a row starts only while this much is free. */
export const TUPLE_BYTES_MAX: usize = 1 << 20;
const TUPLES_OF_A_ROW: u32 = 8;

// Of each book: how many texts and booleans its tuples have, how many tuples it has, how many are used.
const texts = memory.data(BOOKS);
const booleans = memory.data(BOOKS);
const counts = memory.data(BOOKS * 4);
const usedCounts = memory.data(BOOKS * 4);

// Of each book three lists of u32: offset of each tuple in the arena; its position in the batch + 1, 0 when
// it is not used; the numbers of the used tuples. Behind them the arena.
const LIST_BYTES: usize = (<usize>TUPLES_MAX) << 2;
const BOOK_BYTES: usize = LIST_BYTES * 3;
let booksAt: usize = 0;
let arenaAt: usize = 0;
let arenaUsed: usize = 0;

/** Bytes that layOutTuples needs. */
export const TUPLES_BYTES: usize = BOOK_BYTES * BOOKS + ARENA_BYTES;

export function layOutTuples(at: usize): void {
  booksAt = at;
  arenaAt = at + BOOK_BYTES * BOOKS;
}

/** Says of what the tuples of a book are made. */
export function setBook(book: i32, textCount: i32, booleanCount: i32): void {
  store<u8>(texts + book, <u8>textCount);
  store<u8>(booleans + book, <u8>booleanCount);
}

/** Bytes before the texts' own in a tuple of the book. */
export function headLength(book: i32): usize {
  return ((<usize>load<u8>(texts + book)) << 2) + load<u8>(booleans + book);
}

/** Where a tuple of this length is to be written, for addTuple; 0 when it is longer than one may be. */
export function roomForTuple(length: usize): usize {
  return length <= TUPLE_BYTES_MAX && arenaUsed + length + 64 <= ARENA_BYTES
    ? arenaAt + arenaUsed
    : 0;
}

/** Takes the tuple of this length that was written at roomForTuple; its number. */
export function addTuple(book: i32, length: usize): u32 {
  const number = load<u32>(counts + ((<usize>book) << 2));
  const entry = listOf(book, 0) + ((<usize>number) << 2);
  store<u32>(entry, <u32>arenaUsed);
  store<u32>(entry + LIST_BYTES, 0);
  store<u32>(counts + ((<usize>book) << 2), number + 1);
  arenaUsed = (arenaUsed + length + 15) & ~(<usize>15);
  return number;
}

/** The position of a tuple in this batch. */
export function use(book: i32, number: u32): u32 {
  const entry = listOf(book, 1) + ((<usize>number) << 2);
  const known = load<u32>(entry);
  if (known != 0) return known - 1;
  const position = load<u32>(usedCounts + ((<usize>book) << 2));
  store<u32>(entry, position + 1);
  store<u32>(listOf(book, 2) + ((<usize>position) << 2), number);
  store<u32>(usedCounts + ((<usize>book) << 2), position + 1);
  return position;
}

/** Positions start again; numbers stay. */
export function startPositions(): void {
  for (let book = 0; book < BOOKS; book++) {
    const count = usedCount(book);
    for (let position: u32 = 0; position < count; position++) {
      store<u32>(listOf(book, 1) + ((<usize>usedNumber(book, position)) << 2), 0);
    }
    store<u32>(usedCounts + ((<usize>book) << 2), 0);
  }
}

/** Forgets all tuples: numbers start again. */
export function forgetTuples(): void {
  memory.fill(counts, 0, BOOKS * 4);
  memory.fill(usedCounts, 0, BOOKS * 4);
  arenaUsed = 0;
}

/** Whether `parts` of 4 of a book or the arena are taken, with what a row needs in reserve. */
export function tuplesAreCrowded(parts: u32): bool {
  if (arenaUsed + TUPLE_BYTES_MAX * 4 > (ARENA_BYTES >> 2) * parts) return true;
  for (let book = 0; book < BOOKS; book++) {
    const count = load<u32>(counts + ((<usize>book) << 2));
    if (count + TUPLES_OF_A_ROW > (TUPLES_MAX >> 2) * parts) return true;
  }
  return false;
}

/** Tuples used in this batch. */
export function usedCount(book: i32): u32 {
  return load<u32>(usedCounts + ((<usize>book) << 2));
}

function usedNumber(book: i32, position: u32): u32 {
  return load<u32>(listOf(book, 2) + ((<usize>position) << 2));
}

function listOf(book: i32, list: usize): usize {
  return booksAt + BOOK_BYTES * <usize>book + LIST_BYTES * list;
}

export function tupleAt(book: i32, number: u32): usize {
  return arenaAt + load<u32>(listOf(book, 0) + ((<usize>number) << 2));
}

/** Set by findText. */
export let textStart: usize = 0;
export let textLength: usize = 0;

/** Finds a text of a tuple; false when it is null. */
export function findText(book: i32, tuple: usize, text: i32): bool {
  const bytes = tuple + headLength(book);
  const end = load<i32>(tuple + ((<usize>text) << 2));
  if (end < 0) return false;
  let start: i32 = 0;
  if (text > 0) {
    start = load<i32>(tuple + ((<usize>(text - 1)) << 2));
    if (start < 0) start = ~start;
  }
  textStart = bytes + start;
  textLength = end - start;
  return true;
}

/** Bytes that writeTable may write. */
export function tableLength(book: i32): usize {
  const rows = <usize>usedCount(book);
  const columns = <usize>load<u8>(texts + book);
  return (
    (rows + 1) * columns * 5 + rows * load<u8>(booleans + book) * 2 + arenaUsed + columns * 32 + 64
  );
}

/**
 * Writes the used tuples by the column: for each text the offsets of its rows (rows + 1 of 32 bits); for
 * each text one byte a row (1 = not null); for each boolean one byte a row, then one more (1 = not null);
 * then, from a multiple of 16 on and with 16 bytes between them, the bytes of each text.
 */
export function writeTable(book: i32, at: usize): void {
  const rows = <usize>usedCount(book);
  const columns = <i32>load<u8>(texts + book);
  const offsetsStride = (rows + 1) << 2;
  const valids = at + offsetsStride * columns;
  writeOffsets(book, at, valids);
  writeBooleans(book, valids + rows * columns);
  let bytes = (valids + rows * columns + rows * load<u8>(booleans + book) * 2 + 15) & ~(<usize>15);
  for (let text = 0; text < columns; text++) {
    const offsets = at + offsetsStride * text;
    for (let row: usize = 0; row < rows; row++) {
      const tuple = tupleAt(book, usedNumber(book, <u32>row));
      if (findText(book, tuple, text)) {
        copyBytes(bytes + load<u32>(offsets + (row << 2)), textStart, textLength);
      }
    }
    bytes += load<u32>(offsets + (rows << 2)) + 16;
  }
}

function writeOffsets(book: i32, at: usize, valids: usize): void {
  const rows = <usize>usedCount(book);
  const columns = <i32>load<u8>(texts + book);
  for (let text = 0; text < columns; text++) {
    const offsets = at + ((rows + 1) << 2) * text;
    const valid = valids + rows * text;
    let end: u32 = 0;
    store<u32>(offsets, 0);
    for (let row: usize = 0; row < rows; row++) {
      const has = findText(book, tupleAt(book, usedNumber(book, <u32>row)), text);
      if (has) end += <u32>textLength;
      store<u8>(valid + row, has ? 1 : 0);
      store<u32>(offsets + (row << 2), end, 4);
    }
  }
}

function writeBooleans(book: i32, at: usize): void {
  const rows = <usize>usedCount(book);
  const skip = (<usize>load<u8>(texts + book)) << 2;
  for (let boolean: usize = 0; boolean < load<u8>(booleans + book); boolean++) {
    const data = at + rows * 2 * boolean;
    for (let row: usize = 0; row < rows; row++) {
      const value = load<u8>(tupleAt(book, usedNumber(book, <u32>row)) + skip + boolean);
      store<u8>(data + row, value == 1 ? 1 : 0);
      store<u8>(data + rows + row, value == 2 ? 0 : 1);
    }
  }
}
