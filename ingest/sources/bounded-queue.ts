/**
 * Hands items from several producers to one consumer and makes the producers wait when `limit` items
 * lie unread. One consumer only.
 */
export class BoundedQueue<T> {
  readonly #limit: number;
  readonly #items: T[] = [];
  readonly #producers: (() => void)[] = [];
  #consumer: (() => void) | undefined;
  #ended = false;
  #error: unknown;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when there is room. After end or fail, items are dropped: nobody reads them. */
  async push(item: T): Promise<void> {
    while (this.#items.length >= this.#limit && !this.#ended) {
      await new Promise<void>((resolve) => this.#producers.push(resolve));
    }
    if (this.#ended) return;
    this.#items.push(item);
    this.#wakeConsumer();
  }

  end(): void {
    this.#ended = true;
    for (const wake of this.#producers.splice(0)) wake();
    this.#wakeConsumer();
  }

  /** Ends the queue; the consumer gets the error after the items that lie there. */
  fail(error: unknown): void {
    this.#error ??= error;
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#producers.shift()?.();
        yield item;
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#consumer = resolve));
      }
    }
  }

  #wakeConsumer(): void {
    this.#consumer?.();
    this.#consumer = undefined;
  }
}
