import type { ObjectError, ObjectErrorClass } from './source.ts';

/**
 * Failures in a row, without a success between, after which the next object would meet the same. A denial
 * counts only while nothing could be read: one folder may be closed where others are open.
 */
export const failuresInARowMost: Partial<Record<ObjectErrorClass, number>> = {
  credentials: 3,
  denied: 10,
  transient: 10,
};

/** Counts failures in a row by class. */
export class FailureCount {
  #class: ObjectErrorClass | null = null;
  #inARow = 0;
  #hasRead = false;

  succeeded(): void {
    this.#hasRead = true;
    this.#class = null;
    this.#inARow = 0;
  }

  /** Whether this failure makes it certain enough that all others would fail likewise. */
  failed(errorClass: ObjectErrorClass): boolean {
    this.#inARow = this.#class === errorClass ? this.#inARow + 1 : 1;
    this.#class = errorClass;
    if (errorClass === 'denied' && this.#hasRead) return false;
    return this.#inARow >= (failuresInARowMost[errorClass] ?? Infinity);
  }
}

/** For so long a reader asks no more; a watch goes on afterwards. */
const pauseMs = 30_000;

/** Keeps a reader from asking for object after object what S3 refuses for all of them. */
export class Breaker {
  readonly #count = new FailureCount();
  #error: ObjectError | null = null;
  #until = 0;

  /** Throws what the last objects met, while it would be met again. */
  refuse(): void {
    if (this.#error && performance.now() < this.#until) throw this.#error;
    this.#error = null;
  }

  succeeded(): void {
    this.#count.succeeded();
  }

  failed(error: ObjectError): void {
    if (!this.#count.failed(error.errorClass)) return;
    this.#error = error;
    this.#until = performance.now() + pauseMs;
  }
}
