// The end of any JSON value.
import {
  BROKEN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
} from './bytes';
import { skipNested } from './nested';
import { endOfString } from './strings';

/** Deeper values are left to the plain reader. */
const DEPTH_MAX: i32 = 64;

/**
 * The position after the value that begins at p, or BROKEN. What is inside of an object or array is not
 * validated: see endOfValue.
 */
export function skipValue(p: usize, end: usize): usize {
  const first = load<u8>(p);
  if (first == QUOTE) {
    const next = endOfString(p);
    return next <= end ? next : BROKEN;
  }
  // '[' has one bit less than '{'.
  if ((first | 0x20) == OPEN_BRACE) return skipNested(p, end);
  return endOfScalar(p);
}

/** The same, all of it validated; BROKEN also when it is nested too deeply. */
export function endOfValue(p: usize, depth: i32): usize {
  const first = load<u8>(p);
  if (first == QUOTE) return endOfString(p);
  if (first == OPEN_BRACE) return depth < DEPTH_MAX ? endOfObject(p, depth) : BROKEN;
  if (first == OPEN_BRACKET) return depth < DEPTH_MAX ? endOfArray(p, depth) : BROKEN;
  return endOfScalar(p);
}

function endOfObject(p: usize, depth: i32): usize {
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) return p + 1;
  while (true) {
    if (load<u8>(p) != QUOTE) return BROKEN;
    p = endOfString(p);
    if (p == BROKEN) return BROKEN;
    p = skipSpace(p);
    if (load<u8>(p) != COLON) return BROKEN;
    p = endOfValue(skipSpace(p + 1), depth + 1);
    if (p == BROKEN) return BROKEN;
    p = skipSpace(p);
    const after = load<u8>(p);
    if (after == CLOSE_BRACE) return p + 1;
    if (after != COMMA) return BROKEN;
    p = skipSpace(p + 1);
  }
}

function endOfArray(p: usize, depth: i32): usize {
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACKET) return p + 1;
  while (true) {
    p = endOfValue(p, depth + 1);
    if (p == BROKEN) return BROKEN;
    p = skipSpace(p);
    const after = load<u8>(p);
    if (after == CLOSE_BRACKET) return p + 1;
    if (after != COMMA) return BROKEN;
    p = skipSpace(p + 1);
  }
}

/** The position after the number, true, false or null at p. */
export function endOfScalar(p: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4; // true, null
  if (word == 0x736c6166 && load<u8>(p, 4) == 0x65) return p + 5; // false
  if (load<u8>(p) == 0x2d) p++;
  const first = load<u8>(p);
  if (!isDigit(first)) return BROKEN;
  p = first == 0x30 ? p + 1 : endOfDigits(p);
  if (load<u8>(p) == 0x2e) {
    if (!isDigit(load<u8>(p, 1))) return BROKEN;
    p = endOfDigits(p + 1);
  }
  if ((load<u8>(p) | 0x20) == 0x65) {
    p++;
    const sign = load<u8>(p);
    if (sign == 0x2b || sign == 0x2d) p++;
    if (!isDigit(load<u8>(p))) return BROKEN;
    p = endOfDigits(p);
  }
  return p;
}

export function endOfDigits(p: usize): usize {
  while (isDigit(load<u8>(p))) p++;
  return p;
}

export function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) <= 9;
}
