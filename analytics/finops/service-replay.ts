import { FixedWindows, PeakSecond } from './write-window.ts';

export const leverNames = [
  'sqs_reuse',
  'dynamodb_connections',
  'secret_cache',
  'parameter_cache',
  'branch_key_cache',
  'lambda_cold_starts',
  'log_bucket_key',
] as const;
export type LeverName = (typeof leverNames)[number];

/** One call that a lever may spare; calls come in order of second. */
export interface ServiceCall {
  second: number;
  /** Number of what one cache entry or data key serves. */
  item: number;
  /** Number of the client: an item, session and address. */
  client: number;
}

export interface LeverTimes {
  /** How long an answer is reused once the lever is pulled. */
  target_seconds: number;
  /** How long it is reused now, when a default says so; several calls in one such time are hosts. */
  current_seconds: number | null;
}

export interface ServiceOutcome {
  calls: number;
  /** Clients (item, session and address) that made the calls. */
  clients: number;
  /** Left when all sessions of a principal share: the optimistic bound. */
  calls_after_low: number;
  /** Left when each session and address asks for itself: the pessimistic bound, the headline. */
  calls_after_high: number;
  peak: number;
  peak_after: number;
  first_second: number;
  last_second: number;
}

/**
 * Replays one resource and principal against a reuse time: a client's first call opens [t, t + target)
 * and calls inside are spared. Where a current reuse time is known, more than one call of a client in
 * it means several hosts behind the client; the pessimistic bound keeps that many in each window.
 */
export class ServiceReplay {
  readonly #times: LeverTimes;
  readonly #target: FixedWindows;
  readonly #shared: FixedWindows;
  readonly #current: FixedWindows | null;
  readonly #clients = new Set<number>();
  readonly #before = new PeakSecond();
  readonly #after = new PeakSecond();
  #calls = 0;
  #kept = 0;
  #keptShared = 0;
  #periods = 0;
  #first = Number.NaN;
  #last = Number.NaN;

  constructor(times: LeverTimes) {
    this.#times = times;
    this.#target = new FixedWindows(times.target_seconds);
    this.#shared = new FixedWindows(times.target_seconds);
    this.#current = times.current_seconds === null ? null : new FixedWindows(times.current_seconds);
  }

  add({ second, item, client }: ServiceCall): void {
    this.call(second, item, client);
  }

  /** The same as add() without an object for each call. */
  call(second: number, item: number, client: number): void {
    this.#clients.add(client);
    if (this.#calls++ === 0) this.#first = second;
    this.#last = second;
    this.#before.add(second);
    if (this.#target.opens(client, second)) {
      this.#kept++;
      this.#after.add(second);
    }
    if (this.#shared.opens(item, second)) this.#keptShared++;
    if (this.#current?.opens(client, second)) this.#periods++;
  }

  /** What came of it; after that the replay is ready for the next place, with its memory. */
  finish(): ServiceOutcome {
    const outcome = this.#outcome();
    this.#target.clear();
    this.#shared.clear();
    this.#current?.clear();
    this.#clients.clear();
    this.#before.clear();
    this.#after.clear();
    this.#calls = this.#kept = this.#keptShared = this.#periods = 0;
    this.#first = this.#last = Number.NaN;
    return outcome;
  }

  #outcome(): ServiceOutcome {
    const hosts =
      this.#current === null || this.#times.target_seconds <= this.#times.current_seconds!
        ? 1
        : this.#calls / this.#periods;
    const calls_after_high = Math.min(this.#calls, Math.ceil(this.#kept * hosts - 1e-9));
    return {
      calls: this.#calls,
      clients: this.#clients.size,
      calls_after_low: this.#keptShared,
      calls_after_high,
      peak: this.#before.peak,
      peak_after: Math.min(this.#before.peak, Math.ceil(this.#after.peak * hosts - 1e-9)),
      first_second: this.#first,
      last_second: this.#last,
    };
  }
}
