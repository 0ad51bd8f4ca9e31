// Texts of rows: what JSON.parse would give of a string, and what JSON.stringify would write of a value.
// Neither is longer than its source, so room for that is enough.
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  copyBytes,
  equalBytes,
  equal32,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
} from './bytes';
import { codeUnit, endOfString } from './strings';
import { endOfDigits, isDigit, skipValue } from './values';

const DEPTH_MAX: i32 = 16;
/** Members of an object at most: each key is compared with those before it. */
const MEMBERS_MAX: i32 = 64;
/** Digits of a number that JavaScript surely writes as they are. */
const DIGITS_MAX: usize = 15;

// Members that columns hold: names with quotes, 32 bytes apart, and their lengths.
const HELD_MAX = 24;
const held = memory.data(24 * 32, 16);
const heldLengths = memory.data(24);
let heldCount = 0;

/** Where the caller writes the name of the next member, with its quotes, of at most 32 bytes. */
export function nextHeld(): usize {
  return heldCount < HELD_MAX ? held + (<usize>heldCount << 5) : 0;
}

export function addHeld(length: u32): void {
  store<u8>(heldLengths + heldCount++, <u8>length);
}

/** Writes the text of the string from p to end, quotes included there, to `to`; where it ends. */
export function writeText(to: usize, p: usize, end: usize): usize {
  p++;
  end--;
  while (p < end) {
    const stop = nextBackslash(p, end);
    copyBytes(to, p, stop - p);
    to += stop - p;
    p = stop;
    if (p < end) {
      to = writeEscaped(to, p, false);
      p += passed;
    }
  }
  return to;
}

/** The first backslash from p on; end when there is none. */
function nextBackslash(p: usize, end: usize): usize {
  const backslash = i8x16.splat(BACKSLASH);
  for (; p < end; p += 16) {
    const stops = i8x16.bitmask(i8x16.eq(v128.load(p), backslash));
    if (stops != 0) {
      p += ctz(stops);
      return p < end ? p : end;
    }
  }
  return end;
}

/** Bytes of the source that writeEscaped took. */
let passed: usize = 0;

/** Writes what the escape at p stands for, as text or as JSON has it; where it ends. */
function writeEscaped(to: usize, p: usize, json: bool): usize {
  const escaped = load<u8>(p, 1);
  passed = 2;
  if (escaped == 0x75) return writeUnit(to, p, json);
  if (escaped == 0x2f) return writeByte(to, escaped);
  if (json) {
    store<u8>(to, BACKSLASH);
    return writeByte(to + 1, escaped);
  }
  if (escaped == 0x62) return writeByte(to, 8);
  if (escaped == 0x66) return writeByte(to, 12);
  if (escaped == 0x6e) return writeByte(to, 10);
  if (escaped == 0x72) return writeByte(to, 13);
  if (escaped == 0x74) return writeByte(to, 9);
  return writeByte(to, escaped);
}

function writeUnit(to: usize, p: usize, json: bool): usize {
  const unit = codeUnit(p);
  passed = 6;
  if (unit >= 0xd800 && unit < 0xdc00 && load<u16>(p + 6) == 0x755c) {
    const low = codeUnit(p + 6);
    if (low >= 0xdc00 && low < 0xe000) {
      passed = 12;
      return writePoint(to, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
    }
  }
  // Half a pair has no UTF-8: JSON keeps its escape, a text gets U+FFFD.
  if (unit >= 0xd800 && unit < 0xe000) return json ? writeEscape(to, unit) : writePoint(to, 0xfffd);
  if (!json || (unit >= 0x20 && unit != QUOTE && unit != BACKSLASH)) return writePoint(to, unit);
  store<u8>(to, BACKSLASH);
  if (unit == QUOTE || unit == BACKSLASH) return writeByte(to + 1, <u8>unit);
  if (unit == 8) return writeByte(to + 1, 0x62);
  if (unit == 12) return writeByte(to + 1, 0x66);
  if (unit == 10) return writeByte(to + 1, 0x6e);
  if (unit == 13) return writeByte(to + 1, 0x72);
  if (unit == 9) return writeByte(to + 1, 0x74);
  return writeEscape(to, unit);
}

function writeByte(to: usize, byte: u8): usize {
  store<u8>(to, byte);
  return to + 1;
}

function writeEscape(to: usize, unit: u32): usize {
  store<u16>(to, 0x755c);
  for (let i: usize = 0; i < 4; i++) {
    const digit = (unit >> (12 - 4 * <u32>i)) & 15;
    store<u8>(to + 2 + i, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit));
  }
  return to + 6;
}

function writePoint(to: usize, point: u32): usize {
  if (point < 0x80) return writeByte(to, <u8>point);
  if (point < 0x800) {
    store<u8>(to, <u8>(0xc0 | (point >> 6)));
    return writeByte(to + 1, <u8>(0x80 | (point & 63)));
  }
  if (point < 0x10000) {
    store<u8>(to, <u8>(0xe0 | (point >> 12)));
    store<u8>(to + 1, <u8>(0x80 | ((point >> 6) & 63)));
    return writeByte(to + 2, <u8>(0x80 | (point & 63)));
  }
  store<u8>(to, <u8>(0xf0 | (point >> 18)));
  store<u8>(to + 1, <u8>(0x80 | ((point >> 12) & 63)));
  store<u8>(to + 2, <u8>(0x80 | ((point >> 6) & 63)));
  return writeByte(to + 3, <u8>(0x80 | (point & 63)));
}

// Where the keys of the objects that are open were written, by depth.
const keys = memory.data(16 * 64 * 8, 4);

