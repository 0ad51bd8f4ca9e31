/** A finished answer: bytes as they go out. */
export interface CachedBody {
  body: string | Uint8Array<ArrayBuffer>;
  truncated: boolean;
}

const entries_max = 256;
const chars_max = 48 * 1024 * 1024;

/**
 * Answers by ETag, so that a page that asks again (or several panels that ask the same) costs no
 * query. An ETag names the data version, so an entry never grows stale; the oldest make room.
 */
export class ResultCache {
  readonly #done = new Map<string, CachedBody>();
  readonly #running = new Map<string, Promise<CachedBody>>();
  #chars = 0;

  /** The cached answer, or that of the one computation that runs for it. */
  async get(etag: string, compute: () => Promise<CachedBody>): Promise<CachedBody> {
    const cached = this.#done.get(etag);
    if (cached) {
      this.#done.delete(etag);
      this.#done.set(etag, cached);
      return cached;
    }
    const running = this.#running.get(etag);
    if (running) return running;
    const promise = compute();
    this.#running.set(etag, promise);
    try {
      const made = await promise;
      this.#keep(etag, made);
      return made;
    } finally {
      this.#running.delete(etag);
    }
  }

  #keep(etag: string, made: CachedBody): void {
    if (made.body.length > chars_max / 8) return;
    this.#done.set(etag, made);
    this.#chars += made.body.length;
    for (const [oldest, entry] of this.#done) {
      if (this.#chars <= chars_max && this.#done.size <= entries_max) break;
      this.#done.delete(oldest);
      this.#chars -= entry.body.length;
    }
  }
}
