// Scanning: finds the records of one CloudTrail log file in memory and makes a row of each that is wanted.
import { RECIPIENT, REGION } from '../../facts';
import {
  KIND_KMS,
  KIND_UNUSUAL,
  ROW_END,
  ROW_KIND,
  ROW_RECORD,
  ROW_START,
  ROW_WORDS,
  STATUS_MALFORMED,
  STATUS_OK,
  STATUS_OTHER_ENVELOPE,
  STATUS_TOO_MANY_ROWS,
  SUMMARY_ACCOUNT,
  SUMMARY_END,
  SUMMARY_KMS,
  SUMMARY_OTHER,
  SUMMARY_RECORDS,
  SUMMARY_REGION,
  SUMMARY_ROWS,
  SUMMARY_TIME_MAX,
  SUMMARY_TIME_MIN,
  SUMMARY_WORDS,
} from '../layout';
import {
  BROKEN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  PADDING,
  QUOTE,
  skipSpace,
} from './bytes';
import { allocate } from './memory';
import { KIND_PASSED, readRecord } from './record';
import { clearEscape, endOfString, sawEscape } from './strings';
import { seconds } from './time';
import { has, valueEnd, valueStart, walkRecord } from './tree';
import { skipValue } from './values';

export const ROW_BYTES: usize = ROW_WORDS << 2;
/** Where the summary of the last scan is. */
export const summaryAt: usize = memory.data(SUMMARY_WORDS * 4, 8);

/** Where the bytes of a file are scanned, and how many there is room for. */
let input: usize = 0;
let inputRoom: usize = 0;
let end: usize = 0;
// Of the last scan.
let records: u32 = 0;
export let rows: u32 = 0;
/** Where the rows begin. */
export let rowsAt: usize = 0;
let rowsRoom: u32 = 0;
let rowsMax: u32 = 0;

/** Makes room for an input of this size and returns its address. */
export function inputFor(size: usize): usize {
  if (size > inputRoom) {
    inputRoom = size + (size >> 1);
    // Before the input too: a name is told by its last letters.
    input = allocate(inputRoom + PADDING + 64) + 64;
  }
  return input;
}

/** Scans the `size` bytes that the caller wrote at inputFor(size). Returns a STATUS_ number. */
export function scan(size: usize): i32 {
  end = input + size;
  memory.fill(end, QUOTE, PADDING);
  // A row is smaller than any real KMS record: only a file made for it could have more.
  rowsMax = <u32>((size + 65536) / ROW_BYTES);
  memory.fill(summaryAt, 0, SUMMARY_WORDS << 2);
  records = 0;
  rows = 0;
  put(SUMMARY_TIME_MIN, i32.MAX_VALUE);
  put(SUMMARY_TIME_MAX, i32.MIN_VALUE);
  const status = scanEnvelope();
  put(SUMMARY_RECORDS, records);
  put(SUMMARY_ROWS, rows);
  return status;
}

export function put(place: i32, value: i32): void {
  store<i32>(summaryAt + ((<usize>place) << 2), value);
}

export function summary(place: i32): i32 {
  return load<i32>(summaryAt + ((<usize>place) << 2));
}

/** {"Records":[...]}, other members before and after it allowed. */
function scanEnvelope(): i32 {
  let p = skipSpace(input);
  let sawRecords = false;
  if (load<u8>(p) != OPEN_BRACE) return stop(p, STATUS_OTHER_ENVELOPE);
  p = skipSpace(p + 1);
  while (p < end) {
    if (load<u8>(p) != QUOTE) return stop(p, STATUS_MALFORMED);
    clearEscape();
    const keyEnd = endOfString(p);
    if (keyEnd == BROKEN) return stop(p, STATUS_MALFORMED);
    if (sawEscape) return stop(p, STATUS_OTHER_ENVELOPE);
    const isRecords = keyEnd - p == 9 && load<u64>(p + 1) == 0x227364726f636552; // Records"
    p = skipSpace(keyEnd);
    if (load<u8>(p) != COLON) return stop(p, STATUS_MALFORMED);
    p = skipSpace(p + 1);
    if (isRecords) {
      if (sawRecords || load<u8>(p) != OPEN_BRACKET) return stop(p, STATUS_OTHER_ENVELOPE);
      sawRecords = true;
      const status = scanRecords(p + 1);
      if (status != STATUS_OK) return status;
      p = input + summary(SUMMARY_END);
    } else {
      const next = skipValue(p, end);
      if (next == BROKEN) return stop(p, STATUS_MALFORMED);
      p = next;
    }
    p = skipSpace(p);
    const after = load<u8>(p);
    if (after == CLOSE_BRACE) {
      if (p >= end) return stop(p, STATUS_MALFORMED);
      return stop(p + 1, sawRecords ? STATUS_OK : STATUS_OTHER_ENVELOPE);
    }
    if (after != COMMA) return stop(p, STATUS_MALFORMED);
    p = skipSpace(p + 1);
  }
  return stop(p, STATUS_MALFORMED);
}

