// The columns of the rows that wait to be taken.
import {
  EVENTS_ENTRIES,
  EVENTS_HAS_REQUEST,
  EVENTS_HAS_SHARED,
  EVENTS_ID,
  EVENTS_RECORD,
  EVENTS_REQUEST_ID,
  EVENTS_SHARED_ID,
  EVENTS_TIME,
  RELATED_ENTRIES,
  RELATED_ID,
  RELATED_RECORD,
  RELATED_TEXTS,
  RELATED_TIME,
  ROW_ENTRIES,
  ROW_EVENT_ID,
  ROW_IDS,
  ROW_RECORD,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
  ROW_TIME,
  TEXT_COLUMNS,
  WAITING_ROWS,
  WAITING_TEXT_BYTES,
  WAITING_TEXT_START,
  WAITING_TEXT_STRIDE,
  WAITING_TEXT_VALID,
  WAITING_TEXTS,
} from '../layout';
import { allocate } from './memory';

/** Where the columns begin. */
export const waitingAt: usize = allocate(WAITING_TEXTS + WAITING_TEXT_STRIDE * TEXT_COLUMNS);
/** Rows of `events`, and of `related`. */
export let events: u32 = 0;
export let related: u32 = 0;

/** Keeps only the first rows of both. */
export function keepWaiting(eventRows: u32, relatedRows: u32): void {
  events = eventRows;
  related = relatedRows;
}

/** Ends a row of `events` whose texts are set: ids, time, entries, its place in the file. */
export function endEvent(row: usize): void {
  const to = <usize>events;
  const ids = load<u32>(row + (ROW_IDS << 2));
  setId(EVENTS_ID, to, row + (ROW_EVENT_ID << 2));
  setId(EVENTS_REQUEST_ID, to, ids & 1 ? row + (ROW_REQUEST_ID << 2) : noId);
  setId(EVENTS_SHARED_ID, to, ids & 2 ? row + (ROW_SHARED_EVENT_ID << 2) : noId);
  store<u8>(waitingAt + EVENTS_HAS_REQUEST + to, ids & 1 ? 1 : 0);
  store<u8>(waitingAt + EVENTS_HAS_SHARED + to, ids & 2 ? 1 : 0);
  setTime(EVENTS_TIME, to, row);
  setNumber(EVENTS_RECORD, to, load<u32>(row + (ROW_RECORD << 2)));
  for (let rule = 0; rule < 4; rule++) {
    setNumber(EVENTS_ENTRIES + 4 * WAITING_ROWS * rule, to, load<u32>(row + ((ROW_ENTRIES + rule) << 2)));
  }
  events++;
}

/** Ends a row of `related` whose texts are set. */
export function endRelated(row: usize): void {
  const to = <usize>related;
  setId(RELATED_ID, to, row + (ROW_EVENT_ID << 2));
  setTime(RELATED_TIME, to, row);
  setNumber(RELATED_RECORD, to, load<u32>(row + (ROW_RECORD << 2)));
  setNumber(RELATED_ENTRIES, to, load<u32>(row + (ROW_ENTRIES << 2)));
  related++;
}

// An id that is not there is 16 zero bytes.
const noId = memory.data(16);

function setId(column: usize, to: usize, from: usize): void {
  v128.store(waitingAt + column + (to << 4), v128.load(from));
}

function setTime(column: usize, to: usize, row: usize): void {
  const seconds = load<i64>(row + (ROW_TIME << 2));
  store<i64>(waitingAt + column + (to << 3), seconds * 1_000_000);
}

function setNumber(column: usize, to: usize, number: u32): void {
  store<u32>(waitingAt + column + (to << 2), number);
}

/** Reserves `length` bytes of a text column and returns their address (0: full). Write the text, then endText(). */
export function roomForText(column: i32, length: usize): usize {
  const at = endOf(column);
  return at + length <= <usize>WAITING_TEXT_BYTES ? textsOf(column) + WAITING_TEXT_START + at : 0;
}

/** Takes the text that was written at roomForText. */
export function endText(column: i32, length: usize): void {
  endAt(column, endOf(column) + length, 1);
}

export function setNull(column: i32): void {
  endAt(column, endOf(column), 0);
}

function endAt(column: i32, end: usize, valid: u8): void {
  const texts = textsOf(column);
  const row = rowOf(column);
  store<u32>(texts + (row << 2), <u32>end);
  store<u8>(texts + WAITING_TEXT_VALID + row, valid);
}

/** The row that is under way in the column's table. */
function rowOf(column: i32): usize {
  return <usize>(column < RELATED_TEXTS ? events : related);
}

/** Where the last text of the rows that wait ends. */
function endOf(column: i32): usize {
  const row = rowOf(column);
  return row == 0 ? 0 : load<u32>(textsOf(column) + ((row - 1) << 2));
}

function textsOf(column: i32): usize {
  return waitingAt + WAITING_TEXTS + <usize>WAITING_TEXT_STRIDE * column;
}
