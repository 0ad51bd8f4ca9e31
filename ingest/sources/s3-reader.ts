import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';

import type { S3Client } from '@aws-sdk/client-s3';

import { refuseNoLog, sniffBytes } from '../records/content-form.ts';
import { backOff } from './back-off.ts';
import { Breaker } from './breaker.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { checkSize } from './local-reader.ts';
import { concurrencyDefault, tuningOf, type S3Config } from './s3-settings.ts';
import { faultOf, isSpent, toObjectError } from './s3-errors.ts';
import { ObjectError, type ListedObject, type ObjectReader, type S3Tuning } from './source.ts';

/** Whole GETs of one object; the SDK's own tries of an unanswered request come on top. */
const triesMost = 4;

/** Objects of unknown name from this size on are looked at before they are read. */
const sniffedBytesMin = 256 * 1024;

/**
 * Reads objects with GetObject, each in the very version that was listed (If-Match). The SDK retries a
 * request that got no answer, but not a body that breaks, stalls or fails its checksum: here the whole
 * GET is tried again.
 */
export class S3Reader implements ObjectReader {
  readonly readConcurrency: number;
  readonly #config: S3Config;
  readonly #tuning: S3Tuning;
  readonly #limit: ConcurrencyLimit;
  readonly #breaker = new Breaker();
  #client: Promise<S3Client> | undefined;

  constructor(config: S3Config) {
    this.#config = config;
    this.#tuning = tuningOf(config);
    this.readConcurrency = config.concurrency ?? concurrencyDefault;
    this.#limit = new ConcurrencyLimit(this.readConcurrency);
  }

  /** How many GETs S3 lets run at once at the moment. */
  get concurrencyNow(): number {
    return this.#limit.limit;
  }

  async read(object: ListedObject, signal?: AbortSignal): Promise<Buffer> {
    // A second request for a small object would cost more than reading it.
    if (object.sniff && object.size_bytes > sniffedBytesMin) {
      refuseNoLog(await this.#read(object, sniffBytes, signal));
    }
    checkSize(object);
    const bytes = await this.#read(object, object.size_bytes, signal);
    if (object.sniff) refuseNoLog(bytes.subarray(0, sniffBytes));
    return bytes;
  }

  /** The first bytes of an object. */
  async #read(object: ListedObject, length: number, signal?: AbortSignal): Promise<Buffer> {
    const place = `s3://${object.bucket}/${object.key}`;
    for (let failed = 0; ; failed++) {
      signal?.throwIfAborted();
      this.#breaker.refuse();
      try {
        const bytes = await this.#limit.run((slowDown) => {
          this.#breaker.refuse();
          return this.#get(object, length, slowDown, signal);
        });
        this.#breaker.succeeded();
        return bytes;
      } catch (error) {
        if (error instanceof ObjectError) throw error;
        const fault = faultOf(error, signal);
        if (fault === 'aborted') throw signal?.reason;
        const retry =
          (fault === 'transient' || fault === 'slow_down') && !(error instanceof DeadlinePassed);
        if (!retry || failed + 1 >= triesMost || isSpent(error, this.#tuning.maxAttempts)) {
          const failure = toObjectError(error, fault, place);
          this.#breaker.failed(failure);
          throw failure;
        }
        await backOff(this.#tuning.retryBaseMs, failed, signal);
      }
    }
  }

  async #get(
    object: ListedObject,
    length: number,
    slowDown: () => void,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    // The SDK is loaded by the first read: workers on local files never pay for it.
    const [{ GetObjectCommand }, client] = await Promise.all([
      import('@aws-sdk/client-s3'),
      (this.#client ??= import('./s3-client.ts').then((room) => room.createS3Client(this.#config))),
    ]);
    const command = new GetObjectCommand({
      Bucket: object.bucket,
      Key: object.key,
      IfMatch: `"${object.version}"`,
      ...(length < object.size_bytes ? { Range: `bytes=0-${length - 1}` } : {}),
    });
    // Inside the SDK's retries, so that a "slow down" which a retry hides is heard too.
    command.middlewareStack.add(
      (next) => async (request) => {
        try {
          return await next(request);
        } catch (error) {
          if (faultOf(error) === 'slow_down') slowDown();
          throw error;
        }
      },
      { step: 'finalizeRequest', priority: 'low', name: 'hearSlowDown' },
    );
    const deadline = new Deadline(this.#tuning.objectDeadlineMs, signal);
    try {
      const answer = await client.send(command, { abortSignal: deadline.signal });
      const bytes = await collect(answer.Body as Readable, length);
      if (bytes.length !== length) {
        throw new Error(`got ${bytes.length} bytes of ${length}`);
      }
      return bytes;
    } catch (error) {
      throw deadline.reasonOr(error);
    } finally {
      deadline.clear();
    }
  }

  close(): void {
    void this.#client?.then((client) => client.destroy());
    this.#client = undefined;
  }
}

class DeadlinePassed extends Error {}

/** Aborts when the caller's signal does, or when the time is over. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#controller.abort(this.#outer?.reason);

  constructor(afterMs: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    // One listener for each read under way: many are no leak.
    if (outer) setMaxListeners(0, outer);
    outer?.addEventListener('abort', this.#onAbort, { once: true });
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DeadlinePassed(`not done after ${afterMs} ms`));
    }, afterMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What an abort makes of an answer says only "aborted"; the reason says why. */
  reasonOr(error: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : error;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }
}

/** Reads a body into a buffer of its own (not of Node's shared pool), never past the listed size. */
async function collect(body: Readable, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(size);
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (length + chunk.length > size) throw new Error(`got more than the listed ${size} bytes`);
      length += chunk.copy(bytes, length);
    }
  } catch (error) {
    body.destroy();
    throw error;
  }
  return length === size ? bytes : bytes.subarray(0, length);
}
