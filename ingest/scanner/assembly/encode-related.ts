// Kept records of S3 to columns. Equals what rules/related.ts says of them; other services, and all that is
// not plainly written, are left to it.
import {
  BOOK_ACTIONS,
  PENDING_ROWS,
  PER_ROW,
  RELATED_CALLER_SOURCE,
  RELATED_REQUEST_ID,
  RELATED_REQUEST_PARAMETERS,
  RELATED_RESOURCE_ARN,
  RELATED_RESPONSE_ELEMENTS,
  RELATED_SOURCE_IP,
  STOP_ASK,
  STOP_CROWDED,
  STOP_END,
  STOP_FULL,
  STOP_KEPT,
} from '../column-layout';
import {
  FIELD_EVENT_SOURCE,
  FIELD_REQUEST_ID,
  FIELD_REQUEST_PARAMETERS,
  FIELD_RESOURCES,
  FIELD_RESPONSE_ELEMENTS,
  FIELD_SOURCE_IP_ADDRESS,
  NOT_INTERNED,
  ROW_ACTION,
  ROW_GROUPS,
  ROW_PRESENT,
  UNDECODED,
} from '../row-layout';
import { tellAction } from './action';
import { CLOSE_BRACKET, COLON, COMMA, equal32, OPEN_BRACKET, skipSpace } from './bytes';
import { isCanonical } from './canonical';
import { isIpv4 } from './client';
import { tellIdentity } from './identity';
import { hidesAddress, knownAction, knownIdentity, knownIsCrowded } from './known';
import { addMember, isPlainAscii, memberEnd, memberStart, readMembers } from './members';
import { endRelatedRow, hasRoom, relatedPending, setNull, setText } from './pending';
import { tuplesAreCrowded, use } from './tuples';
import { skipValue } from './values';
import { spanEnd, spanStart } from './walk';

/** Longer request and response texts are for the rules to leave out: they count characters. */
const JSON_BYTES_MAX: usize = 20_000;

const RESOURCE = 5;
const ARN = addMember(RESOURCE, 'ARN');
const OTHER_ARN = addMember(RESOURCE, 'arn');

const S3_LENGTH: usize = 18;
const s3 = memory.data(32);
const s3Text = '"s3.amazonaws.com"';
for (let i = 0; i < s3Text.length; i++) store<u8>(s3 + i, <u8>s3Text.charCodeAt(i));

let enabled: bool = true;

/** Whether kept records may be encoded at all: not when the caller wants fewer than were asked for. */
export function setRelatedEnabled(value: bool): void {
  enabled = value;
}

/** Encodes a kept record's row; STOP_END when it is done, else why not. */
export function encodeRelated(row: usize, input: usize): i32 {
  const identityId = load<u32>(row + (ROW_GROUPS << 2));
  if (identityId == UNDECODED) return STOP_KEPT;
  const own = load<u32>(row + (ROW_ACTION << 2));
  const notInterned = identityId == NOT_INTERNED || own == NOT_INTERNED;
  if (notInterned || tuplesAreCrowded(4) || knownIsCrowded()) return STOP_CROWDED;
  if (!enabled || !isS3(row, input)) return STOP_KEPT;
  if (relatedPending == PENDING_ROWS) return STOP_FULL;
  let action = knownAction(identityId, own);
  if (action == 0) {
    let identity = knownIdentity(identityId);
    if (identity == 0) {
      if (!tellIdentity(identityId, row, input)) return STOP_ASK;
      identity = knownIdentity(identityId);
    }
    if (identity == PER_ROW) return STOP_KEPT;
    if (!tellAction(identityId, own, identity - 1, row, input)) return STOP_KEPT;
    action = knownAction(identityId, own);
  }
  if (action == PER_ROW) return STOP_KEPT;
  const stop = setTexts(row, input);
  if (stop == STOP_END) endRelatedRow(row, use(BOOK_ACTIONS, action - 1));
  return stop;
}

function isS3(row: usize, input: usize): bool {
  const start = spanStart(row, FIELD_EVENT_SOURCE);
  return (
    spanEnd(row, FIELD_EVENT_SOURCE) - start == S3_LENGTH && equal32(input + start, s3, S3_LENGTH)
  );
}

function setTexts(row: usize, input: usize): i32 {
  let stop = setSource(row, input);
  if (stop == STOP_END) stop = setString(row, input, FIELD_REQUEST_ID, RELATED_REQUEST_ID);
  if (stop == STOP_END) stop = setObject(row, input);
  if (stop == STOP_END) {
    stop = setJson(row, input, FIELD_REQUEST_PARAMETERS, RELATED_REQUEST_PARAMETERS);
  }
  if (stop == STOP_END) {
    stop = setJson(row, input, FIELD_RESPONSE_ELEMENTS, RELATED_RESPONSE_ELEMENTS);
  }
  return stop;
}

