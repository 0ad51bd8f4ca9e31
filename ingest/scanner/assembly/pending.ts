// The columns of the rows that wait to be taken.
import {
  DIMENSIONS,
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
/** Rows that wait. */
export let pending: u32 = 0;

export function layOutPending(at: usize): void {
  pendingAt = at;
}

/** Keeps only the first rows. */
export function setPending(rows: u32): void {
  pending = rows;
}

/** Sets what a row has of itself: ids, time, its place in the file. */
export function setOwn(row: usize): void {
  const to = <usize>pending;
  const present = load<u32>(row + (ROW_PRESENT << 2));
  setId(PENDING_EVENT_ID, row + (ROW_EVENT_ID << 2));
  const hasRequest = (present & (1 << FIELD_REQUEST_ID)) != 0;
  const hasShared = (present & (1 << FIELD_SHARED_EVENT_ID)) != 0;
  setId(PENDING_REQUEST_ID, hasRequest ? row + (ROW_REQUEST_ID << 2) : noId);
  setId(PENDING_SHARED_EVENT_ID, hasShared ? row + (ROW_SHARED_EVENT_ID << 2) : noId);
  store<u8>(pendingAt + PENDING_HAS_REQUEST_ID + to, hasRequest ? 1 : 0);
  store<u8>(pendingAt + PENDING_HAS_SHARED_EVENT_ID + to, hasShared ? 1 : 0);
  const seconds = <i64>load<i32>(row + (ROW_EVENT_TIME << 2));
  store<i64>(pendingAt + PENDING_EVENT_TIME + (to << 3), seconds * 1_000_000);
  store<u32>(pendingAt + PENDING_RECORD_INDEX + (to << 2), load<u32>(row + (ROW_RECORD << 2)));
}

// An id that is not there is 16 zero bytes.
const noId = memory.data(16);

function setId(column: usize, from: usize): void {
  v128.store(pendingAt + column + (<usize>pending << 4), v128.load(from));
}

export function setPosition(dimension: i32, position: u32): void {
  const column = pendingAt + PENDING_POSITIONS + ((PENDING_POSITIONS_STRIDE * dimension) as usize);
  store<u32>(column + (<usize>pending << 2), position);
}
const PENDING_POSITIONS_STRIDE = (PENDING_HAS_REQUEST_ID - PENDING_POSITIONS) / DIMENSIONS;

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

/** Ends the row: all its columns are set. */
export function endRow(): void {
  pending++;
}

function endAt(column: i32, end: usize, valid: u8): void {
  const texts = textsOf(column);
  store<u32>(texts + (<usize>pending << 2), <u32>end);
  store<u8>(texts + PENDING_TEXT_VALID + <usize>pending, valid);
}

/** Where the last text of the rows that wait ends. */
function endOf(column: i32): usize {
  return pending == 0 ? 0 : load<u32>(textsOf(column) + ((<usize>pending - 1) << 2));
}

function textsOf(column: i32): usize {
  return pendingAt + PENDING_TEXTS + (<usize>PENDING_TEXT_STRIDE) * column;
}
