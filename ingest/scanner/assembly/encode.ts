// Rows to columns: what is known of a row's texts is looked up, and its values are put behind those of the
// rows before.
import {
  BOOK_CALL_TEXTS,
  BOOK_CALLS,
  BOOK_CLIENTS,
  BOOK_CONTEXT_TEXTS,
  BOOK_IDENTITIES,
  BOOK_KEYS,
  PENDING_ROWS,
  PER_ROW,
  STOP_ASK,
  STOP_CROWDED,
  STOP_END,
  STOP_FULL,
  STOP_PLAIN,
  TEXT_ENCRYPTION_CONTEXT,
  TEXT_ERROR_MESSAGE,
  TEXT_REQUEST_PARAMETERS,
  TEXT_RESOURCE_ARN,
  TEXT_RESPONSE_ELEMENTS,
} from '../column-layout';
import {
  FIELD_ERROR_MESSAGE,
  KIND_KMS,
  KIND_UNUSUAL,
  NOT_INTERNED,
  ROW_CONTEXT_CUT,
  ROW_CONTEXT_END,
  ROW_CONTEXT_START,
  ROW_EVENT_TIME,
  ROW_GROUPS,
  ROW_KIND,
  ROW_PRESENT,
} from '../row-layout';
import { tellClient } from './client';
import { encodeRelated } from './encode-related';
import { tellIdentity } from './identity';
import {
  callerOf,
  knownIsCrowded,
  callTexts,
  contextTexts,
  keyTuple,
  knownCall,
  knownClient,
  knownContext,
  knownIdentity,
} from './known';
import { isPlainString } from './members';
import { tellContext } from './plain-context';
import { endRow, hasRoom, pending, setNull, setOwn, setPosition, setText } from './pending';
import { findText, textLength, textStart, tupleAt, tuplesAreCrowded, use } from './tuples';
import { spanEnd, spanStart } from './walk';

// The groups of a row, as TypeScript set them.
const IDENTITY: i32 = ROW_GROUPS << 2;
const CLIENT: i32 = (ROW_GROUPS + 1) << 2;
const CALL: i32 = (ROW_GROUPS + 2) << 2;
const CONTEXT: i32 = (ROW_GROUPS + 3) << 2;

// `{"aws:s3:arn":"` and `"}` around the ARN of an object.
const S3_PREFIX: usize = 15;
const S3_SUFFIX: usize = 2;

/** Earliest and latest time of the rows that were encoded since startTimes. */
export let encodedMin: i32 = i32.MAX_VALUE;
export let encodedMax: i32 = i32.MIN_VALUE;

export function startTimes(): void {
  encodedMin = i32.MAX_VALUE;
  encodedMax = i32.MIN_VALUE;
}

/** Encodes one row; STOP_END when it is done, else why not. */
export function encodeRow(row: usize, input: usize): i32 {
  const kind = load<u32>(row + (ROW_KIND << 2));
  if (kind == KIND_UNUSUAL) return STOP_PLAIN;
  if (kind != KIND_KMS) return encodeRelated(row, input);
  const identityId = load<u32>(row + IDENTITY);
  const clientId = load<u32>(row + CLIENT);
  const callId = load<u32>(row + CALL);
  const contextId = load<u32>(row + CONTEXT);
  const notInterned =
    identityId == NOT_INTERNED ||
    clientId == NOT_INTERNED ||
    callId == NOT_INTERNED ||
    contextId == NOT_INTERNED;
  if (notInterned || tuplesAreCrowded(4) || knownIsCrowded()) return STOP_CROWDED;
  if (pending == PENDING_ROWS) return STOP_FULL;

  let identity = knownIdentity(identityId);
  if (identity == 0) {
    if (!tellIdentity(identityId, row, input)) return STOP_ASK;
    identity = knownIdentity(identityId);
  }
  let client = knownClient(clientId);
  if (client == 0) {
    if (!tellClient(clientId, row, input)) return STOP_ASK;
    client = knownClient(clientId);
  }
  let context = knownContext(contextId);
  if (context == 0) {
    if (!tellContext(contextId, row, input)) return STOP_ASK;
    context = knownContext(contextId);
  }
  if (identity == PER_ROW || client == PER_ROW || context == PER_ROW) return STOP_PLAIN;
  const call = knownCall(callId, callerOf(identityId), context - 1);
  if (call == 0) return STOP_ASK;
  if (call == PER_ROW) return STOP_PLAIN;

  const stop = encodeTexts(row, input, context == 1, contextTexts(contextId));
  if (stop != STOP_END) return stop;
  setOwn(row);
  setPosition(BOOK_CALLS, use(BOOK_CALLS, call - 1));
  setPosition(BOOK_IDENTITIES, use(BOOK_IDENTITIES, identity - 1));
  setPosition(BOOK_CLIENTS, use(BOOK_CLIENTS, client - 1));
  setPosition(BOOK_KEYS, use(BOOK_KEYS, keyTuple));
  endRow();
  const time = load<i32>(row + (ROW_EVENT_TIME << 2));
  if (time < encodedMin) encodedMin = time;
  if (time > encodedMax) encodedMax = time;
  return STOP_END;
}

