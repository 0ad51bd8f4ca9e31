import type { Caller } from './callers.ts';
import type { PlannedEvent } from './event.ts';
import type { KmsCall } from './kms-calls.ts';
import { demoStart } from './organisation.ts';
import { Rng, uuidOf } from './rng.ts';

/** Who makes a call, when, and how it ends. */
export type Circumstances = Partial<PlannedEvent> & { at: number; caller: Caller };

interface Reservation {
  from: number;
  to: number;
}

export interface PlanOptions {
  seed: number;
  days: number;
  scale: number;
}

const daySeconds = 86_400;

/** Every event of the demo, before it is laid into files. Situations and background write here. */
export class Plan {
  readonly seed: number;
  readonly days: number;
  readonly scale: number;
  readonly rng: Rng;
  readonly events: PlannedEvent[] = [];
  /** Events in these ranges are delivered a second time by another trail of the same bucket. */
  readonly secondTrails: { account: string; region: string; from: number; to: number }[] = [];
  readonly #reserved = new Map<string, Reservation[]>();

  constructor(options: PlanOptions) {
    this.seed = options.seed;
    this.days = options.days;
    this.scale = options.scale;
    this.rng = new Rng(options.seed);
  }

  /**
   * The epoch second of `HH:MM[:SS]` on a day of the 30-day script, pressed into the days there are.
   */
  at(scriptDay: number, clock: string): number {
    return this.dayStart(this.day(scriptDay)) + secondsOf(clock);
  }

  day(scriptDay: number): number {
    return this.days >= 30 ? scriptDay : Math.floor((scriptDay * this.days) / 30);
  }

  dayStart(day: number): number {
    return demoStart + day * daySeconds;
  }

  get endsAt(): number {
    return this.dayStart(this.days);
  }

  /**
   * Keeps background traffic out of an account and Region for `[from, to)`, so that a planted number
   * is exact to the call. Two situations may not take the same place and time.
   */
  reserve(account: string, region: string, from: number, to: number): void {
    const place = `${account}/${region}`;
    const taken = this.#reserved.get(place) ?? [];
    const clash = taken.find((r) => r.from < to && from < r.to);
    if (clash) throw new RangeError(`two situations at ${place} from ${from} to ${to}`);
    this.#reserved.set(place, [...taken, { from, to }]);
  }

  isReserved(account: string, region: string, at: number): boolean {
    const taken = this.#reserved.get(`${account}/${region}`);
    return taken?.some((r) => r.from <= at && at < r.to) ?? false;
  }

  emit(event: PlannedEvent): PlannedEvent {
    event.sequence = this.events.length;
    this.events.push(event);
    return event;
  }

  /** A KMS call, recorded in the caller's account (the key's, for a service principal). */
  kms(call: KmsCall, how: Circumstances): PlannedEvent {
    const { keyAccount, ...said } = call;
    return this.emit({ recipient: how.caller.accountId ?? keyAccount, ...said, ...how });
  }

  /**
   * A call on another account's key: one record in each account, with different event ids and one
   * shared id. The owner's copy knows the caller's account only.
   */
  crossAccount(
    call: KmsCall,
    how: Circumstances & { ownerSees: Caller; ownerCopyLater: number },
  ): string {
    const { ownerSees, ownerCopyLater, ...caller } = how;
    const sharedEventId = uuidOf(this.seed, this.events.length, 4);
    // A negative delay of the owner's copy is a delay of the caller's.
    const callerLater = Math.max(0, -ownerCopyLater);
    this.kms(call, { ...caller, sharedEventId, publishedAfter: callerLater });
    this.kms(call, {
      ...caller,
      caller: ownerSees,
      recipient: call.keyAccount,
      sharedEventId,
      counted: false,
      publishedAfter: Math.max(0, ownerCopyLater),
    });
    return sharedEventId;
  }

  sharedId(): string {
    return uuidOf(this.seed, this.events.length, 4);
  }
}

function secondsOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
