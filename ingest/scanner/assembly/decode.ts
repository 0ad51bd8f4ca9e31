// What the usual values mean: which service, when, which ids.
import {
  FIELD_EVENT_ID,
  FIELD_EVENT_NAME,
  FIELD_EVENT_SOURCE,
  FIELD_EVENT_TIME,
  FIELD_REQUEST_ID,
  FIELD_REQUEST_PARAMETERS,
  FIELD_SHARED_EVENT_ID,
  ROW_CONTEXT_CUT,
  ROW_CONTEXT_END,
  ROW_CONTEXT_START,
  ROW_EVENT_ID,
  ROW_EVENT_TIME,
  ROW_PRESENT,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
} from '../row-layout';
import { BACKSLASH, equal32, QUOTE } from './bytes';
import { contextCut, contextEnd, contextStart, findContext } from './request-parameters';
import { parseTime, seconds } from './time';
import { parseUuid } from './uuid';
import { has, present, spanEnd, spanStart } from './walk';

/** What eventSource says of a record. */
export const SOURCE_KMS: i32 = 0;
/** Another AWS service. */
export const SOURCE_OTHER: i32 = 1;
/** Absent, no string, escaped, or no service's name (an S3 notification has "aws:s3"). */
export const SOURCE_UNCLEAR: i32 = 2;

const kms = memory.data(32);
const kmsText = '"kms.amazonaws.com"';
for (let i = 0; i < kmsText.length; i++) store<u8>(kms + i, <u8>kmsText.charCodeAt(i));
const KMS_LENGTH: usize = 19;
// The end that all services share: .amazonaws.com"
const SUFFIX_LENGTH: usize = 15;

export function sourceOf(row: usize, input: usize): i32 {
  if (!has(FIELD_EVENT_SOURCE)) return SOURCE_UNCLEAR;
  const start = input + spanStart(row, FIELD_EVENT_SOURCE);
  const length = spanEnd(row, FIELD_EVENT_SOURCE) + input - start;
  if (length == KMS_LENGTH && equal32(start, kms, KMS_LENGTH)) return SOURCE_KMS;
  if (load<u8>(start) != QUOTE || length < SUFFIX_LENGTH + 2) return SOURCE_UNCLEAR;
  const suffix = start + length - SUFFIX_LENGTH;
  if (!equal32(suffix, kms + KMS_LENGTH - SUFFIX_LENGTH, SUFFIX_LENGTH)) return SOURCE_UNCLEAR;
  for (let p = start; p < suffix; p++) if (load<u8>(p) == BACKSLASH) return SOURCE_UNCLEAR;
  return SOURCE_OTHER;
}

/** Reads eventTime into `seconds`. False when it is absent or not of its usual form. */
export function decodeTime(row: usize, input: usize): bool {
  if (!has(FIELD_EVENT_TIME)) return false;
  const start = spanStart(row, FIELD_EVENT_TIME);
  return parseTime(input + start, spanEnd(row, FIELD_EVENT_TIME) - start);
}

/** Whether the record has an eventName or eventID that is text: without, it may be no event of CloudTrail. */
export function isNamed(row: usize, input: usize): bool {
  return isText(row, input, FIELD_EVENT_NAME) || isText(row, input, FIELD_EVENT_ID);
}

function isText(row: usize, input: usize, field: i32): bool {
  return has(field) && load<u8>(input + spanStart(row, field)) == QUOTE;
}

/** Fills the decoded columns of a KMS record's row, after decodeTime. False when a field is not of its usual form. */
export function decodeKms(row: usize, input: usize, end: usize): bool {
  if (!has(FIELD_EVENT_ID)) return false;
  store<u32>(row + (ROW_PRESENT << 2), present);
  store<i32>(row + (ROW_EVENT_TIME << 2), seconds);
  if (!decodeUuid(row, input, FIELD_EVENT_ID, ROW_EVENT_ID)) return false;
  if (!decodeUuid(row, input, FIELD_REQUEST_ID, ROW_REQUEST_ID)) return false;
  if (!decodeUuid(row, input, FIELD_SHARED_EVENT_ID, ROW_SHARED_EVENT_ID)) return false;
  let from: usize = 0;
  let to: usize = 0;
  let cut: usize = 0;
  if (has(FIELD_REQUEST_PARAMETERS)) {
    if (!findContext(input + spanStart(row, FIELD_REQUEST_PARAMETERS), end)) return false;
    if (contextStart != 0) {
      from = contextStart - input;
      to = contextEnd - input;
      cut = contextCut - input;
    }
  }
  store<u32>(row + (ROW_CONTEXT_START << 2), <u32>from);
  store<u32>(row + (ROW_CONTEXT_END << 2), <u32>to);
  store<u32>(row + (ROW_CONTEXT_CUT << 2), <u32>cut);
  return true;
}

/** Fills time and id of a kept record's row, after decodeTime. False when the id is not of its usual form. */
export function decodeKept(row: usize, input: usize): bool {
  if (!has(FIELD_EVENT_ID)) return false;
  store<u32>(row + (ROW_PRESENT << 2), present);
  store<i32>(row + (ROW_EVENT_TIME << 2), seconds);
  return decodeUuid(row, input, FIELD_EVENT_ID, ROW_EVENT_ID);
}

function decodeUuid(row: usize, input: usize, field: i32, word: i32): bool {
  if (!has(field)) return true;
  const start = spanStart(row, field);
  return parseUuid(input + start, spanEnd(row, field) - start, row + ((<usize>word) << 2));
}
