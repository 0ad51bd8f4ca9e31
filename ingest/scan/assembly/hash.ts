// A hash of texts for the intern table. Its seed is random in each instance, because the hashed texts are
// written by strangers; a collision costs time, never a wrong value.
import { firstBytes } from './bytes';

let seed: v128 = i64x2.splat(0);

export function setSeed(low: i64, high: i64): void {
  seed = i64x2(low, high);
}

/** What the hash of a text of this kind starts from. */
export function startHash(kind: u64): v128 {
  return i64x2.splat(kind);
}

/**
 * Adds n bytes at p, the `piece`th of the text, to a hash. Blocks are only summed, so that no
 * multiplication waits for the one before; where a block stands is in the secret it is mixed with.
 * Reads up to 15 bytes past the text.
 */
export function addToHash(hash: v128, piece: u64, p: usize, n: usize): v128 {
  let secret = i64x2.add(seed, i64x2.splat((piece << 32) + n));
  const step = i64x2(0x1e3779b97f4a7c15, 0x42b2ae3d27d4eb4f);
  while (n >= 16) {
    hash = i64x2.add(hash, product(v128.load(p), secret));
    secret = i64x2.add(secret, step);
    p += 16;
    n -= 16;
  }
  return n == 0 ? hash : i64x2.add(hash, product(firstBytes(p, n), secret));
}

/** Two products of 32 bits by 32: the first half of the mixed block by its second, and the block itself. */
function product(block: v128, secret: v128): v128 {
  const mixed = v128.xor(block, secret);
  const swapped = i64x2.shuffle(mixed, mixed, 1, 0);
  return i64x2.add(i64x2.extmul_low_i32x4_u(mixed, swapped), block);
}

/** The hash as a number, every bit of it depending on all of the text. */
export function finishHash(hash: v128): u64 {
  let mixed = i64x2.extract_lane(hash, 0) ^ rotl(i64x2.extract_lane(hash, 1), 29);
  mixed ^= mixed >>> 32;
  mixed *= 0x1f51afd7ed558ccd;
  mixed ^= mixed >>> 29;
  mixed *= 0x44ceb9fe1a85ec53;
  return <u64>(mixed ^ (mixed >>> 32));
}