/** The source as it is, and the address that it is, if it is one. */
function setSource(row: usize, input: usize): i32 {
  const stop = setString(row, input, FIELD_SOURCE_IP_ADDRESS, RELATED_CALLER_SOURCE);
  if (stop != STOP_END) return stop;
  if (isThere(row, FIELD_SOURCE_IP_ADDRESS)) {
    const start = input + spanStart(row, FIELD_SOURCE_IP_ADDRESS);
    const end = input + spanEnd(row, FIELD_SOURCE_IP_ADDRESS);
    if (isIpv4(start, end)) {
      if (!hidesAddress) return setSpan(RELATED_SOURCE_IP, start + 1, end - start - 2);
    } else {
      // It may be an IPv6 address.
      for (let p = start; p < end; p++) if (load<u8>(p) == COLON) return STOP_KEPT;
    }
  }
  setNull(RELATED_SOURCE_IP);
  return STOP_END;
}

/** A field that is text: none when it is absent, null or empty. */
function setString(row: usize, input: usize, field: i32, column: i32): i32 {
  if (isThere(row, field)) {
    const start = input + spanStart(row, field);
    const end = input + spanEnd(row, field);
    if (isPlainAscii(start, end)) return setSpan(column, start + 1, end - start - 2);
    if (!isNull(start, end) && load<u16>(start) != 0x2222) return STOP_KEPT; // ""
  }
  setNull(column);
  return STOP_END;
}

/** A field as JSON. */
function setJson(row: usize, input: usize, field: i32, column: i32): i32 {
  if (isThere(row, field)) {
    const start = input + spanStart(row, field);
    const end = input + spanEnd(row, field);
    if (!isNull(start, end)) {
      if (end - start > JSON_BYTES_MAX || !isCanonical(start, end)) return STOP_KEPT;
      return setSpan(column, start, end - start);
    }
  }
  setNull(column);
  return STOP_END;
}

/** The ARN of the first object among the resources. */
function setObject(row: usize, input: usize): i32 {
  if (!isThere(row, FIELD_RESOURCES)) return STOP_KEPT;
  const end = input + spanEnd(row, FIELD_RESOURCES);
  let p = input + spanStart(row, FIELD_RESOURCES);
  if (load<u8>(p) != OPEN_BRACKET) return STOP_KEPT;
  p = skipSpace(p + 1);
  while (p < end) {
    if (!readMembers(RESOURCE, p, end) || memberStart(OTHER_ARN) != 0) return STOP_KEPT;
    const arn = memberStart(ARN);
    const arnEnd = memberEnd(ARN);
    if (arn != 0) {
      if (!isPlainAscii(arn, arnEnd)) return STOP_KEPT;
      if (isObjectArn(arn + 1, arnEnd - 1)) {
        return setSpan(RELATED_RESOURCE_ARN, arn + 1, arnEnd - arn - 2);
      }
    }
    p = skipSpace(skipValue(p, end));
    const after = load<u8>(p);
    if (after == CLOSE_BRACKET || after != COMMA) return STOP_KEPT;
    p = skipSpace(p + 1);
  }
  return STOP_KEPT;
}

/** arn:<partition>:s3:::<bucket>/<key, perhaps empty> */
function isObjectArn(p: usize, end: usize): bool {
  if (end - p < 12 || load<u32>(p) != 0x3a6e7261) return false; // arn:
  p += 4;
  while (p < end && load<u8>(p) != COLON) p++;
  if (end - p < 8 || load<u32>(p) != 0x3a33733a || load<u16>(p, 4) != 0x3a3a) return false; // :s3:::
  p += 6;
  const bucket = p;
  while (p < end && load<u8>(p) != 0x2f) p++;
  return p < end && p > bucket;
}

function isThere(row: usize, field: i32): bool {
  return (load<u32>(row + (ROW_PRESENT << 2)) & (1 << field)) != 0;
}

function isNull(start: usize, end: usize): bool {
  return end - start == 4 && load<u32>(start) == 0x6c6c756e;
}

function setSpan(column: i32, from: usize, length: usize): i32 {
  if (!hasRoom(column, length)) return relatedPending == 0 ? STOP_KEPT : STOP_FULL;
  setText(column, from, length);
  return STOP_END;
}
