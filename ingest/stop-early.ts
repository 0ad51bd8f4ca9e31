import type { ObjectResult } from '../store/batch/event-batch.ts';
import { FailureCount } from './sources/breaker.ts';
import type { ListedObject, ListProblem, ObjectErrorClass } from './sources/source.ts';

/** What to do when every object of a bucket fails alike. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['credentials', 'sign in again, or set other credentials, and set the clock'],
  ['denied', 'grant s3:GetObject on the objects; --requester-pays if the requester pays'],
  ['transient', 'check the network and --endpoint'],
]);

/** Notices that S3 refuses everything, so that a run stops after a few objects with one message. */
export class StopEarly {
  readonly #count = new FailureCount();
  #stopped: ListProblem | null = null;

  /** The reason to stop, when this object gave it; null otherwise, and after the first time. */
  look(listed: ListedObject, result: ObjectResult): ListProblem | null {
    if (listed.source !== 's3' || this.#stopped) return null;
    if (result.status !== 'transient') {
      this.#count.succeeded();
      return null;
    }
    const errorClass = (result.error_class ?? '').replace(/^object_/, '') as ObjectErrorClass;
    if (!this.#count.failed(errorClass)) return null;
    this.#stopped = {
      problem: errorClass === 'transient' ? 'failed' : 'denied',
      place: `s3://${listed.bucket}`,
      message: `stopped, as every object fails alike: ${result.error_detail}; ${remedies.get(errorClass)}, then run again: what was stored stays`,
    };
    return this.#stopped;
  }

  get isStopped(): boolean {
    return this.#stopped !== null;
  }
}
