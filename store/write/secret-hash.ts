import { randomInt } from 'node:crypto';

/**
 * A random odd number to multiply with in a hash. Ids and times are written by strangers: with numbers that
 * they know they could choose texts whose hashes collide, and make each look-up as long as the table.
 */
export function secretMultiplier(): number {
  return randomInt(2 ** 32) | 1;
}

/** Brings what the multiplications spread upwards down to the bits that choose a slot. */
export function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return first ^ (first >>> 13);
}
