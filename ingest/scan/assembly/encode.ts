// Rows to columns, after the rules were asked about the combinations that are new.
import { ADDRESSES, CALLS, SUBJECTS } from '../../facts';
import {
  FLAG_ADDRESS,
  FLAG_PARAMETERS_HELD,
  FLAG_UNUSUAL,
  KIND_KMS,
  KIND_RELATED,
  KIND_UNUSUAL,
  MARK_CONTEXT,
  MARK_KEY,
  RELATED_JSON_MAX,
  RELATED_TEXTS,
  ROW_ENTRIES,
  ROW_KIND,
  ROW_TEXTS,
  ROW_TIME,
  SUMMARY_EVENT_MAX,
  SUMMARY_EVENT_MIN,
  SUMMARY_OTHER,
  SUMMARY_UNUSUAL,
  TEXT_CONTEXT,
  TEXT_KEY,
  TEXT_MESSAGE,
  TEXT_PARAMETERS,
  TEXT_REQUEST_ID,
  TEXT_RESOURCES,
  TEXT_RESPONSE,
  TEXT_SOURCE,
  WAITING_ROWS,
} from '../layout';
import { copyBytes, QUOTE } from './bytes';
import { flagsOf, templateOf } from './combinations';
import { put, ROW_BYTES, rows, rowsAt, summary } from './scan';
import { findText, textAt, textEnd } from './shape';
import { endOfPlainScalar, writeJson, writeText } from './texts';
import { endEvent, endRelated, endText, events, related, roomForText, setNull } from './waiting';

const DONE: i32 = 0;
const FULL: i32 = 1;
const UNUSUAL: i32 = 2;

/** Encodes the rows of the last scan from this one on; the row where the columns were full. */
export function encode(row: u32): u32 {
  if (row == 0) {
    put(SUMMARY_EVENT_MIN, i32.MAX_VALUE);
    put(SUMMARY_EVENT_MAX, i32.MIN_VALUE);
  }
  for (; row < rows; row++) {
    const at = rowsAt + <usize>row * ROW_BYTES;
    const kind = load<u32>(at + (ROW_KIND << 2));
    let done = UNUSUAL;
    if (kind == KIND_KMS) done = encodeEvent(at);
    else if (kind == KIND_RELATED) done = encodeRelated(at);
    if (done == FULL) {
      if (events + related > 0) return row;
      // It has no room even in empty columns.
      done = UNUSUAL;
    }
    if (done == UNUSUAL) {
      if (kind == KIND_RELATED) put(SUMMARY_OTHER, summary(SUMMARY_OTHER) - 1);
      store<u32>(at + (ROW_KIND << 2), KIND_UNUSUAL);
      put(SUMMARY_UNUSUAL, summary(SUMMARY_UNUSUAL) + 1);
    }
  }
  return row;
}

function encodeEvent(row: usize): i32 {
  if (events == WAITING_ROWS) return FULL;
  const call = load<u32>(row + ((ROW_ENTRIES + CALLS) << 2));
  const flags = flagsOf(CALLS, call);
  if (flags & FLAG_UNUSUAL) return UNUSUAL;
  const isHeld = (flags & FLAG_PARAMETERS_HELD) != 0;
  let done = setText(0, row, TEXT_MESSAGE);
  if (done == DONE) done = setJson(1, row, TEXT_CONTEXT, false, true, 0);
  if (done == DONE) done = setTemplate(2, row, templateOf(CALLS, call));
  if (done == DONE) done = setJson(3, row, TEXT_PARAMETERS, isHeld, false, 0);
  if (done == DONE) done = setJson(4, row, TEXT_RESPONSE, false, false, 0);
  if (done != DONE) return done;
  setNull(5);
  setNull(6);
  setNull(7);
  endEvent(row);
  const time = <i32>load<i64>(row + (ROW_TIME << 2));
  if (time < summary(SUMMARY_EVENT_MIN)) put(SUMMARY_EVENT_MIN, time);
  if (time > summary(SUMMARY_EVENT_MAX)) put(SUMMARY_EVENT_MAX, time);
  return DONE;
}

