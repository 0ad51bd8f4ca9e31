// One element of the Records array: the spans of its top-level fields.
import { ROW_SPANS } from '../row-layout';
import { BROKEN, CLOSE_BRACE, COLON, COMMA, QUOTE, skipSpace } from './bytes';
import { fieldOf, keyIs, keyLength, learnNext, nextField, NO_FIELD, UNKNOWN } from './fields';
import { clearEscape, endOfString, sawEscape } from './strings';
import { skipValue } from './values';

/** Set by walkRecord: bit f for each field f that is there. */
export let present: u32 = 0;
/** Set by walkRecord: a key with an escape, or a known key twice. Only a full parser can judge it. */
export let ambiguous: bool = false;

/**
 * Walks the object that opens at p, writes the span of each known field to `row`, relative to
 * `input`, and returns the position after the object, or BROKEN.
 */
export function walkRecord(p: usize, end: usize, row: usize, input: usize): usize {
  const spans = row + (ROW_SPANS << 2);
  let seen: u32 = 0;
  let previous = NO_FIELD;
  ambiguous = false;
  present = 0;
  p = skipSpace(p + 1);
  if (load<u8>(p) == CLOSE_BRACE) return p + 1;
  while (p < end) {
    let field = nextField(previous);
    if (keyIs(p, field)) {
      p += keyLength(field);
    } else {
      if (load<u8>(p) != QUOTE) return BROKEN;
      clearEscape();
      const keyEnd = endOfString(p + 1) + 1;
      if (sawEscape) ambiguous = true;
      field = fieldOf(p, keyEnd - p);
      if (field != UNKNOWN) learnNext(previous, field);
      p = keyEnd;
    }
    previous = field;
    if (load<u8>(p) != COLON) {
      p = skipSpace(p);
      if (load<u8>(p) != COLON) return BROKEN;
    }
    p = skipSpace(p + 1);
    const valueStart = p;
    p = skipValue(p, end);
    if (p == BROKEN) return BROKEN;
    if (field != UNKNOWN) {
      const bit: u32 = 1 << field;
      if (seen & bit) ambiguous = true;
      seen |= bit;
      const span = spans + ((<usize>field) << 3);
      store<u32>(span, <u32>(valueStart - input));
      store<u32>(span, <u32>(p - input), 4);
    }
    p = skipSpace(p);
    const after = load<u8>(p);
    p++;
    if (after == CLOSE_BRACE) {
      present = seen;
      return p <= end ? p : BROKEN;
    }
    if (after != COMMA) return BROKEN;
    p = skipSpace(p);
  }
  return BROKEN;
}

/** Whether the record last walked has the field. */
export function has(field: i32): bool {
  return (present & (1 << field)) != 0;
}

export function spanStart(row: usize, field: i32): usize {
  return <usize>load<u32>(row + (ROW_SPANS << 2) + ((<usize>field) << 3));
}

export function spanEnd(row: usize, field: i32): usize {
  return <usize>load<u32>(row + (ROW_SPANS << 2) + ((<usize>field) << 3), 4);
}
