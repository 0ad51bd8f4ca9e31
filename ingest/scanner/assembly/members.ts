// A few members of an object, found by name.
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, equal32, OPEN_BRACE, QUOTE, skipSpace } from './bytes';
import { clearEscape, endOfString, sawEscape } from './strings';
import { skipValue } from './values';

const MEMBERS_MAX = 16;
// Names with their quotes, 32 bytes apart, and their lengths: a list of names for each kind of object.
const LIST_BYTES: usize = MEMBERS_MAX * 32;
const names = memory.data(7 * 16 * 32);
const lengths = memory.data(7 * 16);
const counts = memory.data(7);
// Start and end of each value that readMembers found; start 0: not there.
const spans = memory.data(16 * 8);

/** Adds a name of at most 30 characters to a list (0 to 6): its number in the list. */
export function addMember(list: i32, name: string): i32 {
  const number = <i32>load<u8>(counts + list);
  const at = names + LIST_BYTES * list + (<usize>number << 5);
  store<u8>(at, QUOTE);
  for (let i = 0; i < name.length; i++) store<u8>(at + 1 + i, <u8>name.charCodeAt(i));
  store<u8>(at + 1 + name.length, QUOTE);
  store<u8>(lengths + MEMBERS_MAX * list + number, <u8>(name.length + 2));
  store<u8>(counts + list, <u8>(number + 1));
  return number;
}

/**
 * Finds the members of a list in the object at p. False when it is no object, or when only a full parser
 * can tell: one of them twice, a key with an escape, broken text.
 */
export function readMembers(list: i32, p: usize, end: usize): bool {
  const count = <i32>load<u8>(counts + list);
  memory.fill(spans, 0, <usize>count << 3);
  if (load<u8>(p) != OPEN_BRACE) return false;
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) return true;
  while (p < end) {
    if (load<u8>(p) != QUOTE) return false;
    clearEscape();
    const keyEnd = endOfString(p + 1) + 1;
    if (sawEscape) return false;
    const member = memberOf(list, count, p, keyEnd - p);
    p = skipSpace(keyEnd);
    if (load<u8>(p) != COLON) return false;
    const start = skipSpace(p + 1);
    p = skipValue(start, end);
    if (p == 0) return false;
    if (member >= 0) {
      const span = spans + (<usize>member << 3);
      if (load<u32>(span) != 0) return false;
      store<u32>(span, <u32>start);
      store<u32>(span, <u32>p, 4);
    }
    p = skipSpace(p);
    if (load<u8>(p) == CLOSE_BRACE) return true;
    if (load<u8>(p) != COMMA) return false;
    p = skipSpace(p + 1);
  }
  return false;
}

function memberOf(list: i32, count: i32, p: usize, length: usize): i32 {
  for (let i = 0; i < count; i++) {
    if (<usize>load<u8>(lengths + MEMBERS_MAX * list + i) != length) continue;
    if (equal32(p, names + LIST_BYTES * list + (<usize>i << 5), length)) return i;
  }
  return -1;
}

/** Where the member's value begins; 0 when it is not there. */
export function memberStart(member: i32): usize {
  return load<u32>(spans + (<usize>member << 3));
}

export function memberEnd(member: i32): usize {
  return load<u32>(spans + (<usize>member << 3), 4);
}

/** Whether the value from p to end is a string of at least one character, all ASCII and none escaped. */
export function isPlainAscii(p: usize, end: usize): bool {
  if (end - p < 3 || load<u8>(p) != QUOTE) return false;
  return isPlain(p + 1, end - 1, true);
}

/** Whether the value from p to end is a string without a backslash or a control character. */
export function isPlainString(p: usize, end: usize): bool {
  return end - p >= 2 && load<u8>(p) == QUOTE && isPlain(p + 1, end - 1, false);
}

function isPlain(p: usize, end: usize, ascii: bool): bool {
  const backslash = i8x16.splat(BACKSLASH);
  // Signed: all bytes from 0x80 on are below the space too.
  const space = i8x16.splat(0x20);
  for (; p < end; p += 16) {
    const bytes = v128.load(p);
    const low = ascii ? i8x16.lt_s(bytes, space) : i8x16.lt_u(bytes, space);
    const inside: u32 = end - p < 16 ? ((<u32>1) << (<u32>(end - p))) - 1 : 0xffff;
    if (i8x16.bitmask(v128.or(low, i8x16.eq(bytes, backslash))) & inside) return false;
  }
  return true;
}
