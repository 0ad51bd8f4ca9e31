// Who did what in an event of another service. Equals what rules/related.ts says of it, but for what is not
// plainly written: that is left to it.
import { BOOK_ACTIONS, BOOK_IDENTITIES } from '../column-layout';
import {
  FIELD_AWS_REGION,
  FIELD_ERROR_CODE,
  FIELD_EVENT_NAME,
  FIELD_EVENT_SOURCE,
  FIELD_USER_AGENT,
  ROW_PRESENT,
} from '../row-layout';
import { isService } from './client';
import { teachAction } from './known';
import { isPlainAscii } from './members';
import { beginTuple, endTuple, nextNull, nextText } from './tuple-writer';
import { findText, textLength, textStart, tupleAt } from './tuples';
import { spanEnd, spanStart } from './walk';

// Texts of an identity's tuple, in the order of identityTexts.
const CALLER_ACCOUNT = 1;
const PRINCIPAL = 3;
const CALLER_ARN = 6;
const ACCESS_KEY = 7;

/** Makes the tuple of what an identity did, and teaches it; false when the rules must read the row. */
export function tellAction(id: u32, own: u32, identity: u32, row: usize, input: usize): bool {
  const present = load<u32>(row + (ROW_PRESENT << 2));
  const needed: u32 = (1 << FIELD_EVENT_SOURCE) | (1 << FIELD_EVENT_NAME) | (1 << FIELD_AWS_REGION);
  if ((present & needed) != needed) return false;
  const hasAgent = (present & (1 << FIELD_USER_AGENT)) != 0;
  const hasError = (present & (1 << FIELD_ERROR_CODE)) != 0;
  if (!isPlain(row, input, FIELD_EVENT_SOURCE) || !isPlain(row, input, FIELD_EVENT_NAME))
    return false;
  if (!isPlain(row, input, FIELD_AWS_REGION)) return false;
  if (hasAgent && !isPlain(row, input, FIELD_USER_AGENT)) return false;
  if (hasError && !isPlain(row, input, FIELD_ERROR_CODE)) return false;
  const who = tupleAt(BOOK_IDENTITIES, identity);
  let bytes = length(row, FIELD_EVENT_SOURCE) + length(row, FIELD_EVENT_NAME);
  bytes += length(row, FIELD_AWS_REGION) + lengthOfText(who, CALLER_ACCOUNT);
  bytes +=
    lengthOfText(who, PRINCIPAL) + lengthOfText(who, CALLER_ARN) + lengthOfText(who, ACCESS_KEY);
  if (hasAgent) bytes += length(row, FIELD_USER_AGENT);
  if (hasError) bytes += length(row, FIELD_ERROR_CODE);
  if (!beginTuple(BOOK_ACTIONS, bytes)) return false;
  nextField(row, input, FIELD_EVENT_SOURCE);
  nextField(row, input, FIELD_EVENT_NAME);
  nextOf(who, CALLER_ACCOUNT);
  nextField(row, input, FIELD_AWS_REGION);
  nextOf(who, PRINCIPAL);
  nextOf(who, CALLER_ARN);
  nextOf(who, ACCESS_KEY);
  let hides = false;
  if (hasAgent) {
    hides = isService(
      input + spanStart(row, FIELD_USER_AGENT),
      input + spanEnd(row, FIELD_USER_AGENT),
    );
    nextField(row, input, FIELD_USER_AGENT);
  } else nextNull();
  if (hasError) nextField(row, input, FIELD_ERROR_CODE);
  else nextNull();
  teachAction(id, own, endTuple(), hides);
  return true;
}

function isPlain(row: usize, input: usize, field: i32): bool {
  return isPlainAscii(input + spanStart(row, field), input + spanEnd(row, field));
}

function length(row: usize, field: i32): usize {
  return spanEnd(row, field) - spanStart(row, field);
}

function lengthOfText(tuple: usize, text: i32): usize {
  return findText(BOOK_IDENTITIES, tuple, text) ? textLength : 0;
}

function nextField(row: usize, input: usize, field: i32): void {
  nextText(input + spanStart(row, field) + 1, length(row, field) - 2);
}

function nextOf(tuple: usize, text: i32): void {
  if (findText(BOOK_IDENTITIES, tuple, text)) nextText(textStart, textLength);
  else nextNull();
}
