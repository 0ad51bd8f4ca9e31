// What a record is, and its row: ids and time, the entries of its combinations, where its texts are.
import {
  ADDENDUM,
  ACTIONS,
  ADDITIONAL_DATA,
  ADDRESS_SHAPE,
  ADDRESSES,
  CALLS,
  CLIENTS,
  CONTEXT_SHAPE,
  ENCRYPTION_CONTEXT,
  ERROR_MESSAGE,
  EVENT_ID,
  EVENT_NAME,
  EVENT_SOURCE,
  EVENT_TIME,
  IDENTITIES,
  KEY_SHAPE,
  KEYS,
  OBJECT_KEY,
  paths,
  REQUEST_ID,
  REQUEST_PARAMETERS,
  RESOURCES,
  RESOURCES_SHAPE,
  RESPONSE_ELEMENTS,
  SERVICE_DETAILS,
  SHARED_EVENT_ID,
  SOURCE_CONTEXT,
  SOURCE_IP,
  SUBJECTS,
  TLS_DETAILS,
  USER_IDENTITY,
} from '../../facts';
import {
  KIND_KMS,
  KIND_RELATED,
  KIND_UNUSUAL,
  MARK_CONTEXT,
  MARK_KEY,
  MARK_RESOURCES,
  ROW_ENTRIES,
  ROW_EVENT_ID,
  ROW_IDS,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
  ROW_TEXTS,
  ROW_TIME,
  TEXT_CONTEXT,
  TEXT_KEY,
  TEXT_MESSAGE,
  TEXT_PARAMETERS,
  TEXT_REQUEST_ID,
  TEXT_RESOURCES,
  TEXT_RESPONSE,
  TEXT_SOURCE,
} from '../layout';
import { BACKSLASH, equal32, QUOTE } from './bytes';
import { combine, NO_ENTRY, setDerived } from './combinations';
import { codeOf } from './dictionary';
import { isKept, KEPT, NOT_KEPT } from './related';
import { shapeOf } from './shape';
import { parseTime, seconds } from './time';
import { ambiguous, has, valueEnd, valueStart, walkInto } from './tree';
import { parseUuid } from './uuid';

/** No row: an event of another service that is not kept. */
export const KIND_PASSED: i32 = 3;

const kms = memory.data(32);
const kmsText = '"kms.amazonaws.com"';
for (let i = 0; i < kmsText.length; i++) store<u8>(kms + i, <u8>kmsText.charCodeAt(i));
const KMS_LENGTH: usize = 19;
// The end that all services share: .amazonaws.com"
const SUFFIX_LENGTH: usize = 15;

/** What the record that was walked last is; it fills its row unless it is unusual or passed. */
export function readRecord(row: usize): i32 {
  if (ambiguous || !hasTime() || !(isText(EVENT_NAME) || isText(EVENT_ID))) return KIND_UNUSUAL;
  const source = sourceKind();
  if (source == KIND_UNUSUAL) return KIND_UNUSUAL;
  store<i64>(row + (ROW_TIME << 2), seconds);
  // An addendum may say that the record replaces another: rare, and for the plain reader to tell.
  if (source == KIND_KMS) return !has(ADDENDUM) && readKms(row) ? KIND_KMS : KIND_UNUSUAL;
  const kept = isKept();
  if (kept == NOT_KEPT) return KIND_PASSED;
  return kept == KEPT && readRelated(row) ? KIND_RELATED : KIND_UNUSUAL;
}

/** KIND_KMS, KIND_PASSED for another service, KIND_UNUSUAL when the source is no name of a service. */
function sourceKind(): i32 {
  if (!has(EVENT_SOURCE)) return KIND_UNUSUAL;
  const start = valueStart(EVENT_SOURCE);
  const length = valueEnd(EVENT_SOURCE) - start;
  if (length == KMS_LENGTH && equal32(start, kms, KMS_LENGTH)) return KIND_KMS;
  // An S3 notification has "aws:s3".
  if (load<u8>(start) != QUOTE || length < SUFFIX_LENGTH + 2) return KIND_UNUSUAL;
  const suffix = start + length - SUFFIX_LENGTH;
  if (!equal32(suffix, kms + KMS_LENGTH - SUFFIX_LENGTH, SUFFIX_LENGTH)) return KIND_UNUSUAL;
  for (let p = start; p < suffix; p++) if (load<u8>(p) == BACKSLASH) return KIND_UNUSUAL;
  return KIND_PASSED;
}

function hasTime(): bool {
  if (!has(EVENT_TIME)) return false;
  const start = valueStart(EVENT_TIME);
  return parseTime(start, valueEnd(EVENT_TIME) - start);
}

function isText(path: i32): bool {
  return has(path) && load<u8>(valueStart(path)) == QUOTE;
}

