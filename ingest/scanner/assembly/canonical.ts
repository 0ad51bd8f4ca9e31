// JSON text that is written as JSON.stringify would write what JSON.parse reads: such text can be kept as it
// is. Other text may well be such too: only the plain forms are told here.
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  equalBytes,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from './bytes';
import { isPlainString } from './members';
import { endOfString } from './strings';

const DEPTH_MAX: i32 = 8;
/** Members of an object at most: each key is compared with those before it. */
const MEMBERS_MAX: i32 = 16;
/** Digits of a number that it keeps. */
const DIGITS_MAX: usize = 15;

// Start and end of the keys of the objects that are open, by depth.
const keys = memory.data(8 * 16 * 8);

/** Whether the value from p to end is such text. */
export function isCanonical(p: usize, end: usize): bool {
  return endOfValue(p, 0) == end;
}

/** The position after the value at p; 0 when it is not of the plain forms. */
function endOfValue(p: usize, depth: i32): usize {
  const first = load<u8>(p);
  if (first == QUOTE) return endOfPlainString(p);
  if (first == OPEN_BRACE) return depth < DEPTH_MAX ? endOfObject(p, depth) : 0;
  if (first == OPEN_BRACKET) return depth < DEPTH_MAX ? endOfArray(p, depth) : 0;
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4; // true, null
  if (word == 0x736c6166 && load<u8>(p, 4) == 0x65) return p + 5; // false
  return endOfInteger(p);
}

function endOfPlainString(p: usize): usize {
  const end = endOfString(p + 1) + 1;
  return isPlainString(p, end) ? end : 0;
}

function endOfObject(p: usize, depth: i32): usize {
  if (load<u8>(p, 1) == CLOSE_BRACE) return p + 2;
  for (let member = 0; member < MEMBERS_MAX; member++) {
    const key = p + 1;
    if (load<u8>(key) != QUOTE) return 0;
    const keyEnd = endOfPlainString(key);
    // JavaScript puts keys that are numbers first.
    if (keyEnd == 0 || isDigit(load<u8>(key, 1)) || !isNewKey(depth, member, key, keyEnd)) return 0;
    if (load<u8>(keyEnd) != COLON) return 0;
    p = endOfValue(keyEnd + 1, depth + 1);
    if (p == 0) return 0;
    const after = load<u8>(p);
    if (after == CLOSE_BRACE) return p + 1;
    if (after != COMMA) return 0;
  }
  return 0;
}

function endOfArray(p: usize, depth: i32): usize {
  if (load<u8>(p, 1) == CLOSE_BRACKET) return p + 2;
  while (true) {
    p = endOfValue(p + 1, depth + 1);
    if (p == 0) return 0;
    const after = load<u8>(p);
    if (after == CLOSE_BRACKET) return p + 1;
    if (after != COMMA) return 0;
  }
}

/** Notes a key, unless the object has it already. */
function isNewKey(depth: i32, member: i32, key: usize, keyEnd: usize): bool {
  const own = keys + ((<usize>depth) << 7);
  for (let before = 0; before < member; before++) {
    const other = <usize>load<u32>(own + ((<usize>before) << 3));
    const otherEnd = <usize>load<u32>(own + ((<usize>before) << 3), 4);
    if (otherEnd - other == keyEnd - key && equalBytes(other, key, keyEnd - key)) return false;
  }
  store<u32>(own + ((<usize>member) << 3), <u32>key);
  store<u32>(own + ((<usize>member) << 3), <u32>keyEnd, 4);
  return true;
}

/** An integer as JavaScript writes it; what follows it is for the caller to judge. */
function endOfInteger(p: usize): usize {
  const negative = load<u8>(p) == 0x2d;
  if (negative) p++;
  const start = p;
  while (isDigit(load<u8>(p))) p++;
  if (p == start || p - start > DIGITS_MAX) return 0;
  if (load<u8>(start) == 0x30 && (p - start > 1 || negative)) return 0;
  return p;
}

function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) <= 9;
}