/** Sets the text columns of a row whose call is the one last found. */
function encodeTexts(row: usize, input: usize, noContext: bool, texts: u32): i32 {
  const call = tupleAt(BOOK_CALL_TEXTS, callTexts);
  const context = noContext ? call : tupleAt(BOOK_CONTEXT_TEXTS, texts);
  const contextBook = noContext ? BOOK_CALL_TEXTS : BOOK_CONTEXT_TEXTS;
  let stop = setErrorMessage(row, input);
  if (stop != STOP_END) return stop;
  const start = input + load<u32>(row + (ROW_CONTEXT_START << 2));
  const end = input + load<u32>(row + (ROW_CONTEXT_END << 2));
  if (input + load<u32>(row + (ROW_CONTEXT_CUT << 2)) < end) {
    // The ARN of one object of many, plainly written: as it stands.
    stop = setSpan(TEXT_ENCRYPTION_CONTEXT, start, end - start);
    if (stop != STOP_END) return stop;
    stop = setSpan(TEXT_RESOURCE_ARN, start + S3_PREFIX, end - start - S3_PREFIX - S3_SUFFIX);
  } else {
    stop = setTextOf(TEXT_ENCRYPTION_CONTEXT, contextBook, context, 0);
    if (stop != STOP_END) return stop;
    stop = setTextOf(TEXT_RESOURCE_ARN, contextBook, context, 1);
  }
  if (stop != STOP_END) return stop;
  stop = setTextOf(TEXT_REQUEST_PARAMETERS, BOOK_CALL_TEXTS, call, 2);
  if (stop != STOP_END) return stop;
  return setTextOf(TEXT_RESPONSE_ELEMENTS, BOOK_CALL_TEXTS, call, 3);
}

/** Only a plain string or null is taken here; an empty one is as good as none. */
function setErrorMessage(row: usize, input: usize): i32 {
  if ((load<u32>(row + (ROW_PRESENT << 2)) & (1 << FIELD_ERROR_MESSAGE)) == 0) {
    setNull(TEXT_ERROR_MESSAGE);
    return STOP_END;
  }
  const start = input + spanStart(row, FIELD_ERROR_MESSAGE);
  const end = input + spanEnd(row, FIELD_ERROR_MESSAGE);
  if (!isPlainString(start, end)) return STOP_PLAIN;
  if (end - start > 2) return setSpan(TEXT_ERROR_MESSAGE, start + 1, end - start - 2);
  setNull(TEXT_ERROR_MESSAGE);
  return STOP_END;
}

function setTextOf(column: i32, book: i32, tuple: usize, text: i32): i32 {
  if (findText(book, tuple, text)) return setSpan(column, textStart, textLength);
  setNull(column);
  return STOP_END;
}

function setSpan(column: i32, from: usize, length: usize): i32 {
  if (!hasRoom(column, length)) {
    return pending == 0 ? STOP_PLAIN : STOP_FULL;
  }
  setText(column, from, length);
  return STOP_END;
}
