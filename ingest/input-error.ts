/**
 * Why an object's content is refused or left out: a class that docs/errors.md lists, and a sentence.
 * `skipped`: a look-alike that is no CloudTrail log; `dead`: a log that cannot be read.
 */
export class InputError extends Error {
  readonly errorClass: string;
  readonly status: 'dead' | 'skipped';

  constructor(errorClass: string, message: string, status: 'dead' | 'skipped' = 'dead') {
    super(message);
    this.name = 'InputError';
    this.errorClass = errorClass;
    this.status = status;
  }
}

/** What is said of an object that is read, but not as CloudTrail writes it or not as a whole. */
export interface Warning {
  errorClass: string;
  detail: string;
  /** Bytes of the object that nothing read. */
  unreadBytes?: number;
}
