// The end of a JSON string, 16 bytes at a time.
import { BACKSLASH, BROKEN, QUOTE } from './bytes';

/** Set when a string with a backslash is passed; the caller clears it. */
export let sawEscape: bool = false;

export function clearEscape(): void {
  sawEscape = false;
}

/**
 * The position after the string whose opening quote is at p; BROKEN when JSON forbids it: a control
 * character, or an escape that is none. A string that is cut off ends in the padding.
 */
export function endOfString(p: usize): usize {
  const quote = i8x16.splat(QUOTE);
  const backslash = i8x16.splat(BACKSLASH);
  const space = i8x16.splat(0x20);
  p++;
  while (true) {
    const bytes = v128.load(p);
    const special = v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash));
    const stops = i8x16.bitmask(v128.or(special, i8x16.lt_u(bytes, space)));
    if (stops == 0) {
      p += 16;
      continue;
    }
    p += ctz(stops);
    const byte = load<u8>(p);
    if (byte == QUOTE) return p + 1;
    if (byte != BACKSLASH) return BROKEN;
    sawEscape = true;
    p = endOfEscape(p);
    if (p == BROKEN) return BROKEN;
  }
}

/** The position after the escape at p; BROKEN when there is no such escape. */
function endOfEscape(p: usize): usize {
  const escaped = load<u8>(p, 1);
  if (escaped == 0x75) {
    for (let i: usize = 2; i < 6; i++) if (hexDigit(load<u8>(p + i)) > 15) return BROKEN;
    return p + 6;
  }
  const known =
    escaped == QUOTE ||
    escaped == BACKSLASH ||
    escaped == 0x2f ||
    escaped == 0x62 ||
    escaped == 0x66 ||
    escaped == 0x6e ||
    escaped == 0x72 ||
    escaped == 0x74;
  return known ? p + 2 : BROKEN;
}

/** The value of a hexadecimal digit; more than 15 when it is none. */
export function hexDigit(byte: u8): u32 {
  const digit = <u32>byte - 0x30;
  if (digit <= 9) return digit;
  const letter = (<u32>byte | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 99;
}

/** The 16 bits of the escape \uXXXX at p. */
export function codeUnit(p: usize): u32 {
  const high = (hexDigit(load<u8>(p, 2)) << 4) | hexDigit(load<u8>(p, 3));
  return (high << 8) | (hexDigit(load<u8>(p, 4)) << 4) | hexDigit(load<u8>(p, 5));
}
