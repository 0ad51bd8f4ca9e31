/** Slots of the table of ids at first and at most (32 MiB); then it is emptied when three quarters are taken. */
const slots_first = 1 << 14;
const slots_max = 1 << 22;

/**
 * Tells which events are surely new, so that the database need not be asked about them. It remembers
 * what the writer has appended, as 64 bits of each id, and the times between which there are events
 * that it does not remember. An event that it calls new is new; of the others the database decides.
 */
export class KnownIds {
  /** Two words a slot, both 0 when it is free. */
  #slots: Int32Array;
  #count = 0;
  readonly #max: number;
  /** Microseconds since the epoch; events that are not remembered are at or between these. */
  #elsewhere: Span;
  #here: Span = { min: Infinity, max: -Infinity };

  /** `stored`: the times between which there are events already; null when there is none. */
  constructor(stored: Span | null, max = slots_max) {
    this.#elsewhere = stored ? { ...stored } : { min: Infinity, max: -Infinity };
    this.#max = max;
    this.#slots = new Int32Array(2 * Math.min(max, slots_first));
  }

  /** Remembers the event; false when it is surely new. `ids` is of 16 bytes a row, as four words. */
  mayHold(ids: Int32Array, row: number, time: number): boolean {
    const word = row * 4;
    const low = ids[word]! ^ Math.imul(ids[word + 2]!, 0x9e3779b1);
    const high = ids[word + 1]! ^ Math.imul(ids[word + 3]!, 0x85ebca6b) || 1;
    if (time < this.#here.min) this.#here.min = time;
    if (time > this.#here.max) this.#here.max = time;
    const known = this.#add(low, high);
    return known || (time >= this.#elsewhere.min && time <= this.#elsewhere.max);
  }

  #add(low: number, high: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let at = (2 * (low ^ (high >>> 7))) & mask;
    while (slots[at + 1] !== 0) {
      if (slots[at] === low && slots[at + 1] === high) return true;
      at = (at + 2) & mask;
    }
    slots[at] = low;
    slots[at + 1] = high;
    if (8 * ++this.#count >= 3 * slots.length) this.#makeRoom();
    return false;
  }

  /** Twice the slots; or, when there may be no more, all ids forgotten and their times noted. */
  #makeRoom(): void {
    const slots = this.#slots;
    this.#count = 0;
    if (slots.length >= 2 * this.#max) {
      this.#elsewhere.min = Math.min(this.#elsewhere.min, this.#here.min);
      this.#elsewhere.max = Math.max(this.#elsewhere.max, this.#here.max);
      this.#here = { min: Infinity, max: -Infinity };
      slots.fill(0);
      return;
    }
    this.#slots = new Int32Array(2 * slots.length);
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at + 1] !== 0) this.#add(slots[at]!, slots[at + 1]!);
    }
  }
}

export interface Span {
  min: number;
  max: number;
}
