const slots_least = 1_024;
/** Numbers in one slot: the epoch, the two parts of the key, the second, the value. */
const width = 5;

/**
 * An open-addressing table of (group, member) -> (second, value) in one typed array. Entries that have
 * expired are dropped when the table grows; clear() raises an epoch and touches no slot, so that a table
 * serves thousands of small streams one after another.
 */
export class ExpiringTable {
  #slots = new Int32Array(slots_least * width);
  #mask = slots_least - 1;
  #used = 0;
  #epoch = 1;
  /** Whether the last slot() was made for a key that the table did not hold. */
  isNew = false;

  /**
   * The slot of a key, made when it is not there. Entries whose second is at or before `expired` may be
   * forgotten. All numbers are 32-bit integers.
   */
  slot(group: number, member: number, expired: number): number {
    if (this.#used * 2 > this.#mask) this.#grow(expired);
    const slots = this.#slots;
    let index = hash(group, member) & this.#mask;
    for (;;) {
      const at = index * width;
      if (slots[at] !== this.#epoch) {
        slots[at] = this.#epoch;
        slots[at + 1] = group;
        slots[at + 2] = member;
        this.#used++;
        this.isNew = true;
        return at;
      }
      if (slots[at + 1] === group && slots[at + 2] === member) {
        this.isNew = false;
        return at;
      }
      index = (index + 1) & this.#mask;
    }
  }

  second(at: number): number {
    return this.#slots[at + 3]!;
  }

  value(at: number): number {
    return this.#slots[at + 4]!;
  }

  set(at: number, second: number, value: number): void {
    this.#slots[at + 3] = second;
    this.#slots[at + 4] = value;
  }

  clear(): void {
    this.#used = 0;
    if (this.#epoch++ < 2 ** 31 - 2) return;
    this.#epoch = 1;
    this.#slots.fill(0);
  }

  /** Keeps what has not expired, in a table at least four times as large. */
  #grow(expired: number): void {
    const before = this.#slots;
    let kept = 0;
    for (let at = 0; at < before.length; at += width) {
      if (before[at] === this.#epoch && before[at + 3]! > expired) kept++;
    }
    let size = slots_least;
    while (size < kept * 4) size *= 2;
    this.#slots = new Int32Array(size * width);
    this.#mask = size - 1;
    this.#used = 0;
    for (let at = 0; at < before.length; at += width) {
      if (before[at] !== this.#epoch || before[at + 3]! <= expired) continue;
      const to = this.slot(before[at + 1]!, before[at + 2]!, expired);
      this.set(to, before[at + 3]!, before[at + 4]!);
    }
  }
}

/** Mixes both parts of a key (the finaliser of MurmurHash3). The ids are row numbers, not texts of a log. */
function hash(group: number, member: number): number {
  let mixed = Math.imul(group, 0x9e3779b1) ^ Math.imul(member, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
