// Scanning: finds the records of one CloudTrail log file in memory and the fields of KMS records.
import {
  FIELD_AWS_REGION,
  FIELD_RECIPIENT_ACCOUNT_ID,
  GROUPS_MAX,
  KIND_KEPT,
  KIND_KMS,
  KIND_UNUSUAL,
  ROW_END,
  ROW_GROUPS,
  ROW_KIND,
  ROW_RECORD,
  ROW_START,
  ROW_WORDS,
  STATUS_MALFORMED,
  STATUS_OK,
  STATUS_OTHER_ENVELOPE,
  STATUS_TOO_MANY_ROWS,
  SUMMARY_ACCOUNT,
  SUMMARY_KMS_RECORDS,
  SUMMARY_OTHER_RECORDS,
  SUMMARY_RECORDS,
  SUMMARY_REGION,
  SUMMARY_ROWS,
  SUMMARY_ROWS_AT,
  SUMMARY_STOPPED_AT,
  SUMMARY_TIME_MAX,
  SUMMARY_TIME_MIN,
  SUMMARY_WORDS,
  UNDECODED,
} from '../row-layout';
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
import {
  decodeKept,
  decodeKms,
  decodeTime,
  isNamed,
  SOURCE_OTHER,
  SOURCE_UNCLEAR,
  sourceOf,
} from './decode';
import { internGroups, internKept } from './intern';
import { isOfInterest } from './interest';
import { ensureMemory, input } from './memory';
import { clearEscape, endOfString, sawEscape } from './strings';
import { seconds } from './time';
import { skipValue } from './values';
import { ambiguous, has, spanEnd, spanStart, walkRecord } from './walk';

export const ROW_BYTES: usize = ROW_WORDS << 2;
// Of the last scan, see SUMMARY_ in row-layout.ts.
let records: u32 = 0;
let kmsRecords: u32 = 0;
let otherRecords: u32 = 0;
export let rows: u32 = 0;
let timeMin: i32 = i32.MAX_VALUE;
let timeMax: i32 = i32.MIN_VALUE;
let accountRecord: u32 = 0;
let accountStart: usize = 0;
let accountEnd: usize = 0;
let regionRecord: u32 = 0;
let regionStart: usize = 0;
let regionEnd: usize = 0;
/** Where the rows begin: an address. */
export let rowsAt: usize = input;
let stoppedAt: usize = 0;

/** Where the summary of the last scan is. */
export const summaryAt: usize = memory.data(SUMMARY_WORDS * 4, 8);

let end: usize = 0;
let rowsLimit: usize = 0;

/** Makes room for an input of this size and returns its address. */
export function inputFor(size: usize): usize {
  ensureMemory(input + size + PADDING + 65536);
  return input;
}

/** Scans the `size` bytes that the caller wrote at inputFor(size). Returns a STATUS_ number. */
export function scan(size: usize): i32 {
  end = input + size;
  memory.fill(end, QUOTE, PADDING);
  rowsAt = (end + PADDING + 15) & ~(<usize>15);
  // A row is smaller than any real KMS record: only a file made for it could have more.
  rowsLimit = rowsAt + size + 65536;
  records = 0;
  kmsRecords = 0;
  otherRecords = 0;
  rows = 0;
  timeMin = i32.MAX_VALUE;
  timeMax = i32.MIN_VALUE;
  accountStart = 0;
  regionStart = 0;
  const status = scanEnvelope();
  summarise();
  return status;
}

function summarise(): void {
  put(SUMMARY_RECORDS, records);
  put(SUMMARY_KMS_RECORDS, kmsRecords);
  put(SUMMARY_OTHER_RECORDS, otherRecords);
  put(SUMMARY_ROWS, rows);
  put(SUMMARY_ROWS_AT, <u32>rowsAt);
  put(SUMMARY_TIME_MIN, <u32>timeMin);
  put(SUMMARY_TIME_MAX, <u32>timeMax);
  put(SUMMARY_ACCOUNT, accountRecord);
  put(SUMMARY_ACCOUNT + 1, <u32>accountStart);
  put(SUMMARY_ACCOUNT + 2, <u32>accountEnd);
  put(SUMMARY_REGION, regionRecord);
  put(SUMMARY_REGION + 1, <u32>regionStart);
  put(SUMMARY_REGION + 2, <u32>regionEnd);
  put(SUMMARY_STOPPED_AT, <u32>stoppedAt);
}