function encodeRelated(row: usize): i32 {
  if (related == WAITING_ROWS) return FULL;
  const subject = load<u32>(row + ((ROW_ENTRIES + 1) << 2));
  const address = load<u32>(row + ((ROW_ENTRIES + 2) << 2));
  if (flagsOf(SUBJECTS, subject) & FLAG_UNUSUAL) return UNUSUAL;
  let done = DONE;
  if (flagsOf(ADDRESSES, address) & FLAG_ADDRESS) done = setText(RELATED_TEXTS, row, TEXT_SOURCE);
  else setNull(RELATED_TEXTS);
  if (done == DONE) done = setText(RELATED_TEXTS + 1, row, TEXT_SOURCE);
  if (done == DONE) done = setText(RELATED_TEXTS + 2, row, TEXT_REQUEST_ID);
  if (done == DONE) done = setTemplate(RELATED_TEXTS + 3, row, templateOf(SUBJECTS, subject));
  if (done == DONE) {
    done = setJson(RELATED_TEXTS + 4, row, TEXT_PARAMETERS, false, true, RELATED_JSON_MAX);
  }
  if (done == DONE) {
    done = setJson(RELATED_TEXTS + 5, row, TEXT_RESPONSE, false, true, RELATED_JSON_MAX);
  }
  if (done != DONE) return done;
  setNull(RELATED_TEXTS + 6);
  endRelated(row);
  return DONE;
}

function textStart(row: usize, text: i32): usize {
  return load<u32>(row + ((ROW_TEXTS + 2 * text) << 2));
}

function textLast(row: usize, text: i32): usize {
  return load<u32>(row + ((ROW_TEXTS + 2 * text + 1) << 2));
}

/** A text or a number as text; an empty text and all else are null. */
function setText(column: i32, row: usize, text: i32): i32 {
  const start = textStart(row, text);
  const end = textLast(row, text);
  const first = start == 0 ? 0 : load<u8>(start);
  const isText = first == QUOTE && end - start > 2;
  const isNumber = <u8>(first - 0x30) <= 9 || first == 0x2d;
  if (!isText && !isNumber) {
    setNull(column);
    return DONE;
  }
  if (isNumber && endOfPlainScalar(start) != end) return UNUSUAL;
  const to = roomForText(column, end - start);
  if (to == 0) return FULL;
  if (isText) {
    endText(column, writeText(to, start, end) - to);
  } else {
    copyBytes(to, start, end - start);
    endText(column, end - start);
  }
  return DONE;
}

/**
 * JSON, or null for null; an object without members is null too unless it is `kept`. With a `longest` of UTF-16
 * units longer JSON is null.
 */
function setJson(
  column: i32,
  row: usize,
  text: i32,
  withoutHeld: bool,
  kept: bool,
  longest: usize,
): i32 {
  const start = textStart(row, text);
  if (start == 0 || load<u8>(start) == 0x6e) {
    setNull(column);
    return DONE;
  }
  const to = roomForText(column, textLast(row, text) - start);
  if (to == 0) return FULL;
  const end = writeJson(to, start, withoutHeld);
  if (end == 0) return UNUSUAL;
  const isEmpty = end - to == 2 && load<u16>(to) == 0x7d7b;
  if ((isEmpty && !kept) || (longest != 0 && isLonger(to, end, longest))) setNull(column);
  else endText(column, end - to);
  return DONE;
}

function isLonger(p: usize, end: usize, longest: usize): bool {
  if (end - p <= longest) return false;
  let units: usize = 0;
  for (; p < end; p++) {
    const byte = load<u8>(p);
    // Not the second and later bytes of a character; a character of four bytes is two units.
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units > longest;
}

/** A template: pieces until 0; 1, length (32 bits) and a text, or 2, which value and which of its texts. */
function setTemplate(column: i32, row: usize, template: usize): i32 {
  if (template == 0) {
    setNull(column);
    return DONE;
  }
  let length: usize = 0;
  const start = roomForText(column, 0);
  for (let piece = template; load<u8>(piece) != 0;) {
    const isText = load<u8>(piece) == 1;
    if (!isText && !findMarked(row, load<u8>(piece, 1), load<u8>(piece, 2))) return UNUSUAL;
    const size = isText ? <usize>load<u32>(piece + 1) : textEnd - textAt;
    if (start == 0 || roomForText(column, length + size) == 0) return FULL;
    if (isText) copyBytes(start + length, piece + 5, size);
    length = isText ? length + size : writeText(start + length, textAt, textEnd) - start;
    piece += isText ? 5 + size : 3;
  }
  endText(column, length);
  return DONE;
}

function findMarked(row: usize, mark: u8, index: i32): bool {
  const text = mark == MARK_CONTEXT ? TEXT_CONTEXT : mark == MARK_KEY ? TEXT_KEY : TEXT_RESOURCES;
  return findText(textStart(row, text), index);
}

