import { ExpiringTable } from './expiring-table.ts';

/**
 * Fixed windows: the first call of a group opens [t, t + width) and pays; calls inside are free; the
 * window never slides. Calls must come in order of time. Expired windows are forgotten as the table
 * grows, so that memory follows the groups active within one width, not the trail's length.
 */
export class FixedWindows {
  readonly #width_seconds: number;
  readonly #opened = new ExpiringTable();

  constructor(width_seconds: number) {
    this.#width_seconds = width_seconds;
  }

  /** True when the call at `second` opens a window of the group, that is, when it still reaches KMS. */
  opens(group: number, second: number, member = 0): boolean {
    const at = this.#opened.slot(group, member, second - this.#width_seconds);
    if (this.#opened.isNew || second >= this.#opened.second(at) + this.#width_seconds) {
      this.#opened.set(at, second, 0);
      return true;
    }
    return false;
  }

  /** Forgets all windows, for the next stream of calls. */
  clear(): void {
    this.#opened.clear();
  }
}

/**
 * Write windows of one bucket and key: each requester's first write opens [t, t + width). All of them
 * are remembered (eight bytes a window), because a read may name an object of any of them.
 */
export class WriteWindows {
  readonly #width_seconds: number;
  readonly #starts: number[][] = [];
  readonly #ids: number[][] = [];
  #count = 0;

  constructor(width_seconds: number) {
    this.#width_seconds = width_seconds;
  }

  /** True when the write opens a window. */
  opens(requester: number, second: number): boolean {
    const starts = (this.#starts[requester] ??= []);
    const last = starts.at(-1);
    if (last !== undefined && second < last + this.#width_seconds) return false;
    starts.push(second);
    (this.#ids[requester] ??= []).push(this.#count++);
    return true;
  }

  /** The id of the window that holds this requester's write at `second`. */
  windowOf(requester: number, second: number): number {
    const starts = this.#starts[requester] ?? [];
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= second) low = middle + 1;
      else high = middle;
    }
    return this.#ids[requester]![low - 1]!;
  }
}

/** The busiest second of a stream that comes in order of time. */
export class PeakSecond {
  peak = 0;
  #second = Number.NaN;
  #calls = 0;

  clear(): void {
    this.peak = 0;
    this.#second = Number.NaN;
    this.#calls = 0;
  }

  add(second: number): void {
    this.#calls = second === this.#second ? this.#calls + 1 : 1;
    this.#second = second;
    if (this.#calls > this.peak) this.peak = this.#calls;
  }
}

/** Small consecutive numbers for texts. */
export class Interner {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** The texts, each at its number. */
  names(): string[] {
    return [...this.#numbers.keys()];
  }
}
