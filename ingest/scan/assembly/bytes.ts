// Bytes of JSON text, and the steps over them that need no SIMD.

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;
export const COMMA: u8 = 0x2c;
export const COLON: u8 = 0x3a;
export const OPEN_BRACE: u8 = 0x7b;
export const CLOSE_BRACE: u8 = 0x7d;
export const OPEN_BRACKET: u8 = 0x5b;
export const CLOSE_BRACKET: u8 = 0x5d;

/** What a step returns instead of a position when the text is broken there. */
export const BROKEN: usize = 0;

/**
 * Bytes of quotes that stand after the input. Every loop stops at a quote or checks for the end, and
 * no SIMD load reaches further than this past the end, so that a cut-off text ends the scan.
 */
export const PADDING: usize = 128;

/** The first position from p on that is not one of JSON's four white-space bytes. */
export function skipSpace(p: usize): usize {
  let byte = load<u8>(p);
  while (byte <= 0x20) {
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return p;
    byte = load<u8>(++p);
  }
  return p;
}

/** The position after a number, true, false or null that begins at p; p itself when none does. */
export function skipScalar(p: usize): usize {
  while (isScalarByte(load<u8>(p))) p++;
  return p;
}

function isScalarByte(byte: u8): bool {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte == 0x2d ||
    byte == 0x2b ||
    byte == 0x2e
  );
}

// 32 bytes of ones, then 32 of zeros: a load at (ones + 32 - n) keeps the first n bytes.
const ones = memory.data(64);
memory.fill(ones, 0xff, 32);

/** Whether the n <= 32 bytes at a and b are equal. Reads 32 bytes at both. */
export function equal32(a: usize, b: usize, n: usize): bool {
  const mask = ones + 32 - n;
  const low = v128.and(v128.xor(v128.load(a), v128.load(b)), v128.load(mask));
  const high = v128.and(v128.xor(v128.load(a, 16), v128.load(b, 16)), v128.load(mask, 16));
  return !v128.any_true(v128.or(low, high));
}

/** The n < 16 bytes at p, then zeros. Reads 16 bytes. */
export function firstBytes(p: usize, n: usize): v128 {
  return v128.and(v128.load(p), v128.load(ones + 32 - n));
}

/** Whether the n bytes at a and b are equal. Reads up to 15 bytes past both. */
export function equalBytes(a: usize, b: usize, n: usize): bool {
  while (n >= 64) {
    const first = v128.or(differ(a, b), differ(a + 16, b + 16));
    const second = v128.or(differ(a + 32, b + 32), differ(a + 48, b + 48));
    if (v128.any_true(v128.or(first, second))) return false;
    a += 64;
    b += 64;
    n -= 64;
  }
  while (n >= 16) {
    if (v128.any_true(differ(a, b))) return false;
    a += 16;
    b += 16;
    n -= 16;
  }
  return !v128.any_true(v128.and(differ(a, b), v128.load(ones + 32 - n)));
}

function differ(a: usize, b: usize): v128 {
  return v128.xor(v128.load(a), v128.load(b));
}

/** Copies n bytes. Reads up to 15 bytes past them, and writes as many. */
export function copyBytes(to: usize, from: usize, n: usize): void {
  for (let i: usize = 0; i < n; i += 16) v128.store(to + i, v128.load(from + i));
}
