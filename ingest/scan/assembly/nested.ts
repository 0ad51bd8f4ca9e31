// The end of an object or array, 64 bytes at a time: one bit a byte says where quotes and brackets
// are, so that the strings inside need no loop of their own.
import { BACKSLASH, BROKEN, CLOSE_BRACE, OPEN_BRACE, QUOTE } from './bytes';

/**
 * The position after the bracket that closes the object or array that opens at p; BROKEN when it is
 * not closed before `end`. Braces and brackets are counted alike: what stands between is not validated.
 */
export function skipNested(p: usize, end: usize): usize {
  const quote = i8x16.splat(QUOTE);
  const backslash = i8x16.splat(BACKSLASH);
  const caseBit = i8x16.splat(0x20);
  const open = i8x16.splat(OPEN_BRACE);
  const close = i8x16.splat(CLOSE_BRACE);
  let depth: i32 = 1;
  let inString: u64 = 0; // all ones while a string is open
  let escapedFirst: u64 = 0; // 1 when the last block ended in a backslash that escapes
  p += 1;
  while (p < end) {
    let a = v128.load(p);
    let b = v128.load(p, 16);
    let c = v128.load(p, 32);
    let d = v128.load(p, 48);
    let quotes = bits(
      i8x16.eq(a, quote),
      i8x16.eq(b, quote),
      i8x16.eq(c, quote),
      i8x16.eq(d, quote),
    );
    const ea = i8x16.eq(a, backslash);
    const eb = i8x16.eq(b, backslash);
    const ec = i8x16.eq(c, backslash);
    const ed = i8x16.eq(d, backslash);
    if (escapedFirst != 0 || v128.any_true(v128.or(v128.or(ea, eb), v128.or(ec, ed)))) {
      let escapes = bits(ea, eb, ec, ed) & ~escapedFirst;
      let escaped = escapedFirst;
      escapedFirst = 0;
      while (escapes != 0) {
        const at = ctz(escapes);
        if (at == 63) escapedFirst = 1;
        else escaped |= (<u64>2) << at;
        // The escaped byte may be a backslash: it escapes nothing.
        escapes &= ~((<u64>3) << at);
      }
      quotes &= ~escaped;
    }
    // '[' and ']' are '{' and '}' with one bit less, and no other byte is.
    a = v128.or(a, caseBit);
    b = v128.or(b, caseBit);
    c = v128.or(c, caseBit);
    d = v128.or(d, caseBit);
    const oa = i8x16.eq(a, open);
    const ob = i8x16.eq(b, open);
    const oc = i8x16.eq(c, open);
    const od = i8x16.eq(d, open);
    const ca = i8x16.eq(a, close);
    const cb = i8x16.eq(b, close);
    const cc = i8x16.eq(c, close);
    const cd = i8x16.eq(d, close);
    const anyOpen = v128.or(v128.or(oa, ob), v128.or(oc, od));
    const anyClose = v128.or(v128.or(ca, cb), v128.or(cc, cd));
    if (!v128.any_true(v128.or(anyOpen, anyClose))) {
      // Most blocks are long texts: only whether a string is open at their end matters.
      inString ^= 0 - (popcnt(quotes) & 1);
      p += 64;
      continue;
    }
    const strings = parity(quotes) ^ inString;
    inString = <u64>((<i64>strings) >> 63);
    const opens = bits(oa, ob, oc, od) & ~strings;
    let closes = bits(ca, cb, cc, cd) & ~strings;
    const opened = <i32>popcnt(opens);
    const closed = <i32>popcnt(closes);
    if (closed >= depth) {
      // The end may be here: it is the first close that all opens before it leave without a partner.
      for (let nth = 1; closes != 0; nth++) {
        const at = ctz(closes);
        if (depth + <i32>popcnt(opens & (((<u64>1) << at) - 1)) == nth) {
          p += <usize>at + 1;
          return p <= end ? p : BROKEN;
        }
        closes &= closes - 1;
      }
    }
    depth += opened - closed;
    p += 64;
  }
  return BROKEN;
}

/** One bit a byte, lowest first, of four comparisons. */
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = (<u32>i8x16.bitmask(a)) | ((<u32>i8x16.bitmask(b)) << 16);
  const high = (<u32>i8x16.bitmask(c)) | ((<u32>i8x16.bitmask(d)) << 16);
  return (<u64>low) | ((<u64>high) << 32);
}

/** Bit i is set when an odd number of bits 0..i are: from an opening quote to before its end. */
function parity(x: u64): u64 {
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  return x ^ (x << 32);
}
