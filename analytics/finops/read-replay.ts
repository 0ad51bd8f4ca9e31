import { FixedWindows, Interner, pairKey, PeakSecond, WriteWindows } from './write-window.ts';

/** One successful S3 call on KMS; calls of a replay come in order of second, writes before reads. */
export interface S3Call {
  second: number;
  is_write: boolean;
  /** Number of the object within its bucket and key, from 1. */
  object: number;
  role: string;
  session: string;
  /** The account that pays for the call. */
  account: string;
}

export type RequesterLevel = 'role' | 'session';

/** One way to run the bucket key: how long S3 reuses it, and whom it takes for one requester. */
export interface BucketKeySetting {
  window_seconds: number;
  requester: RequesterLevel;
}

/** Calls of one bucket and KMS key, before any bucket key. */
export interface BucketBefore {
  writes: number;
  /** Reads of objects whose write is in the log. */
  reads_written: number;
  /** Reads of objects that are older than the log. */
  reads_older: number;
  /** Distinct objects among the latter. */
  objects_older: number;
  peak: number;
}

/** Calls that still reach KMS with the bucket key on. */
export interface BucketAfter {
  writes: number;
  reads_written: number;
  /** After a rewrite of the older objects: as few as one a reader and window ... */
  reads_older_low: number;
  /** ... and as many as one an object, reader and window. */
  reads_older_high: number;
  /** Busiest second on day one: older objects unchanged. */
  peak_day_one: number;
  /** Busiest second after the rewrite, pessimistic. */
  peak_after_rewrite: number;
}

/** One payer's part of a bucket: before, and after for each setting. The parts of all payers add up. */
export interface BucketShare {
  account_id: string;
  before: BucketCalls;
  after: BucketCallsLeft[];
}

export type BucketCalls = Omit<BucketBefore, 'peak'>;
export type BucketCallsLeft = Omit<BucketAfter, 'peak_day_one' | 'peak_after_rewrite'>;

/** Sums of four numbers for each payer, as they come to be known. */
class Tallies {
  readonly #sums: number[] = [];

  add(payer: number, column: number): void {
    const at = payer * 4 + column;
    while (this.#sums.length <= at) this.#sums.push(0);
    this.#sums[at]!++;
  }

  of(payer: number): [number, number, number, number] {
    const at = payer * 4;
    return [0, 1, 2, 3].map((column) => this.#sums[at + column] ?? 0) as [
      number,
      number,
      number,
      number,
    ];
  }
}

/** Last write of each object: second, role and session, twelve bytes an object. */
class LastWrites {
  #table = new Uint32Array(3 * 1_024);

