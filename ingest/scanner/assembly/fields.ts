// Which top-level field a key names.
import { fieldNames } from '../row-layout';
import { equal32 } from './bytes';

export const FIELDS: i32 = 30;
/** The number of a key that is no known field; it has a place in `nextField` too. */
export const UNKNOWN: i32 = 30;
/** "The field before the first", for `nextField`. */
export const NO_FIELD: i32 = 31;

// Each name with its quotes, 32 bytes apart, and its length with quotes.
const names = memory.data(32 * 32, 16);
const lengths = memory.data(32);
// Hash table: number + 1 at a slot, 0 = free.
const SLOTS: u32 = 128;
const slots = memory.data(128);
// The field that last followed each field: records of one kind list their fields in one order.
const successors = memory.data(32);

for (let field = 0; field < FIELDS; field++) {
  const name = fieldNames[field];
  const at = names + ((<usize>field) << 5);
  store<u8>(at, 0x22);
  for (let i = 0; i < name.length; i++) store<u8>(at + 1 + i, <u8>name.charCodeAt(i));
  store<u8>(at + 1 + name.length, 0x22);
  store<u8>(lengths + field, <u8>(name.length + 2));
  let slot = slotOf(at, name.length + 2);
  while (load<u8>(slots + slot) != 0) slot = (slot + 1) & (SLOTS - 1);
  store<u8>(slots + slot, <u8>(field + 1));
}

/** Length of the field's name with its quotes. */
export function keyLength(field: i32): usize {
  return load<u8>(lengths + field);
}

/** The field that followed `previous` the last time. */
export function nextField(previous: i32): i32 {
  return load<u8>(successors + previous);
}

export function learnNext(previous: i32, field: i32): void {
  store<u8>(successors + previous, <u8>field);
}

/** Whether the text at p is this field's name in quotes. */
export function keyIs(p: usize, field: i32): bool {
  return equal32(p, names + ((<usize>field) << 5), keyLength(field));
}

/** The field whose name is the key at p, `length` bytes with its quotes and without escapes. */
export function fieldOf(p: usize, length: usize): i32 {
  if (length < 9 || length > 30) return UNKNOWN; // "eventID" to "sessionCredentialFromConsole"
  let slot = slotOf(p, <i32>length);
  while (true) {
    const field = <i32>load<u8>(slots + slot) - 1;
    if (field < 0) return UNKNOWN;
    if (keyLength(field) == length && keyIs(p, field)) return field;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

// The first letters are much alike ("event"); the last four and the length tell names apart.
function slotOf(p: usize, length: i32): u32 {
  return ((load<u32>(p + length - 5) * 0x9e3779b1) >> 25) ^ ((<u32>length) & (SLOTS - 1));
}
