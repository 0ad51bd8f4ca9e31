// eventID, requestID, sharedEventID: the canonical lower-case text of a UUID.

/**
 * Writes the 16 bytes of the UUID in the `length` bytes at p (quotes included) to `target`, in the
 * order of the text. False, with nothing written, when it is not 8-4-4-4-12 lower-case hex digits.
 */
export function parseUuid(p: usize, length: usize, target: usize): bool {
  if (length != 38 || load<u8>(p) != 0x22) return false;
  p += 1;
  const dashes =
    load<u8>(p, 8) == 0x2d &&
    load<u8>(p, 13) == 0x2d &&
    load<u8>(p, 18) == 0x2d &&
    load<u8>(p, 23) == 0x2d;
  if (!dashes) return false;
  // The 32 digits without the dashes: characters 0-7, 9-12, 14-17 and 19-22, 24-35.
  // prettier-ignore
  const first = i8x16.shuffle(
    v128.load(p),
    v128.load(p, 2),
    0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 30, 31,
  );
  // prettier-ignore
  const second = i8x16.shuffle(
    v128.load(p, 19),
    v128.load(p, 20),
    0, 1, 2, 3, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
  );
  if (!v128.any_true(v128.not(v128.and(areDigits(first), areDigits(second))))) {
    v128.store(target, i8x16.narrow_i16x8_u(pairs(values(first)), pairs(values(second))));
    return true;
  }
  return false;
}

function areDigits(text: v128): v128 {
  const isNumber = i8x16.le_u(i8x16.sub(text, i8x16.splat(0x30)), i8x16.splat(9));
  const isLetter = i8x16.le_u(i8x16.sub(text, i8x16.splat(0x61)), i8x16.splat(5));
  return v128.or(isNumber, isLetter);
}

/** 0-15 of each digit: the low four bits, and 9 more for a letter (bit 6). */
function values(text: v128): v128 {
  const low = v128.and(text, i8x16.splat(0x0f));
  const isLetter = i8x16.gt_u(text, i8x16.splat(0x60));
  return i8x16.add(low, v128.and(isLetter, i8x16.splat(9)));
}

/** Two digits to a byte, in the low half of each 16 bits; the first digit is the high one. */
function pairs(digits: v128): v128 {
  const high = v128.and(i16x8.shl(digits, 4), i16x8.splat(0x00f0));
  return v128.or(high, i16x8.shr_u(digits, 8));
}
