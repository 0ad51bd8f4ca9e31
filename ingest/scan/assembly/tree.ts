// One record: the spans of the members that are known by name, wherever the tree of paths has them.
import { paths } from '../../facts';
import { BROKEN, CLOSE_BRACE, COLON, COMMA, equal32, OPEN_BRACE, QUOTE, skipSpace } from './bytes';
import { clearEscape, endOfString, sawEscape } from './strings';
import { endOfValue, skipValue } from './values';

const NAMES_MAX = 112;
/** The number of a name that is not known, in the tables of successors. */
const UNKNOWN: i32 = 127;
const NODES_MAX = 16;

// By the number of a path: its last name with quotes, 32 bytes apart; its length; the object that it is in
// (0: the record) and, where it has members itself, the number of that object.
const names = memory.data(112 * 32, 16);
const lengths = memory.data(112);
const nodes = memory.data(112);
const children = memory.data(112);
// Number of a path + 1 at a slot, 0 = free.
const SLOTS: u32 = 512;
const slots = memory.data(512);
// By object and name: the name that followed the last time; records of one kind list their members in one
// order. 127 in the place of a name: the first of the object, or one after an unknown name.
const successors = memory.data(16 * 128);

// Of the record at hand, by the number of a path: where its value begins and ends, and in which record it was
// last seen, so that nothing is cleared.
const spans = memory.data(112 * 8, 8);
const seenIn = memory.data(112 * 4, 4);
let record: u32 = 0;

/** Set when only a full parser can judge the record: a key with an escape, or a known key twice. */
export let ambiguous: bool = false;

memory.fill(successors, <u8>UNKNOWN, 16 * 128);
let nodeCount = 1;
for (let path = 0; path < paths.length; path++) addPath(path, paths[path]);

function addPath(path: i32, text: string): void {
  let node = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) != 0x2e) continue;
    node = childOf(numberOf(text.substring(0, i)));
    from = i + 1;
  }
  const at = names + ((<usize>path) << 5);
  const length = text.length - from + 2;
  if (path >= NAMES_MAX || length > 32 || length < 5) unreachable();
  store<u8>(at, QUOTE);
  for (let i = from; i < text.length; i++) store<u8>(at + 1 + i - from, <u8>text.charCodeAt(i));
  store<u8>(at + length - 1, QUOTE);
  store<u8>(lengths + path, <u8>length);
  store<u8>(nodes + path, <u8>node);
  let slot = slotOf(node, at, length);
  while (load<u8>(slots + slot) != 0) slot = (slot + 1) & (SLOTS - 1);
  store<u8>(slots + slot, <u8>(path + 1));
}

function numberOf(text: string): i32 {
  for (let path = 0; path < paths.length; path++) if (paths[path] == text) return path;
  return unreachable();
}

function childOf(path: i32): i32 {
  if (load<u8>(children + path) == 0) {
    if (nodeCount == NODES_MAX) unreachable();
    store<u8>(children + path, <u8>(nodeCount++));
  }
  return load<u8>(children + path);
}

// The last four letters and the length tell names apart.
function slotOf(node: i32, p: usize, length: i32): u32 {
  const mixed = (load<u32>(p + length - 5) * 0x9e3779b1) >> 23;
  return (mixed ^ (<u32>length) ^ (<u32>node * 37)) & (SLOTS - 1);
}

/** The path whose last name is the key at p, `length` bytes with its quotes, in an object of the tree. */
function nameAt(node: i32, p: usize, length: usize): i32 {
  if (length < 5 || length > 32) return UNKNOWN;
  let slot = slotOf(node, p, <i32>length);
  while (true) {
    const path = <i32>load<u8>(slots + slot) - 1;
    if (path < 0) return UNKNOWN;
    if (load<u8>(nodes + path) == <u8>node && isKey(p, path, length)) return path;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

function isKey(p: usize, path: i32, length: usize): bool {
  return (
    <usize>load<u8>(lengths + path) == length && equal32(p, names + ((<usize>path) << 5), length)
  );
}

export function has(path: i32): bool {
  return load<u32>(seenIn + ((<usize>path) << 2)) == record;
}

export function valueStart(path: i32): usize {
  return load<u32>(spans + ((<usize>path) << 3));
}

export function valueEnd(path: i32): usize {
  return load<u32>(spans + ((<usize>path) << 3), 4);
}

/**
 * Walks the record that opens at p and notes its own members. Returns the position after it, or BROKEN.
 * Texts and numbers are validated; objects and arrays are only passed over until walkInto.
 */
export function walkRecord(p: usize, end: usize): usize {
  record++;
  ambiguous = false;
  return walk(0, p, end);
}

/** Walks into the value of a member, which is validated. False when it is not valid. */
export function walkInto(path: i32): bool {
  if (!has(path)) return true;
  const p = valueStart(path);
  const node = <i32>load<u8>(children + path);
  const end = valueEnd(path);
  const isObject = node != 0 && load<u8>(p) == OPEN_BRACE;
  return (isObject ? walk(node, p, end) : endOfValue(p, 0)) == end;
}

function walk(node: i32, p: usize, end: usize): usize {
  const followers = successors + ((<usize>node) << 7);
  let previous = UNKNOWN;
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) return p + 1;
  while (p < end) {
    let path = <i32>load<u8>(followers + previous);
    const length: usize = path == UNKNOWN ? 0 : load<u8>(lengths + path);
    if (length != 0 && equal32(p, names + ((<usize>path) << 5), length)) {
      p += length;
    } else {
      if (load<u8>(p) != QUOTE) return BROKEN;
      clearEscape();
      const keyEnd = endOfString(p);
      if (keyEnd == BROKEN) return BROKEN;
      if (sawEscape) ambiguous = true;
      path = nameAt(node, p, keyEnd - p);
      store<u8>(followers + previous, <u8>path);
      p = keyEnd;
    }
    previous = path;
    if (load<u8>(p) != COLON) {
      p = skipSpace(p);
      if (load<u8>(p) != COLON) return BROKEN;
    }
    const start = skipSpace(p + 1);
    p = walkValue(node, path, start, end);
    if (p == BROKEN) return BROKEN;
    if (path != UNKNOWN) note(path, start, p);
    p = skipSpace(p);
    const after = load<u8>(p);
    p++;
    if (after == CLOSE_BRACE) return p <= end ? p : BROKEN;
    if (after != COMMA) return BROKEN;
    p = skipSpace(p);
  }
  return BROKEN;
}

function walkValue(node: i32, path: i32, start: usize, end: usize): usize {
  if (node == 0) return skipValue(start, end);
  const child = path == UNKNOWN ? 0 : <i32>load<u8>(children + path);
  if (child != 0 && load<u8>(start) == OPEN_BRACE) return walk(child, start, end);
  return endOfValue(start, 0);
}

function note(path: i32, start: usize, end: usize): void {
  const seen = seenIn + ((<usize>path) << 2);
  if (load<u32>(seen) == record) ambiguous = true;
  store<u32>(seen, record);
  const span = spans + ((<usize>path) << 3);
  store<u32>(span, <u32>start);
  store<u32>(span, <u32>end, 4);
}