/** Where the value that was written last ended in the source. */
let sourceEnd: usize = 0;

/**
 * Writes the valid JSON value at p as JSON.stringify would; where it ends. With `withoutHeld` an object goes
 * without the members that columns hold. 0 when only a full parser can: a key twice or one that is a number,
 * which JavaScript sorts, a number that it may write otherwise, too many members or levels.
 */
export function writeJson(to: usize, p: usize, withoutHeld: bool): usize {
  return writeValue(to, p, 0, withoutHeld);
}

function writeValue(to: usize, p: usize, depth: i32, withoutHeld: bool): usize {
  const first = load<u8>(p);
  if (first == QUOTE) return writeString(to, p);
  if (first == OPEN_BRACE) return depth < DEPTH_MAX ? writeObject(to, p, depth, withoutHeld) : 0;
  if (first == OPEN_BRACKET) return depth < DEPTH_MAX ? writeArray(to, p, depth) : 0;
  const end = endOfPlainScalar(p);
  if (end == 0) return 0;
  copyBytes(to, p, end - p);
  sourceEnd = end;
  return to + (end - p);
}

function writeString(to: usize, p: usize): usize {
  const end = endOfString(p);
  sourceEnd = end;
  store<u8>(to, QUOTE);
  to++;
  p++;
  while (true) {
    const stop = nextBackslash(p, end - 1);
    copyBytes(to, p, stop - p);
    to += stop - p;
    if (stop == end - 1) return writeByte(to, QUOTE);
    to = writeEscaped(to, stop, true);
    p = stop + passed;
  }
}

function writeObject(to: usize, p: usize, depth: i32, withoutHeld: bool): usize {
  to = writeByte(to, OPEN_BRACE);
  p = skipSpace(p + 1);
  let members = 0;
  if (load<u8>(p) == CLOSE_BRACE) {
    sourceEnd = p + 1;
    return writeByte(to, CLOSE_BRACE);
  }
  // Of all members, held ones too: a key twice means the later value.
  for (let seen = 0; seen < MEMBERS_MAX; seen++) {
    const start = members == 0 ? to : writeByte(to, COMMA);
    const next = writeString(start, p);
    // An escape may hide the name of a member that a column holds.
    if (withoutHeld && sourceEnd - p != next - start) return 0;
    if (isDigit(load<u8>(start, 1)) || !isNewKey(depth, seen, start, next)) return 0;
    const isHeld = withoutHeld && isHeldKey(p, sourceEnd - p);
    if (isHeld) store<u32>(keys + keyPlace(depth, seen), <u32>p);
    p = skipSpace(sourceEnd);
    if (isHeld) {
      sourceEnd = skipValue(skipSpace(p + 1), usize.MAX_VALUE);
    } else {
      to = writeValue(writeByte(next, COLON), skipSpace(p + 1), depth + 1, false);
      if (to == 0) return 0;
      members++;
    }
    p = skipSpace(sourceEnd);
    if (load<u8>(p) == CLOSE_BRACE) {
      sourceEnd = p + 1;
      return writeByte(to, CLOSE_BRACE);
    }
    p = skipSpace(p + 1);
  }
  return 0;
}

function isHeldKey(p: usize, length: usize): bool {
  if (length > 32) return false;
  for (let i = 0; i < heldCount; i++) {
    if (<usize>load<u8>(heldLengths + i) != length) continue;
    if (equal32(p, held + (<usize>i << 5), length)) return true;
  }
  return false;
}

function keyPlace(depth: i32, member: i32): usize {
  return ((<usize>depth * MEMBERS_MAX) << 3) + (<usize>member << 3);
}

/** Notes a key as written, unless the object has it already. */
function isNewKey(depth: i32, member: i32, key: usize, keyEnd: usize): bool {
  const length = <u32>(keyEnd - key);
  for (let before = 0; before < member; before++) {
    const other = keys + keyPlace(depth, before);
    if (load<u32>(other, 4) == length && equalBytes(load<u32>(other), key, length)) return false;
  }
  const own = keys + keyPlace(depth, member);
  store<u32>(own, <u32>key);
  store<u32>(own, length, 4);
  return true;
}

function writeArray(to: usize, p: usize, depth: i32): usize {
  to = writeByte(to, OPEN_BRACKET);
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACKET) {
    sourceEnd = p + 1;
    return writeByte(to, CLOSE_BRACKET);
  }
  while (true) {
    to = writeValue(to, p, depth + 1, false);
    if (to == 0) return 0;
    p = skipSpace(sourceEnd);
    if (load<u8>(p) == CLOSE_BRACKET) {
      sourceEnd = p + 1;
      return writeByte(to, CLOSE_BRACKET);
    }
    to = writeByte(to, COMMA);
    p = skipSpace(p + 1);
  }
}

/** The end of true, false, null, or of a number that JavaScript writes as it is; 0 for other numbers. */
export function endOfPlainScalar(p: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4;
  if (word == 0x736c6166) return p + 5;
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  const start = p;
  p = endOfDigits(p);
  const whole = p - start;
  const isZero = load<u8>(start) == 0x30;
  let fraction: usize = 0;
  if (load<u8>(p) == 0x2e) {
    const from = p + 1;
    p = endOfDigits(from);
    fraction = p - from;
    // 0.50 is written 0.5, and 0.0000001 as 1e-7.
    if (load<u8>(p - 1) == 0x30 || (isZero && load<u8>(from) == 0x30)) return 0;
  }
  if ((load<u8>(p) | 0x20) == 0x65 || whole + fraction > DIGITS_MAX) return 0;
  return negative && isZero && fraction == 0 ? 0 : p;
}