/** The elements of the array whose bracket is before p; stops after its closing bracket. */
function scanRecords(p: usize): i32 {
  p = skipSpace(p);
  if (load<u8>(p) == CLOSE_BRACKET) return stop(p + 1, STATUS_OK);
  while (p < end) {
    if (rows == rowsMax) return stop(p, STATUS_TOO_MANY_ROWS);
    if (rows == rowsRoom) growRows();
    const next = scanElement(p, rowsAt + <usize>rows * ROW_BYTES);
    if (next == BROKEN) return stop(p, STATUS_MALFORMED);
    records++;
    p = skipSpace(next);
    const after = load<u8>(p);
    p++;
    if (after == CLOSE_BRACKET) return stop(p, STATUS_OK);
    if (after != COMMA) return stop(p, STATUS_MALFORMED);
    p = skipSpace(p);
  }
  return stop(p, STATUS_MALFORMED);
}

function growRows(): void {
  const room = rowsRoom == 0 ? 4096 : rowsRoom << 1;
  const larger = allocate(<usize>room * ROW_BYTES);
  memory.copy(larger, rowsAt, <usize>rows * ROW_BYTES);
  rowsAt = larger;
  rowsRoom = room;
}

/** One element; takes the row unless it is an event of another service that is not kept. */
function scanElement(p: usize, row: usize): usize {
  const isObject = load<u8>(p) == OPEN_BRACE;
  const next = isObject ? walkRecord(p, end) : skipValue(p, end);
  if (next == BROKEN) return BROKEN;
  const kind = isObject ? readRecord(row) : KIND_UNUSUAL;
  if (kind != KIND_UNUSUAL) noteUsual(kind);
  if (kind == KIND_PASSED) return next;
  store<u32>(row + (ROW_RECORD << 2), records);
  store<u32>(row + (ROW_START << 2), <u32>(p - input));
  store<u32>(row + (ROW_END << 2), <u32>(next - input));
  store<u32>(row + (ROW_KIND << 2), <u32>kind);
  rows++;
  return next;
}

/** What the file as a whole is known by, from a record that is not unusual. */
function noteUsual(kind: i32): void {
  const count = kind == KIND_KMS ? SUMMARY_KMS : SUMMARY_OTHER;
  put(count, summary(count) + 1);
  if (seconds < summary(SUMMARY_TIME_MIN)) put(SUMMARY_TIME_MIN, seconds);
  if (seconds > summary(SUMMARY_TIME_MAX)) put(SUMMARY_TIME_MAX, seconds);
  if (summary(SUMMARY_ACCOUNT + 1) == 0) noteFirst(SUMMARY_ACCOUNT, RECIPIENT);
  if (summary(SUMMARY_REGION + 1) == 0) noteFirst(SUMMARY_REGION, REGION);
}

/** Notes a text that is not empty, or a number. */
function noteFirst(place: i32, path: i32): void {
  if (!has(path)) return;
  const start = valueStart(path);
  const length = valueEnd(path) - start;
  const first = load<u8>(start);
  const isNumber = <u8>(first - 0x30) <= 9 || first == 0x2d;
  if (!isNumber && (first != QUOTE || length < 3)) return;
  put(place, <i32>records);
  put(place + 1, <i32>start);
  put(place + 2, <i32>length);
}

function stop(p: usize, status: i32): i32 {
  put(SUMMARY_END, <i32>(p - input));
  return status;
}

