import { mixed, secretMultiplier } from './secret-hash.ts';

/**
 * Numbers triples of integers in the order in which they come, from 0. Memory is 12 bytes a triple and
 * 4 bytes for each of at least twice as many slots.
 */
export class TripleIndex {
  #triples = new Int32Array(3 * 1024);
  #slots = new Int32Array(2 * 1024);
  #count = 0;
  readonly #a = secretMultiplier();
  readonly #b = secretMultiplier();
  readonly #c = secretMultiplier();

  get count(): number {
    return this.#count;
  }

  /** The triples that are known, one after the other. */
  get triples(): Int32Array {
    return this.#triples.subarray(0, 3 * this.#count);
  }

  clear(): void {
    this.#count = 0;
    this.#slots.fill(0);
  }

  /** The number of a triple; it gets the next one when it is new. */
  numberOf(a: number, b: number, c: number): number {
    const mask = this.#slots.length - 1;
    const triples = this.#triples;
    let slot = this.#hashOf(a, b, c) & mask;
    for (;;) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) return this.#add(slot, a, b, c);
      const at = 3 * number;
      if (triples[at] === a && triples[at + 1] === b && triples[at + 2] === c) return number;
      slot = (slot + 1) & mask;
    }
  }

  #add(slot: number, a: number, b: number, c: number): number {
    const number = this.#count++;
    this.#triples[3 * number] = a;
    this.#triples[3 * number + 1] = b;
    this.#triples[3 * number + 2] = c;
    this.#slots[slot] = number + 1;
    if (2 * this.#count >= this.#slots.length) this.#grow();
    return number;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const triples = new Int32Array(3 * slots.length);
    triples.set(this.triples);
    for (let number = 0; number < this.#count; number++) {
      const at = 3 * number;
      const hash = this.#hashOf(triples[at]!, triples[at + 1]!, triples[at + 2]!);
      let slot = hash & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number + 1;
    }
    this.#slots = slots;
    this.#triples = triples;
  }

  #hashOf(a: number, b: number, c: number): number {
    return mixed(Math.imul(a, this.#a) ^ Math.imul(b, this.#b) ^ Math.imul(c, this.#c));
  }
}
