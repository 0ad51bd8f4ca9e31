import { setTimeout as delay } from 'node:timers/promises';

/** A pause of this many times what a refresh took: readers take about a twentieth of an ingest's time. */
const pause_factor = 19;
const pause_ms = { least: 100, most: 20_000 };
/** Answers that take longer than the longest pause allows for are made anew this much more rarely. */
const rest_factor = 20;

/**
 * Makes answers anew while an ingest runs, one at a time and with pauses, so that the ingest keeps its
 * speed however many clients ask. A question waits once, however often it is asked, and one that takes
 * long is left alone for a multiple of that, so that it does not hold up the others.
 */
export class Refresher {
  readonly #wanted = new Map<string, () => Promise<void>>();
  readonly #closing: AbortSignal | undefined;
  readonly #background: Set<Promise<void>> | undefined;
  #running = false;

  constructor(closing: AbortSignal | undefined, background: Set<Promise<void>> | undefined) {
    this.#closing = closing;
    this.#background = background;
  }

  /** `refresh` must not reject; `held` is the answer that it replaces. */
  ask(
    question: string,
    held: { made_at: number; took_ms: number },
    refresh: () => Promise<void>,
  ): void {
    if (Date.now() - held.made_at < held.took_ms * rest_factor) return;
    this.#wanted.set(question, refresh);
    if (this.#running || this.#closing?.aborted) return;
    this.#running = true;
    const work = this.#run().finally(() => {
      this.#running = false;
      this.#background?.delete(work);
    });
    this.#background?.add(work);
  }

  async #run(): Promise<void> {
    for (const [question, refresh] of this.#wanted) {
      if (this.#closing?.aborted) return;
      this.#wanted.delete(question);
      const started = performance.now();
      await refresh();
      const wanted_ms = (performance.now() - started) * pause_factor;
      const pause = Math.min(pause_ms.most, Math.max(pause_ms.least, wanted_ms));
      await delay(pause, undefined, { signal: this.#closing, ref: false }).catch(() => undefined);
    }
  }
}
