// Tuples that the scanner makes itself, text by text.
import { addTuple, headLength, roomForTuple, TUPLE_BYTES_MAX } from './tuples';
import { copyBytes } from './bytes';

let book: i32 = 0;
let at: usize = 0;
let bytesAt: usize = 0;
let end: usize = 0;
let text: usize = 0;

/** Begins a tuple whose texts have no more than so many bytes; false when it cannot be kept. */
export function beginTuple(ofBook: i32, bytes: usize): bool {
  if (bytes > TUPLE_BYTES_MAX / 2) return false;
  book = ofBook;
  const head = headLength(book);
  at = roomForTuple(head + bytes);
  bytesAt = at + head;
  end = 0;
  text = 0;
  return at != 0;
}

export function nextText(from: usize, length: usize): void {
  copyBytes(bytesAt + end, from, length);
  end += length;
  store<u32>(at + text, <u32>end);
  text += 4;
}

export function nextNull(): void {
  store<u32>(at + text, ~(<u32>end));
  text += 4;
}

/** Behind the texts: the tuple's one boolean. */
export function nextBoolean(value: u8): void {
  store<u8>(at + text, value);
}

/** The number of the tuple. */
export function endTuple(): u32 {
  return addTuple(book, bytesAt - at + end);
}
