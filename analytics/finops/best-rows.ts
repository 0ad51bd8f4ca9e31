/**
 * The best rows of many, by a comparison that puts the better first: memory follows what is kept, not
 * what is seen. One row more than `rows_max` is kept, so that a cut can be told from an exact fit.
 */
export class BestRows<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #rows_max: number;
  #rows: T[] = [];

  constructor(rows_max: number, compare: (a: T, b: T) => number) {
    this.#rows_max = rows_max + 1;
    this.#compare = compare;
  }

  add(row: T): void {
    this.#rows.push(row);
    if (this.#rows.length >= 2 * this.#rows_max + 1_024) this.#cut();
  }

  /** The rows kept so far, best first. */
  finish(): T[] {
    this.#cut();
    return this.#rows;
  }

  #cut(): void {
    this.#rows.sort(this.#compare);
    if (this.#rows.length > this.#rows_max) this.#rows.length = this.#rows_max;
  }
}