function put(place: i32, value: u32): void {
  store<u32>(summaryAt + ((<usize>place) << 2), value);
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
    const keyEnd = endOfString(p + 1) + 1;
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
      p = stoppedAt + input;
    } else {
      const next = skipValue(p, end);
      if (next == BROKEN) return stop(p, STATUS_MALFORMED);
      p = next;
    }
    p = skipSpace(p);
    const after = load<u8>(p);
    if (after == CLOSE_BRACE) {
      p = skipSpace(p + 1);
      if (p != end) return stop(p, STATUS_MALFORMED);
      return stop(p, sawRecords ? STATUS_OK : STATUS_OTHER_ENVELOPE);
    }
    if (after != COMMA) return stop(p, STATUS_MALFORMED);
    p = skipSpace(p + 1);
  }
  return stop(p, STATUS_MALFORMED);
}

/** The elements of the array whose bracket is before p; leaves stoppedAt after its closing bracket. */
function scanRecords(p: usize): i32 {
  p = skipSpace(p);
  if (load<u8>(p) == CLOSE_BRACKET) return stop(p + 1, STATUS_OK);
  while (p < end) {
    const row = rowsAt + <usize>rows * ROW_BYTES;
    if (row + ROW_BYTES > rowsLimit) return stop(p, STATUS_TOO_MANY_ROWS);
    ensureMemory(row + ROW_BYTES);
    const next = scanElement(p, row);
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

/** One element; takes the row if it is KMS, unusual or kept. */
function scanElement(p: usize, row: usize): usize {
  if (load<u8>(p) != OPEN_BRACE) return takeRow(row, KIND_UNUSUAL, p, skipValue(p, end));
  const next = walkRecord(p, end, row, input);
  if (next == BROKEN) return BROKEN;
  const source = ambiguous ? SOURCE_UNCLEAR : sourceOf(row, input);
  if (source == SOURCE_UNCLEAR || !decodeTime(row, input) || !isNamed(row, input)) {
    return takeRow(row, KIND_UNUSUAL, p, next);
  }
  if (source == SOURCE_OTHER) {
    otherRecords++;
    noteUsual(row);
    if (!isOfInterest(row, input)) return next;
    if (decodeKept(row, input)) internKept(row, input);
    else store<u32>(row + (ROW_GROUPS << 2), UNDECODED);
    return takeRow(row, KIND_KEPT, p, next);
  }
  if (!decodeKms(row, input, end)) return takeRow(row, KIND_UNUSUAL, p, next);
  kmsRecords++;
  noteUsual(row);
  internGroups(row, input, GROUPS_MAX);
  return takeRow(row, KIND_KMS, p, next);
}

/** Keeps the row; returns `next`. */
function takeRow(row: usize, kind: i32, p: usize, next: usize): usize {
  store<u32>(row + (ROW_RECORD << 2), records);
  store<u32>(row + (ROW_START << 2), <u32>(p - input));
  store<u32>(row + (ROW_END << 2), <u32>(next - input));
  store<u32>(row + (ROW_KIND << 2), <u32>kind);
  rows++;
  return next;
}

/** What the file as a whole is known by, from a record that is not unusual. */
function noteUsual(row: usize): void {
  if (seconds < timeMin) timeMin = seconds;
  if (seconds > timeMax) timeMax = seconds;
  if (accountStart == 0 && has(FIELD_RECIPIENT_ACCOUNT_ID)) {
    accountRecord = records;
    accountStart = spanStart(row, FIELD_RECIPIENT_ACCOUNT_ID);
    accountEnd = spanEnd(row, FIELD_RECIPIENT_ACCOUNT_ID);
  }
  if (regionStart == 0 && has(FIELD_AWS_REGION)) {
    regionRecord = records;
    regionStart = spanStart(row, FIELD_AWS_REGION);
    regionEnd = spanEnd(row, FIELD_AWS_REGION);
  }
}

function stop(p: usize, status: i32): i32 {
  stoppedAt = p - input;
  return status;
}
