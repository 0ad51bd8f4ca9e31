import type { Column } from '../../store/event-batch.ts';
import { encodeText } from '../../store/utf8.ts';
import { isCanonicalUuid, writeId } from '../../store/uuid.ts';

const rows_first = 1024;
const bytes_first = 16 * 1024;

/** Validity of a column: one byte a row, made only when the first null comes. */
class Validity {
  #valid: Uint8Array | null = null;

  setNull(row: number, capacity: number): void {
    if (this.#valid === null) this.#valid = new Uint8Array(capacity).fill(1);
    else if (this.#valid.length <= row) {
      const larger = new Uint8Array(capacity).fill(1);
      larger.set(this.#valid);
      this.#valid = larger;
    }
    this.#valid[row] = 0;
  }

  /** Takes back what was said of the rows from `rowCount` on. */
  truncate(rowCount: number): void {
    this.#valid?.fill(1, rowCount);
  }

  finish(rowCount: number): { valid?: Uint8Array } {
    if (!this.#valid) return {};
    const valid = new Uint8Array(rowCount).fill(1);
    valid.set(this.#valid.subarray(0, rowCount));
    return valid.includes(0) ? { valid } : {};
  }
}

/** 16-byte ids. */
export class IdColumn {
  #words = new Uint32Array(rows_first * 4);
  #bytes = new Uint8Array(this.#words.buffer);
  readonly #validity = new Validity();

  /** Four words as the scanner keeps them: the bytes in the order of the text. */
  setWords(row: number, words: Uint32Array, at: number): void {
    const to = row * 4;
    if (to + 4 > this.#words.length) this.#grow();
    const target = this.#words;
    target[to] = words[at]!;
    target[to + 1] = words[at + 1]!;
    target[to + 2] = words[at + 2]!;
    target[to + 3] = words[at + 3]!;
  }

  setText(row: number, id: string | null): void {
    if (id === null) return this.setNull(row);
    if ((row + 1) * 4 > this.#words.length) this.#grow();
    writeId(id, this.#bytes, row * 16);
  }

  setNull(row: number): void {
    if ((row + 1) * 4 > this.#words.length) this.#grow();
    const to = row * 4;
    const target = this.#words;
    target[to] = target[to + 1] = target[to + 2] = target[to + 3] = 0;
    this.#validity.setNull(row, this.#words.length / 4);
  }

  truncate(rowCount: number): void {
    this.#validity.truncate(rowCount);
  }

  finish(rowCount: number): Column {
    const data = this.#bytes.slice(0, rowCount * 16);
    return { kind: 'uuid', data, ...this.#validity.finish(rowCount) };
  }

  #grow(): void {
    const larger = new Uint32Array(this.#words.length * 2);
    larger.set(this.#words);
    this.#words = larger;
    this.#bytes = new Uint8Array(larger.buffer);
  }
}

/** 32-bit integers without nulls. */
export class IntegerColumn {
  #data = new Int32Array(rows_first);

  set(row: number, value: number): void {
    if (row >= this.#data.length) {
      const larger = new Int32Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[row] = value;
  }

  finish(rowCount: number): Column {
    return { kind: 'integer', data: this.#data.slice(0, rowCount) };
  }
}

/** Instants, set in seconds since 1970, kept as microseconds. */
export class InstantColumn {
  #data = new BigInt64Array(rows_first);
  #halves = new Int32Array(this.#data.buffer);

  set(row: number, seconds: number): void {
    if (row >= this.#data.length) {
      const larger = new BigInt64Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
      this.#halves = new Int32Array(larger.buffer);
    }
    const microseconds = seconds * 1_000_000;
    if (!Number.isSafeInteger(microseconds)) {
      this.#data[row] = BigInt(seconds) * 1_000_000n;
      return;
    }
    // Two halves by plain numbers (little-endian, as all that Node runs on): BigInt arithmetic is slow.
    const high = Math.floor(microseconds / 2 ** 32);
    this.#halves[2 * row] = microseconds - high * 2 ** 32;
    this.#halves[2 * row + 1] = high;
  }

  finish(rowCount: number): Column {
    return { kind: 'timestamp', data: this.#data.slice(0, rowCount) };
  }
}

/** UTF-8 text. Rows are set in order. */
export class TextColumn {
  #bytes = Buffer.allocUnsafeSlow(bytes_first);
  #ends = new Uint32Array(rows_first);
  readonly #validity = new Validity();

  setNull(row: number): void {
    this.#end(row, this.#startOf(row));
    this.#validity.setNull(row, this.#ends.length);
  }

  /** Bytes [from, to) of `source`, which are UTF-8. */
  setBytes(row: number, source: Uint8Array, from: number, to: number): void {
    const start = this.#startOf(row);
    const end = start + to - from;
    if (end > this.#bytes.length) this.#growBytes(end);
    const target = this.#bytes;
    // A short copy in a loop costs less than a call out of JavaScript.
    if (to - from > 300) target.set(source.subarray(from, to), start);
    else for (let i = start, j = from; j < to; i++, j++) target[i] = source[j]!;
    this.#end(row, end);
  }

  setText(row: number, text: string | null): void {
    if (text === null) return this.setNull(row);
    const encoded = encodeText(text);
    this.setBytes(row, encoded, 0, encoded.length);
  }

  truncate(rowCount: number): void {
    this.#validity.truncate(rowCount);
  }

  finish(rowCount: number): Column {
    const offsets = new Uint32Array(rowCount + 1);
    offsets.set(this.#ends.subarray(0, rowCount), 1);
    const bytes = new Uint8Array(this.#bytes.subarray(0, offsets[rowCount]));
    return { kind: 'text', bytes, offsets, ...this.#validity.finish(rowCount) };
  }

  #startOf(row: number): number {
    return row === 0 ? 0 : this.#ends[row - 1]!;
  }

  #end(row: number, end: number): void {
    if (row >= this.#ends.length) {
      const larger = new Uint32Array(this.#ends.length * 2);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#ends[row] = end;
  }

  #growBytes(least: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(least, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** The few ids of an id column that are no UUIDs: what its text column holds. */
export class OddIds {
  readonly #texts = new Map<number, string>();

  /** Keeps the id unless 16 bytes give it back. */
  set(row: number, id: string | null): void {
    if (id !== null && !isCanonicalUuid(id)) this.#texts.set(row, id);
  }

  truncate(rowCount: number): void {
    for (const row of this.#texts.keys()) if (row >= rowCount) this.#texts.delete(row);
  }

  /** Nearly always empty: one column of nulls. */
  finish(rowCount: number): Column {
    if (this.#texts.size === 0) {
      const valid = rowCount === 0 ? {} : { valid: new Uint8Array(rowCount) };
      const offsets = new Uint32Array(rowCount + 1);
      return { kind: 'text', bytes: new Uint8Array(0), offsets, ...valid };
    }
    const column = new TextColumn();
    for (let row = 0; row < rowCount; row++) column.setText(row, this.#texts.get(row) ?? null);
    return column.finish(rowCount);
  }
}
