/**
 * How many requests may run at once, learnt from the server: halved when it says "slow down", one more
 * after a full round of answers without it (additive increase, multiplicative decrease, as in TCP).
 */
export class ConcurrencyLimit {
  readonly #most: number;
  #limit: number;
  #running = 0;
  #successes = 0;
  #era = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    if (!Number.isInteger(most) || most < 1)
      throw new RangeError(`concurrency ${most} is not >= 1`);
    this.#most = most;
    this.#limit = most;
  }

  get limit(): number {
    return this.#limit;
  }

  get running(): number {
    return this.#running;
  }

  /**
   * Runs the task when there is room, first come first served. The task gets `slowDown`: call it for
   * each "slow down" answer. The tasks that were under way together halve the limit once, not once each.
   */
  async run<T>(task: (slowDown: () => void) => Promise<T>): Promise<T> {
    // A freed slot is handed over while still counted, so that a newcomer can't take it in between.
    if (this.#running < this.#limit && this.#waiting.length === 0) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const turn: Turn = { era: this.#era, slowed: false };
    try {
      const result = await task(() => this.#slowDown(turn));
      if (!turn.slowed) this.#succeeded();
      return result;
    } finally {
      this.#running -= 1;
      this.#admit();
    }
  }

  #slowDown(turn: Turn): void {
    this.#successes = 0;
    turn.slowed = true;
    // Started before the last halving: that halving answered it. Its next one counts.
    const isAnswered = turn.era !== this.#era;
    if (!isAnswered) {
      this.#limit = Math.max(1, Math.floor(this.#limit / 2));
      this.#era += 1;
    }
    turn.era = this.#era;
  }

  #succeeded(): void {
    if (this.#limit === this.#most) return;
    this.#successes += 1;
    if (this.#successes < this.#limit) return;
    this.#successes = 0;
    this.#limit += 1;
  }

  #admit(): void {
    while (this.#running < this.#limit) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#running += 1;
      next();
    }
  }
}

/** One task's run: the count of halvings when it began or last slowed down, and whether it did. */
interface Turn {
  era: number;
  slowed: boolean;
}
