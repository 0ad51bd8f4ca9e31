// A hash of bytes for the intern table. Its seed is random in each instance, because the hashed texts
// are written by strangers; a collision costs time, never a wrong value.

let seed: u64 = 0x9e3779b97f4a7c15;

const M1: u64 = 0xff51afd7ed558ccd;
const M2: u64 = 0xc4ceb9fe1a85ec53;
const M3: u64 = 0x9fb21c651e98df25;
const M4: u64 = 0xd6e8feb86659fd93;

export function setSeed(low: u32, high: u32): void {
  seed = (<u64>low) | ((<u64>high) << 32);
}

/** The hash of what was hashed to `hash` and then n bytes at p. Reads up to 7 bytes past them. */
export function hashBytes(hash: u64, p: usize, n: usize): u64 {
  hash = (hash ^ seed ^ n) * M1;
  if (n >= 32) {
    // Four chains that do not wait for each other's multiplication.
    let a = hash;
    let b = hash ^ M2;
    let c = hash ^ M3;
    let d = hash ^ M4;
    while (n >= 32) {
      a = rotl(a ^ load<u64>(p), 29) * M1;
      b = rotl(b ^ load<u64>(p, 8), 31) * M2;
      c = rotl(c ^ load<u64>(p, 16), 33) * M3;
      d = rotl(d ^ load<u64>(p, 24), 37) * M4;
      p += 32;
      n -= 32;
    }
    hash = (a ^ rotl(b, 17)) * M3 + (c ^ rotl(d, 23)) * M4;
  }
  while (n >= 8) {
    hash = rotl(hash ^ load<u64>(p), 29) * M1;
    p += 8;
    n -= 8;
  }
  if (n > 0) hash = rotl(hash ^ (load<u64>(p) & (((<u64>1) << (n << 3)) - 1)), 29) * M2;
  return hash;
}

/** Spreads the last bits over all. */
export function mix(hash: u64): u64 {
  hash ^= hash >> 32;
  hash *= M1;
  hash ^= hash >> 29;
  hash *= M2;
  return hash ^ (hash >> 32);
}