  set(object: number, second: number, role: number, session: number): void {
    const at = object * 3;
    if (at + 3 > this.#table.length) {
      const larger = new Uint32Array(Math.max(at + 3, this.#table.length * 2));
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#table[at] = second + 1;
    this.#table[at + 1] = role;
    this.#table[at + 2] = session;
  }

  /** Null when the object was not written in the log so far. */
  get(object: number): { second: number; role: number; session: number } | null {
    const at = object * 3;
    const second = this.#table[at] ?? 0;
    if (second === 0) return null;
    return { second: second - 1, role: this.#table[at + 1]!, session: this.#table[at + 2]! };
  }
}

/** A set of small numbers, one bit each. */
class BitSet {
  #bits = new Uint8Array(1_024);

  /** True when the number is new. */
  add(number: number): boolean {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const bit = 1 << (number & 7);
    if (this.#bits[at]! & bit) return false;
    this.#bits[at]! |= bit;
    return true;
  }
}

class SettingReplay {
  readonly setting: BucketKeySetting;
  readonly #writes: WriteWindows;
  readonly #readsWritten: FixedWindows;
  readonly #readsOlderLow: FixedWindows;
  readonly #readsOlderHigh: FixedWindows;
  readonly #dayOne = new PeakSecond();
  readonly #afterRewrite = new PeakSecond();
  readonly #left = new Tallies();

  constructor(setting: BucketKeySetting) {
    this.setting = setting;
    this.#writes = new WriteWindows(setting.window_seconds);
    this.#readsWritten = new FixedWindows(setting.window_seconds);
    this.#readsOlderLow = new FixedWindows(setting.window_seconds);
    this.#readsOlderHigh = new FixedWindows(setting.window_seconds);
  }

  write(second: number, requester: number, payer: number): void {
    if (this.#writes.opens(requester, second)) {
      this.#left.add(payer, 0);
      this.#kept(second);
    }
  }

  readWritten(second: number, reader: number, window: number, payer: number): void {
    if (this.#readsWritten.opens(pairKey(window, reader), second)) {
      this.#left.add(payer, 1);
      this.#kept(second);
    }
  }

  windowOf(writer: number, written: number): number {
    return this.#writes.windowOf(writer, written);
  }

  readOlder(second: number, reader: number, object: number, payer: number): void {
    this.#dayOne.add(second);
    if (this.#readsOlderLow.opens(reader, second)) this.#left.add(payer, 2);
    if (this.#readsOlderHigh.opens(pairKey(object, reader), second)) {
      this.#left.add(payer, 3);
      this.#afterRewrite.add(second);
    }
  }

  #kept(second: number): void {
    this.#dayOne.add(second);
    this.#afterRewrite.add(second);
  }

  peaks(): { peak_day_one: number; peak_after_rewrite: number } {
    return { peak_day_one: this.#dayOne.peak, peak_after_rewrite: this.#afterRewrite.peak };
  }

  left(payer: number): BucketCallsLeft {
    const [writes, reads_written, reads_older_low, reads_older_high] = this.#left.of(payer);
    return { writes, reads_written, reads_older_low, reads_older_high };
  }
}

/**
 * Replays the calls of one bucket and KMS key as if S3 Bucket Keys were on, for several settings in
 * one pass (definitions: Bucket key replay). Memory: twelve bytes an object, eight bytes a write window and
 * setting, and what is active within one window.
 */
export class BucketReplay {
  readonly #settings: SettingReplay[];
  readonly #roles = new Interner();
  readonly #sessions = new Interner();
  readonly #lastWrites = new LastWrites();
  readonly #payers = new Interner();
  readonly #older = new BitSet();
  readonly #peak = new PeakSecond();
  readonly #before = new Tallies();

  constructor(settings: readonly BucketKeySetting[]) {
    this.#settings = settings.map((setting) => new SettingReplay(setting));
  }

  add(call: S3Call): void {
    const { second, object } = call;
    const role = this.#roles.of(call.role);
    const session = this.#sessions.of(call.session);
    const payer = this.#payers.of(call.account);
    this.#peak.add(second);
    if (call.is_write) {
      this.#before.add(payer, 0);
      this.#lastWrites.set(object, second, role, session);
      for (const replay of this.#settings) {
        replay.write(second, replay.setting.requester === 'role' ? role : session, payer);
      }
      return;
    }
    const write = this.#lastWrites.get(object);
    this.#before.add(payer, write ? 1 : 2);
    // An older object is counted for the account that reads it first.
    if (!write && this.#older.add(object)) this.#before.add(payer, 3);
    for (const replay of this.#settings) {
      const byRole = replay.setting.requester === 'role';
      const reader = byRole ? role : session;
      if (!write) replay.readOlder(second, reader, object, payer);
      else {
        const window = replay.windowOf(byRole ? write.role : write.session, write.second);
        replay.readWritten(second, reader, window, payer);
      }
    }
  }

  finish(): {
    before: BucketBefore;
    after: { setting: BucketKeySetting; after: BucketAfter }[];
    shares: BucketShare[];
  } {
    const shares = this.#payers.names().map((account_id, payer) => {
      const [writes, reads_written, reads_older, objects_older] = this.#before.of(payer);
      return {
        account_id,
        before: { writes, reads_written, reads_older, objects_older },
        after: this.#settings.map((replay) => replay.left(payer)),
      };
    });
    const before = { writes: 0, reads_written: 0, reads_older: 0, objects_older: 0 };
    for (const share of shares) addTo(before, share.before);
    return {
      before: { ...before, peak: this.#peak.peak },
      after: this.#settings.map((replay, i) => {
        const left = { writes: 0, reads_written: 0, reads_older_low: 0, reads_older_high: 0 };
        for (const share of shares) addTo(left, share.after[i]!);
        return { setting: replay.setting, after: { ...left, ...replay.peaks() } };
      }),
      shares,
    };
  }
}

function addTo<T extends Record<keyof T, number>>(sum: T, part: T): void {
  for (const name of Object.keys(sum) as (keyof T)[]) {
    sum[name] = (sum[name] + part[name]) as T[keyof T];
  }
}
