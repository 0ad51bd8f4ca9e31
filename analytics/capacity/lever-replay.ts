import { FixedWindows, Interner, WriteWindows } from '../finops/write-window.ts';

/** A successful GenerateDataKey or Decrypt; calls come in order of second, writes before reads. */
export interface LeverCall {
  second: number;
  is_write: boolean;
  principal: string;
  key: string;
  context: string;
  /** Bucket of an S3 context that names an object; null for every other call. */
  bucket: string | null;
  object: string;
}

export interface LeverReplay {
  /** True when the call still reaches KMS with the lever pulled. */
  reaches(call: LeverCall): boolean;
}

/**
 * A cache of data keys with a fixed lifetime: of calls alike in operation, principal, key and context
 * one in `window_seconds` reaches KMS. It answers no call without a context: what such calls have in
 * common cannot be told.
 */
export class DataKeyCacheReplay implements LeverReplay {
  readonly #windows: FixedWindows;
  readonly #groups = new Interner();

  constructor(window_seconds: number) {
    this.#windows = new FixedWindows(window_seconds);
  }

  reaches(call: LeverCall): boolean {
    if (call.context === '') return true;
    const group = JSON.stringify([call.is_write, call.principal, call.key, call.context]);
    return this.#windows.opens(this.#groups.of(group), call.second);
  }
}

/**
 * S3 Bucket Keys from the first day on (definitions: Bucket key replay): one write call a requester and window; one
 * read call a write window, reader and window for objects written in the log; reads of objects that
 * are older than the log, and calls of anything but S3 objects, stay as they are. A requester is a role.
 */
export class BucketKeyReplay implements LeverReplay {
  readonly #writes: WriteWindows;
  readonly #reads: FixedWindows;
  readonly #requesters = new Interner();
  readonly #roles = new Interner();
  readonly #lastWrites = new Map<string, { requester: number; second: number }>();

  constructor(window_seconds: number) {
    this.#writes = new WriteWindows(window_seconds);
    this.#reads = new FixedWindows(window_seconds);
  }

  reaches(call: LeverCall): boolean {
    if (call.bucket === null) return true;
    const object = JSON.stringify([call.bucket, call.key, call.object]);
    if (call.is_write) {
      const requester = this.#requesters.of(
        JSON.stringify([call.bucket, call.key, call.principal]),
      );
      const opens = this.#writes.opens(requester, call.second);
      this.#lastWrites.set(object, { requester, second: call.second });
      return opens;
    }
    const written = this.#lastWrites.get(object);
    if (!written) return true;
    const window = this.#writes.windowOf(written.requester, written.second);
    return this.#reads.opens(window, call.second, this.#roles.of(call.principal));
  }
}
