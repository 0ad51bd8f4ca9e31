import { mixed, secretMultiplier } from './secret-hash.ts';

/** Slots of a table of ids at first and at most (16 MiB); it is full when three quarters are taken. */
const slots_first = 1 << 14;
const slots_max = 1 << 21;

/** From and to which time there are events, in microseconds since the epoch. */
export interface Span {
  min: number;
  max: number;
}

/**
 * Tells which events are surely new, so that the database need not be asked about them. It remembers
 * what the writer appended last, as 64 bits of each id, in two tables: when the younger one is full it
 * takes the place of the older one, of which only the times are kept. An event that it calls new is
 * new; of the others the database decides.
 */
export class KnownIds {
  readonly #max: number;
  /** There are events at or between these times that are not remembered. */
  readonly #elsewhere: Span;
  #older: IdTable | null = null;
  #younger: IdTable;

  /** `stored`: the times between which there are events already; null when there is none. */
  constructor(stored: Span | null, max = slots_max) {
    this.#elsewhere = stored ? { ...stored } : emptySpan();
    this.#max = max;
    this.#younger = new IdTable(Math.min(max, slots_first));
  }

  /** Remembers the event; false when it is surely new. `ids` is of 16 bytes a row, as four words. */
  mayHold(ids: Int32Array, row: number, time: number): boolean {
    const word = row * 4;
    const low = ids[word]! ^ Math.imul(ids[word + 2]!, 0x9e3779b1);
    const high = ids[word + 1]! ^ Math.imul(ids[word + 3]!, 0x85ebca6b) || 1;
    if (this.#younger.count >= this.#max * 0.75) this.#turn();
    widen(this.#younger.times, time, time);
    const known = !this.#younger.add(low, high) || this.#older?.has(low, high) === true;
    return known || (time >= this.#elsewhere.min && time <= this.#elsewhere.max);
  }

  #turn(): void {
    if (this.#older) widen(this.#elsewhere, this.#older.times.min, this.#older.times.max);
    this.#older = this.#younger;
    this.#younger = new IdTable(this.#max);
  }
}

const emptySpan = (): Span => ({ min: Infinity, max: -Infinity });

function widen(span: Span, min: number, max: number): void {
  if (min < span.min) span.min = min;
  if (max > span.max) span.max = max;
}

/** A set of 64-bit numbers, none with a high word of 0, and the times that belong to them. */
class IdTable {
  readonly times = emptySpan();
  count = 0;
  /** Two words a slot, both 0 when it is free. */
  #slots: Int32Array;
  readonly #low = secretMultiplier();
  readonly #high = secretMultiplier();

  constructor(slots: number) {
    this.#slots = new Int32Array(2 * slots);
  }

  has(low: number, high: number): boolean {
    return this.#slots[this.#find(low, high) + 1] !== 0;
  }

  /** False when it is there already. */
  add(low: number, high: number): boolean {
    const at = this.#find(low, high);
    if (this.#slots[at + 1] !== 0) return false;
    this.#slots[at] = low;
    this.#slots[at + 1] = high;
    if (8 * ++this.count > 3 * this.#slots.length) this.#grow();
    return true;
  }

  /** Where the number is, or would be. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const hash = mixed(Math.imul(low, this.#low) ^ Math.imul(high, this.#high));
    let at = (2 * hash) & mask;
    while (slots[at + 1] !== 0 && (slots[at] !== low || slots[at + 1] !== high))
      at = (at + 2) & mask;
    return at;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Int32Array(2 * slots.length);
    for (let from = 0; from < slots.length; from += 2) {
      if (slots[from + 1] === 0) continue;
      const at = this.#find(slots[from]!, slots[from + 1]!);
      this.#slots[at] = slots[from]!;
      this.#slots[at + 1] = slots[from + 1]!;
    }
  }
}
