// Shapes: what rules need to know of a value that is ever new. A shape is the value's JSON in which each text
// is replaced by a mark that says which text it was; of an ARN the part up to its first slash stays. Rules are
// asked about the shape, and where their answer has a mark, a template puts the text in for each row.
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  copyBytes,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
} from './bytes';
import { codeOf, TEXT_MAX } from './dictionary';
import { allocate } from './memory';
import { endOfString } from './strings';
import { endOfScalar, skipValue } from './values';

const DEPTH_MAX: i32 = 8;
const TEXTS_MAX: i32 = 99;
const SLASH: u8 = 0x2f;

const room: usize = allocate(TEXT_MAX);
const limit: usize = room + TEXT_MAX - 128;
let to: usize = 0;
let mark: i32 = 0;
let index: i32 = 0;

/** The code of the shape of the valid value from p to end; 0 when the plain reader must judge it. */
export function shapeOf(fact: i32, p: usize, end: usize, ofMark: i32): u32 {
  to = room;
  mark = ofMark;
  index = 0;
  if (shape(p, 0) != end) return 0;
  return codeOf(fact, room, to - room);
}

/** The position after the value at p, whose shape is written then; 0 when it has none. */
function shape(p: usize, depth: i32): usize {
  if (to > limit) return 0;
  const first = load<u8>(p);
  if (first == QUOTE) return shapeOfText(p);
  if (first == OPEN_BRACE || first == OPEN_BRACKET) {
    return depth < DEPTH_MAX ? shapeOfMembers(p, depth, first == OPEN_BRACE) : 0;
  }
  const end = endOfScalar(p);
  return put(p, end - p) ? end : 0;
}

function shapeOfMembers(p: usize, depth: i32, isObject: bool): usize {
  const close = isObject ? CLOSE_BRACE : CLOSE_BRACKET;
  putByte(load<u8>(p));
  p = skipSpace(p + 1);
  while (load<u8>(p) != close) {
    if (isObject) {
      const end = endOfString(p);
      if (!put(p, end - p)) return 0;
      p = skipSpace(end) + 1;
      putByte(COLON);
      p = skipSpace(p);
    }
    p = shape(p, depth + 1);
    if (p == 0) return 0;
    p = skipSpace(p);
    if (load<u8>(p) == COMMA) {
      putByte(COMMA);
      p = skipSpace(p + 1);
    }
  }
  putByte(close);
  return p + 1;
}

function shapeOfText(p: usize): usize {
  const end = endOfString(p);
  const kept = keptOf(p, end);
  if (kept == 0 || index == TEXTS_MAX || !put(p, kept - p)) return 0;
  // An ARN without a slash stays whole, and an empty text empty.
  if (kept != end - 1) putMark();
  putByte(QUOTE);
  index++;
  return end;
}

/** Up to where the text from p to end stays; 0 when an escape is in the way. */
function keptOf(p: usize, end: usize): usize {
  const last = end - 1;
  const first = p + 1;
  for (let i = first; i < first + 4 && i < last; i++) {
    // \u0061rn: is an ARN too.
    if (load<u8>(i) == BACKSLASH) return load<u8>(i, 1) == 0x75 ? 0 : first;
  }
  if (last - first < 4 || load<u32>(first) != 0x3a6e7261) return last == first ? last : first; // arn:
  for (let i = first; i < last; i++) {
    const byte = load<u8>(i);
    if (byte == SLASH) return i + 1;
    if (byte == BACKSLASH) return 0;
  }
  return last;
}

function putMark(): void {
  putZero();
  putByte(<u8>(0x30 + mark));
  putByte(0x2e);
  putByte(<u8>(0x30 + index / 10));
  putByte(<u8>(0x30 + (index % 10)));
  putZero();
}

/** A zero as JSON has it. */
function putZero(): void {
  store<u16>(to, 0x755c);
  store<u32>(to + 2, 0x30303030);
  to += 6;
}

function putByte(byte: u8): void {
  store<u8>(to++, byte);
}

function put(p: usize, length: usize): bool {
  if (to + length > limit) return false;
  copyBytes(to, p, length);
  to += length;
  return true;
}

/** Set by findText: the byte before what a mark stands for, and the byte behind its closing quote. */
export let textAt: usize = 0;
export let textEnd: usize = 0;

/** Finds the text of this index in the valid value at p. */
export function findText(p: usize, wanted: i32): bool {
  index = wanted;
  textAt = 0;
  find(p);
  return textAt != 0;
}

function find(p: usize): usize {
  const first = load<u8>(p);
  if (first == QUOTE) {
    const end = endOfString(p);
    if (index-- == 0) {
      textAt = keptOf(p, end) - 1;
      textEnd = end;
    }
    return end;
  }
  if (first != OPEN_BRACE && first != OPEN_BRACKET) return skipValue(p, usize.MAX_VALUE);
  const close = first == OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
  p = skipSpace(p + 1);
  while (load<u8>(p) != close && textAt == 0) {
    if (first == OPEN_BRACE) p = skipSpace(skipSpace(endOfString(p)) + 1);
    p = skipSpace(find(p));
    if (load<u8>(p) == COMMA) p = skipSpace(p + 1);
  }
  return p + 1;
}

