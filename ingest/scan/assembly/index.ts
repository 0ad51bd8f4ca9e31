// The scanner's exports: scan() makes rows of a file and tells which combinations of facts are new, and when
// the rules were asked about these, encode() makes columns of the rows.
import { combinationsAreMany, forgetCombinations } from './combinations';
import { forgetTexts, textsAreMany } from './dictionary';

export { inputFor, rowsAt, scan, summaryAt } from './scan';
export { encode } from './encode';
export { endEvent, endRelated, endText, events, keepWaiting, related, roomForText, setNull, waitingAt } from './waiting';
export { addInput, codesOf, entryCount, newEntry, roomFor, setAnswer, setDerived, setWanted } from './combinations';
export { codeOf, textLength, textStart } from './dictionary';
export { addHeld, nextHeld } from './texts';
export { addRelated, forgetRelated, nextRelated } from './related';
export { setSeed } from './hash';
export { allocate } from './memory';

/** Forgets all facts and combinations: codes and entries start again. */
export function forget(): void {
  forgetTexts();
  forgetCombinations();
}

/** Whether it is time to forget. */
export function isCrowded(): bool {
  return textsAreMany() || combinationsAreMany();
}
