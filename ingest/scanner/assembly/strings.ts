// The end of a JSON string, 16 bytes at a time.
import { BACKSLASH, QUOTE } from './bytes';

/** Set when a string with a backslash is skipped; the caller clears it. */
export let sawEscape: bool = false;

export function clearEscape(): void {
  sawEscape = false;
}

/**
 * The position of the quote that ends the string whose first byte (after its opening quote) is at p.
 * A string that is cut off ends in the padding.
 */
export function endOfString(p: usize): usize {
  const quote = i8x16.splat(QUOTE);
  const backslash = i8x16.splat(BACKSLASH);
  while (true) {
    const bytes = v128.load(p);
    const stops = i8x16.bitmask(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)));
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += ctz(stops);
    if (load<u8>(p) == QUOTE) return p;
    sawEscape = true;
    p += 2;
  }
}
