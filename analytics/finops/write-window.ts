/** Ids that a composite key may hold in its lower part; see `pairKey`. */
const ids_max = 2 ** 24;

/** One number for two ids: exact while the first is below 2^29 and the second below 2^24. */
export function pairKey(first: number, second: number): number {
  if (second >= ids_max || first >= 2 ** 29) {
    throw new RangeError(`too many groups in one replay: ${first}, ${second}`);
  }
  return first * ids_max + second;
}

/**
 * Fixed windows: the first call of a group opens [t, t + width) and pays; calls inside are free; the
 * window never slides. Calls must come in order of time. Expired windows are forgotten as the table
 * doubles, so that memory follows the groups active within one width, not the trail's length.
 */
export class FixedWindows {
  readonly #width_seconds: number;
  readonly #opened = new Map<number, number>();
  #sweep_at = 1_024;

  constructor(width_seconds: number) {
    this.#width_seconds = width_seconds;
  }

  /** True when the call at `second` opens a window, that is, when it still reaches KMS. */
  opens(group: number, second: number): boolean {
    const start = this.#opened.get(group);
    if (start !== undefined && second < start + this.#width_seconds) return false;
    this.#opened.set(group, second);
    if (this.#opened.size >= this.#sweep_at) this.#sweep(second);
    return true;
  }

  #sweep(now: number): void {
    for (const [group, start] of this.#opened) {
      if (now >= start + this.#width_seconds) this.#opened.delete(group);
    }
    this.#sweep_at = Math.max(1_024, this.#opened.size * 2);
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