/** False when a value is not of its usual form. */
function readKms(row: usize): bool {
  if (!isText(EVENT_NAME) || valueEnd(EVENT_NAME) - valueStart(EVENT_NAME) < 3) return false;
  if (!readIds(row, true)) return false;
  const inside =
    walkInto(USER_IDENTITY) &&
    walkInto(REQUEST_PARAMETERS) &&
    walkInto(RESPONSE_ELEMENTS) &&
    walkInto(RESOURCES) &&
    walkInto(ADDITIONAL_DATA) &&
    walkInto(SERVICE_DETAILS) &&
    walkInto(TLS_DETAILS);
  if (!inside || ambiguous) return false;
  const context = isThere(ENCRYPTION_CONTEXT) ? ENCRYPTION_CONTEXT : SOURCE_CONTEXT;
  const hasContext = isThere(context);
  if (!setShape(CONTEXT_SHAPE, context, hasContext, MARK_CONTEXT)) return false;
  for (let rule = CALLS; rule <= KEYS; rule++) if (!setEntry(row, rule, rule)) return false;
  setText(row, TEXT_MESSAGE, ERROR_MESSAGE);
  setText(row, TEXT_CONTEXT, context);
  setText(row, TEXT_PARAMETERS, REQUEST_PARAMETERS);
  setText(row, TEXT_RESPONSE, RESPONSE_ELEMENTS);
  return true;
}

function readRelated(row: usize): bool {
  if (!readIds(row, false)) return false;
  const inside =
    walkInto(USER_IDENTITY) &&
    walkInto(REQUEST_PARAMETERS) &&
    walkInto(RESPONSE_ELEMENTS) &&
    walkInto(RESOURCES);
  if (!inside || ambiguous) return false;
  const isMarked = isText(OBJECT_KEY) || !has(OBJECT_KEY);
  if (!isMarked || !setShape(KEY_SHAPE, OBJECT_KEY, has(OBJECT_KEY), MARK_KEY)) return false;
  if (!setShape(RESOURCES_SHAPE, RESOURCES, has(RESOURCES), MARK_RESOURCES)) return false;
  if (!setAddress()) return false;
  if (!setEntry(row, ACTIONS, 0) || !setEntry(row, SUBJECTS, 1) || !setEntry(row, ADDRESSES, 2)) {
    return false;
  }
  setText(row, TEXT_SOURCE, SOURCE_IP);
  setText(row, TEXT_REQUEST_ID, REQUEST_ID);
  setText(row, TEXT_PARAMETERS, REQUEST_PARAMETERS);
  setText(row, TEXT_RESPONSE, RESPONSE_ELEMENTS);
  setText(row, TEXT_RESOURCES, RESOURCES);
  setText(row, TEXT_KEY, OBJECT_KEY);
  return true;
}

/** There, and not null. */
function isThere(path: i32): bool {
  return has(path) && load<u8>(valueStart(path)) != 0x6e;
}

function readIds(row: usize, all: bool): bool {
  if (!has(EVENT_ID) || !readId(row, EVENT_ID, ROW_EVENT_ID)) return false;
  if (!all) return true;
  const hasRequest = isThere(REQUEST_ID);
  const hasShared = isThere(SHARED_EVENT_ID);
  store<u32>(row + (ROW_IDS << 2), (hasRequest ? 1 : 0) | (hasShared ? 2 : 0));
  if (hasRequest && !readId(row, REQUEST_ID, ROW_REQUEST_ID)) return false;
  return !hasShared || readId(row, SHARED_EVENT_ID, ROW_SHARED_EVENT_ID);
}

function readId(row: usize, path: i32, word: i32): bool {
  const start = valueStart(path);
  return parseUuid(start, valueEnd(path) - start, row + ((<usize>word) << 2));
}

function setShape(fact: i32, path: i32, there: bool, mark: i32): bool {
  let code: u32 = 0;
  if (there) {
    code = shapeOf(paths.length + fact, valueStart(path), valueEnd(path), mark);
    if (code == 0) return false;
  }
  setDerived(fact, code);
  return true;
}

/** An IPv4 address is as good as any other. */
function setAddress(): bool {
  let code: u32 = 0;
  if (has(SOURCE_IP)) {
    const start = valueStart(SOURCE_IP);
    const end = valueEnd(SOURCE_IP);
    const isAddress = isIpv4(start, end);
    code = codeOf(
      paths.length + ADDRESS_SHAPE,
      isAddress ? anyAddress : start,
      isAddress ? ANY_LENGTH : end - start,
    );
    if (code == 0) return false;
  }
  setDerived(ADDRESS_SHAPE, code);
  return true;
}

const ANY_LENGTH: usize = 9;
const anyAddress = memory.data(32);
const anyText = '"0.0.0.0"';
for (let i = 0; i < anyText.length; i++) store<u8>(anyAddress + i, <u8>anyText.charCodeAt(i));

/** Whether the string from p to end is four numbers up to 255, without zeros before them. */
function isIpv4(p: usize, end: usize): bool {
  if (load<u8>(p) != QUOTE) return false;
  p++;
  for (let part = 0; part < 4; part++) {
    const start = p;
    let number: u32 = 0;
    while (<u8>(load<u8>(p) - 0x30) <= 9 && p - start < 4) number = number * 10 + load<u8>(p++) - 0x30;
    const digits = p - start;
    if (digits == 0 || number > 255 || (digits > 1 && load<u8>(start) == 0x30)) return false;
    if (load<u8>(p++) != <u8>(part < 3 ? 0x2e : QUOTE)) return false;
  }
  return p == end;
}

function setEntry(row: usize, rule: i32, place: i32): bool {
  const entry = combine(rule);
  store<u32>(row + ((ROW_ENTRIES + place) << 2), entry);
  return entry != NO_ENTRY;
}

function setText(row: usize, text: i32, path: i32): void {
  const at = row + ((ROW_TEXTS + 2 * text) << 2);
  store<u32>(at, has(path) ? <u32>valueStart(path) : 0);
  store<u32>(at, has(path) ? <u32>valueEnd(path) : 0, 4);
}
