import type { Column } from '../batch/event-batch.ts';

/** Bytes of tuples and number of tuples before all are forgotten: bounds memory whatever the trail's size. */
const bytes_max = 16 * 1024 * 1024;
const tuples_max = 1 << 17;
const slots = tuples_max * 2;
/** A tuple that finds no place near its own is not remembered: nobody can make lookups slow by choice of texts. */
const probes_max = 64;

/**
 * Remembers tuples by their bytes: all of them one after the other in one buffer, found by a hash and
 * then compared byte by byte. No text is made of them.
 */
export class TupleDictionary {
  #bytes = new Uint8Array(64 * 1024);
  #end = 0;
  #count = 0;
  /** Index of a tuple + 1 in each slot that is taken. */
  #slots = new Int32Array(0);
  /** Of each tuple: its number, its hash and where its bytes begin; they end where the next begin. */
  #numbers = new Int32Array(0);
  #hashes = new Int32Array(0);
  #starts = new Int32Array(0);

  clear(): void {
    this.#end = this.#count = 0;
    this.#slots.fill(0);
  }

  /** The number of the tuple in this row; when it is not known it gets `next` from now on. */
  numberOf(columns: readonly Column[], row: number, next: number): number {
    const from = this.#end;
    const to = this.#write(columns, row);
    const hash = hashOf(this.#bytes, from, to);
    if (this.#slots.length === 0) this.#allocate();
    for (let probe = 0; probe < probes_max; probe++) {
      const slot = (hash + probe) & (slots - 1);
      const index = this.#slots[slot]! - 1;
      if (index < 0) {
        if (this.#count < tuples_max) this.#remember(slot, next, hash, to);
        return next;
      }
      if (this.#hashes[index] === hash && this.#isSame(index, from, to))
        return this.#numbers[index]!;
    }
    return next;
  }

  /** Whether it has as much as it may have: it is time to forget. */
  get isFull(): boolean {
    return this.#end >= bytes_max || this.#count >= tuples_max;
  }

  #allocate(): void {
    this.#slots = new Int32Array(slots);
    this.#numbers = new Int32Array(tuples_max);
    this.#hashes = new Int32Array(tuples_max);
    this.#starts = new Int32Array(tuples_max + 1);
  }

  #remember(slot: number, number: number, hash: number, end: number): void {
    const index = this.#count++;
    this.#slots[slot] = index + 1;
    this.#numbers[index] = number;
    this.#hashes[index] = hash;
    this.#starts[index + 1] = this.#end = end;
  }

  #isSame(index: number, from: number, to: number): boolean {
    const start = this.#starts[index]!;
    if (this.#starts[index + 1]! - start !== to - from) return false;
    const bytes = this.#bytes;
    for (let i = from, j = start; i < to; i++, j++) if (bytes[i] !== bytes[j]) return false;
    return true;
  }

  /** Writes a tuple behind the known ones, each value with its length, and gives its end. */
  #write(columns: readonly Column[], row: number): number {
    let at = this.#end;
    for (const column of columns) {
      const text = column.kind === 'text' ? column : null;
      const begin = text ? text.offsets[row]! : 0;
      const size = text ? text.offsets[row + 1]! - begin : 0;
      const bytes = this.#room(at + size + 5);
      if (column.valid?.[row] === 0) {
        bytes[at++] = 0;
      } else if (text) {
        bytes[at++] = 1;
        for (let shift = 0; shift < 32; shift += 8) bytes[at++] = size >>> shift;
        bytes.set(text.bytes.subarray(begin, begin + size), at);
        at += size;
      } else {
        if (column.kind !== 'boolean')
          throw new Error(`no dimension holds a column of ${column.kind}`);
        bytes[at++] = 1;
        bytes[at++] = column.data[row]!;
      }
    }
    return at;
  }

  #room(bytes: number): Uint8Array {
    if (bytes <= this.#bytes.length) return this.#bytes;
    const larger = new Uint8Array(2 * bytes);
    larger.set(this.#bytes);
    return (this.#bytes = larger);
  }
}

/** FNV-1a over words of four bytes, with its high bits mixed into the low ones that choose the slot. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 ^ (to - from);
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 13;
  }
  for (; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
