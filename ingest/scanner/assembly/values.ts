// The end of any JSON value.
import { BROKEN, OPEN_BRACE, QUOTE, skipScalar } from './bytes';
import { skipNested } from './nested';
import { endOfString } from './strings';

/** The position after the value that begins at p, or BROKEN. What is skipped is not validated. */
export function skipValue(p: usize, end: usize): usize {
  const first = load<u8>(p);
  if (first == QUOTE) {
    const next = endOfString(p + 1) + 1;
    return next <= end ? next : BROKEN;
  }
  // '[' has one bit less than '{'.
  if ((first | 0x20) == OPEN_BRACE) return skipNested(p, end);
  const next = skipScalar(p);
  return next > p ? next : BROKEN;
}
