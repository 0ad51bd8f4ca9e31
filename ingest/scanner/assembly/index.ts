// The scanner's exports: scan() finds the rows of a file, encode() makes columns of them.
import { BOOK_ACTIONS, STOP_END } from '../column-layout';
import { GROUPS_MAX, KIND_KEPT, KIND_KMS, ROW_GROUPS, ROW_KIND, UNDECODED } from '../row-layout';
import { encodeRow, startTimes } from './encode';
import { forgetTexts, internGroups, internKept, isCrowded } from './intern';
import { forgetKnown } from './known';
import { ensureMemory, input } from './memory';
import { endRelatedRow } from './pending';
import { ROW_BYTES, rows, rowsAt } from './scan';
import { forgetTuples, tableLength, tuplesAreCrowded, use, writeTable } from './tuples';

export { inputFor, scan, summaryAt } from './scan';
export { addToGroup, groupCount, isCrowded } from './intern';
export {
  callerOf,
  knownCall,
  knownClient,
  knownContext,
  knownIdentity,
  teachCall,
  teachClient,
  teachContext,
  teachIdentity,
} from './known';
export {
  endText,
  pending,
  pendingAt,
  relatedPending,
  roomForText,
  setNull,
  setPending,
} from './pending';
export { addTuple, roomForTuple, setBook, startPositions, usedCount } from './tuples';
export { addInterest, nextInterest } from './interest';
export { encodedMax, encodedMin } from './encode';
export { setRelatedEnabled } from './encode-related';
export { setSeed } from './hash';

/** Forgets all texts and what the rules said of them; the ids of the groups start again. */
export function reset(): void {
  forgetTexts();
  forgetKnown();
}

/** Why the last encode() stopped: a STOP_ number. */
export let stopReason: i32 = STOP_END;

/** Encodes the rows of the last scan from this one on; the row where it stopped. */
export function encode(row: u32): u32 {
  if (row == 0) startTimes();
  stopReason = STOP_END;
  for (; row < rows; row++) {
    stopReason = encodeRow(rowsAt + <usize>row * ROW_BYTES, input);
    if (stopReason != STOP_END) return row;
  }
  return row;
}

/** Ends a row of `related` whose texts were set from outside. */
export function endRelated(row: u32, action: u32): void {
  endRelatedRow(rowsAt + <usize>row * ROW_BYTES, use(BOOK_ACTIONS, action));
}

/** Forgets all: texts, what the rules said, tuples. What is used of these must have been taken. */
export function forgetAll(): void {
  reset();
  forgetTuples();
}

/** Gives the rows from this one on new ids, after reset(). */
export function internFrom(row: u32): void {
  for (; row < rows; row++) {
    const at = rowsAt + <usize>row * ROW_BYTES;
    const kind = load<u32>(at + (ROW_KIND << 2));
    if (kind == KIND_KMS) internGroups(at, input, GROUPS_MAX);
    else if (kind == KIND_KEPT && load<u32>(at + (ROW_GROUPS << 2)) != UNDECODED) {
      internKept(at, input);
    }
  }
}

/** Whether a batch had better start with forgetAll(). */
export function isBatchCrowded(): bool {
  return isCrowded() || tuplesAreCrowded(3);
}

/** Writes the used tuples of a book (see tuples.ts); the address. */
export function tableOf(book: i32): usize {
  const at = (rowsAt + <usize>rows * ROW_BYTES + 63) & ~(<usize>63);
  ensureMemory(at + tableLength(book) + 65536);
  writeTable(book, at);
  return at;
}
