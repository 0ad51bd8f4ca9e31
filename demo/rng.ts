/**
 * A small seeded random stream (mulberry32). `fork` gives an independent stream per name, so that
 * changing one situation leaves the bytes of all others alone.
 */
export class Rng {
  #state: number;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = this.#seed;
  }

  fork(name: string): Rng {
    return new Rng(hash32(name, this.#seed));
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A real number in [0, 1). */
  real(): number {
    return this.uint32() / 4294967296;
  }

  /** An integer in [low, high], both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.real() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.real() * items.length)] as T;
  }

  chance(probability: number): boolean {
    return this.real() < probability;
  }

  /** In place, Fisher and Yates. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = this.between(0, i);
      [items[i], items[j]] = [items[j] as T, items[i] as T];
    }
    return items;
  }

  /** Letters and digits, as in the unique part of a CloudTrail file name. */
  alphanumeric(length: number): string {
    let text = '';
    for (let i = 0; i < length; i += 1) text += ALPHANUMERIC[this.uint32() % ALPHANUMERIC.length];
    return text;
  }
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** FNV-1a over the UTF-16 units, started from `seed` and finished by a mixing step. */
export function hash32(text: string, seed = 0): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

function mix32(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/**
 * A version-4-shaped UUID of a numbered thing. `sequence` goes in whole through an invertible mix, so
 * two sequences of one seed and purpose never share an id.
 */
export function uuidOf(seed: number, sequence: number, purpose: number): string {
  const a = mix32(sequence ^ Math.imul(seed, 0x9e3779b1));
  const b = hex(mix32(a ^ 0x51ed270b ^ (purpose * 0x1000193)));
  const c = hex(mix32(a ^ 0x2545f491 ^ seed ^ purpose));
  const d = hex(mix32(a ^ 0x7feb352d ^ purpose));
  return `${hex(a)}-${b.slice(0, 4)}-4${b.slice(5)}-a${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

/** A UUID that depends on a name only: the ids of keys, the same whatever the seed. */
export function uuidOfName(name: string): string {
  return uuidOf(hash32(name, 7), hash32(name, 11), 3);
}

/** Upper-case letters and digits that depend on a name only: principal and access key ids. */
export function idOfName(prefix: string, name: string, length: number): string {
  return prefix + new Rng(hash32(name, 13)).alphanumeric(length).toUpperCase();
}
