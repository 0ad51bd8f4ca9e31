// The columns of the rows that wait to be taken.
import {
  EVENT_DIMENSIONS,
  PENDING_EVENT_ID,
  PENDING_EVENT_TIME,
  PENDING_HAS_REQUEST_ID,
  PENDING_HAS_SHARED_EVENT_ID,
  PENDING_POSITIONS,
  PENDING_RECORD_INDEX,
  PENDING_REQUEST_ID,
  PENDING_SHARED_EVENT_ID,
  PENDING_TEXT_BYTES,
  PENDING_TEXT_COLUMNS,
  PENDING_TEXT_START,
  PENDING_TEXT_STRIDE,
  PENDING_TEXT_VALID,
  PENDING_TEXTS,
  RELATED_EVENT_ID,
  RELATED_EVENT_TIME,
  RELATED_POSITIONS,
  RELATED_RECORD_INDEX,
  TEXT_OF_RELATED,
} from '../column-layout';
import {
  FIELD_REQUEST_ID,
  FIELD_SHARED_EVENT_ID,
  ROW_EVENT_ID,
  ROW_EVENT_TIME,
  ROW_PRESENT,
  ROW_RECORD,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
} from '../row-layout';
import { copyBytes } from './bytes';

/** Bytes that layOutPending needs. */
export const PENDING_LENGTH: usize = PENDING_TEXTS + PENDING_TEXT_STRIDE * PENDING_TEXT_COLUMNS;

/** Where the columns begin. */
export let pendingAt: usize = 0;
/** Rows of `events` that wait. */
export let pending: u32 = 0;
/** Rows of `related` that wait. */
export let relatedPending: u32 = 0;

export function layOutPending(at: usize): void {
  pendingAt = at;
}

/** Keeps only the first rows of both. */
export function setPending(rows: u32, relatedRows: u32): void {
  pending = rows;
  relatedPending = relatedRows;
}

/** Sets what a row of `events` has of itself: ids, time, its place in the file. */
export function setOwn(row: usize): void {
  const to = <usize>pending;
  const present = load<u32>(row + (ROW_PRESENT << 2));
  const hasRequest = (present & (1 << FIELD_REQUEST_ID)) != 0;
  const hasShared = (present & (1 << FIELD_SHARED_EVENT_ID)) != 0;
  setId(PENDING_EVENT_ID, to, row + (ROW_EVENT_ID << 2));
  setId(PENDING_REQUEST_ID, to, hasRequest ? row + (ROW_REQUEST_ID << 2) : noId);
  setId(PENDING_SHARED_EVENT_ID, to, hasShared ? row + (ROW_SHARED_EVENT_ID << 2) : noId);
  store<u8>(pendingAt + PENDING_HAS_REQUEST_ID + to, hasRequest ? 1 : 0);
  store<u8>(pendingAt + PENDING_HAS_SHARED_EVENT_ID + to, hasShared ? 1 : 0);
  setTime(PENDING_EVENT_TIME, to, row);
  setNumber(PENDING_RECORD_INDEX, to, load<u32>(row + (ROW_RECORD << 2)));
}

export function setPosition(dimension: i32, position: u32): void {
  const stride = (PENDING_HAS_REQUEST_ID - PENDING_POSITIONS) / EVENT_DIMENSIONS;
  setNumber(PENDING_POSITIONS + stride * dimension, pending, position);
}

/** Ends a row of `events`: all its columns are set. */
export function endRow(): void {
  pending++;
}

/** Ends a row of `related` whose texts are set. */
export function endRelatedRow(row: usize, position: u32): void {
  const to = <usize>relatedPending;
  setId(RELATED_EVENT_ID, to, row + (ROW_EVENT_ID << 2));
  setTime(RELATED_EVENT_TIME, to, row);
  setNumber(RELATED_RECORD_INDEX, to, load<u32>(row + (ROW_RECORD << 2)));
  setNumber(RELATED_POSITIONS, to, position);
  relatedPending++;
}

// An id that is not there is 16 zero bytes.
const noId = memory.data(16);

function setId(column: usize, to: usize, from: usize): void {
  v128.store(pendingAt + column + (to << 4), v128.load(from));
}

function setTime(column: usize, to: usize, row: usize): void {
  const seconds = <i64>load<i32>(row + (ROW_EVENT_TIME << 2));
  store<i64>(pendingAt + column + (to << 3), seconds * 1_000_000);
}

function setNumber(column: usize, to: usize, number: u32): void {
  store<u32>(pendingAt + column + (to << 2), number);
}

/** Whether a text column has room for so many bytes more. */
export function hasRoom(column: i32, length: usize): bool {
  return endOf(column) + length <= <usize>PENDING_TEXT_BYTES;
}

export function setText(column: i32, from: usize, length: usize): void {
  const start = endOf(column);
  copyBytes(textsOf(column) + PENDING_TEXT_START + start, from, length);
  endAt(column, start + length, 1);
}

export function setNull(column: i32): void {
  endAt(column, endOf(column), 0);
}

/** Where a text of this length goes that is then ended with endText; 0 when there is no room. */
export function roomForText(column: i32, length: usize): usize {
  return hasRoom(column, length) ? textsOf(column) + PENDING_TEXT_START + endOf(column) : 0;
}

/** Takes the text that was written at roomForText. */
export function endText(column: i32, length: usize): void {
  endAt(column, endOf(column) + length, 1);
}

function endAt(column: i32, end: usize, valid: u8): void {
  const texts = textsOf(column);
  const row = rowOf(column);
  store<u32>(texts + (row << 2), <u32>end);
  store<u8>(texts + PENDING_TEXT_VALID + row, valid);
}

/** The row that is under way in the column's table. */
function rowOf(column: i32): usize {
  return <usize>(column < TEXT_OF_RELATED ? pending : relatedPending);
}

/** Where the last text of the rows that wait ends. */
function endOf(column: i32): usize {
  const row = rowOf(column);
  return row == 0 ? 0 : load<u32>(textsOf(column) + ((row - 1) << 2));
}

function textsOf(column: i32): usize {
  return pendingAt + PENDING_TEXTS + <usize>PENDING_TEXT_STRIDE * column;
}
