/** Sums of four numbers for each payer, as they come to be known. */
export class Tallies {
  readonly #sums: number[] = [];

  clear(): void {
    this.#sums.length = 0;
  }

  add(payer: number, column: number): void {
    const at = payer * 4 + column;
    while (this.#sums.length <= at) this.#sums.push(0);
    this.#sums[at]!++;
  }

  of(payer: number): [number, number, number, number] {
    const at = payer * 4;
    return [0, 1, 2, 3].map((column) => this.#sums[at + column] ?? 0) as [
      number,
      number,
      number,
      number,
    ];
  }
}

/**
 * The write window of each object's last write, for each setting: four bytes an object and setting.
 * Objects that were not written in the log take no room but their number.
 */
export class LastWindows {
  readonly #settings: number;
  #places = new Int32Array(1_024);
  #windows = new Int32Array(1_024);
  #written = 0;

  constructor(settings: number) {
    this.#settings = settings;
  }

  /** Where the windows of an object are; made when it is not there. */
  place(object: number): number {
    const found = this.find(object);
    if (found >= 0) return found;
    if (object >= this.#places.length) this.#places = larger(this.#places, object + 1);
    const place = this.#written++ * this.#settings;
    this.#places[object] = place + 1;
    const end = place + this.#settings;
    if (end > this.#windows.length) this.#windows = larger(this.#windows, end);
    return place;
  }

  /** -1 when the object was not written in the log so far. */
  find(object: number): number {
    return (this.#places[object] ?? 0) - 1;
  }

  set(place: number, setting: number, window: number): void {
    this.#windows[place + setting] = window;
  }

  get(place: number, setting: number): number {
    return this.#windows[place + setting]!;
  }
}

function larger(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(Math.max(length, array.length * 2));
  grown.set(array);
  return grown;
}

/** A set of small numbers, one bit each. */
export class BitSet {
  #bits = new Uint8Array(1_024);

  /** True when the number is new. */
  add(number: number): boolean {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    const bit = 1 << (number & 7);
    if (this.#bits[at]! & bit) return false;
    this.#bits[at]! |= bit;
    return true;
  }
}
