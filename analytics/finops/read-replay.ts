import { BitSet, LastWindows, Tallies } from './bucket-state.ts';
import { ExpiringTable } from './expiring-table.ts';
import { FixedWindows, PeakSecond } from './write-window.ts';

/**
 * One successful S3 call on KMS; calls of a replay come in order of second, writes before reads. Role,
 * session and account are numbers that stand for names.
 */
export interface S3Call {
  second: number;
  is_write: boolean;
  /** Number of the object within its bucket and key, from 1. */
  object: number;
  role: number;
  session: number;
  /** The account that pays for the call. */
  account: number;
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
  account: number;
  before: BucketCalls;
  after: BucketCallsLeft[];
}

export type BucketCalls = Omit<BucketBefore, 'peak'>;
export type BucketCallsLeft = Omit<BucketAfter, 'peak_day_one' | 'peak_after_rewrite'>;

class SettingReplay {
  readonly setting: BucketKeySetting;
  /** The open write window of each requester: when it was opened, and its number. */
  readonly #writes = new ExpiringTable();
  readonly #readsWritten: FixedWindows;
  readonly #readsOlderLow: FixedWindows;
  readonly #readsOlderHigh: FixedWindows;
  readonly #dayOne = new PeakSecond();
  readonly #afterRewrite = new PeakSecond();
  readonly #left = new Tallies();
  #windows = 0;

  constructor(setting: BucketKeySetting) {
    this.setting = setting;
    this.#readsWritten = new FixedWindows(setting.window_seconds);
    this.#readsOlderLow = new FixedWindows(setting.window_seconds);
    this.#readsOlderHigh = new FixedWindows(setting.window_seconds);
  }

  /** The number of the window that the write belongs to. */
  write(second: number, requester: number, payer: number): number {
    const width = this.setting.window_seconds;
    const writes = this.#writes;
    const at = writes.slot(requester, 0, second - width);
    if (!writes.isNew && second < writes.second(at) + width) return writes.value(at);
    writes.set(at, second, this.#windows);
    this.#left.add(payer, 0);
    this.#kept(second);
    return this.#windows++;
  }

  readWritten(second: number, reader: number, window: number, payer: number): void {
    if (this.#readsWritten.opens(window, second, reader)) {
      this.#left.add(payer, 1);
      this.#kept(second);
    }
  }

  readOlder(second: number, reader: number, object: number, payer: number): void {
    this.#dayOne.add(second);
    if (this.#readsOlderLow.opens(reader, second)) this.#left.add(payer, 2);
    if (this.#readsOlderHigh.opens(object, second, reader)) {
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

  /** Forgets everything, for the next bucket. */
  clear(): void {
    this.#writes.clear();
    this.#readsWritten.clear();
    this.#readsOlderLow.clear();
    this.#readsOlderHigh.clear();
    this.#dayOne.clear();
    this.#afterRewrite.clear();
    this.#left.clear();
    this.#windows = 0;
  }

  left(payer: number): BucketCallsLeft {
    const [writes, reads_written, reads_older_low, reads_older_high] = this.#left.of(payer);
    return { writes, reads_written, reads_older_low, reads_older_high };
  }
}

/**
 * Replays the calls of one bucket and KMS key as if S3 Bucket Keys were on, for several settings in
 * one pass (definitions: Bucket key replay). Memory: four bytes an object and, for each setting, four
 * bytes an object that was written and what is active within one window. After finish() the replay is
 * ready for the next bucket, with its memory.
 */
export class BucketReplay {
  readonly #settings: SettingReplay[];
  #lastWindows: LastWindows;
  /** Payers in the order of their first call; their accounts are at the same places. */
  #payers = new Map<number, number>();
  #older = new BitSet();
  readonly #peak = new PeakSecond();
  readonly #before = new Tallies();

  constructor(settings: readonly BucketKeySetting[]) {
    this.#settings = settings.map((setting) => new SettingReplay(setting));
    this.#lastWindows = new LastWindows(settings.length);
  }

  add(call: S3Call): void {
    this.call(call.second, call.is_write, call.object, call.role, call.session, call.account);
  }

  /** The same as add() without an object for each call. */
  call(
    second: number,
    is_write: boolean,
    object: number,
    role: number,
    session: number,
    account: number,
  ): void {
    let payer = this.#payers.get(account);
    if (payer === undefined) this.#payers.set(account, (payer = this.#payers.size));
    this.#peak.add(second);
    const settings = this.#settings;
    if (is_write) {
      this.#before.add(payer, 0);
      const place = this.#lastWindows.place(object);
      for (let i = 0; i < settings.length; i++) {
        const replay = settings[i]!;
        const requester = replay.setting.requester === 'role' ? role : session;
        this.#lastWindows.set(place, i, replay.write(second, requester, payer));
      }
      return;
    }
    const place = this.#lastWindows.find(object);
    this.#before.add(payer, place >= 0 ? 1 : 2);
    // An older object is counted for the account that reads it first.
    if (place < 0 && this.#older.add(object)) this.#before.add(payer, 3);
    for (let i = 0; i < settings.length; i++) {
      const replay = settings[i]!;
      const reader = replay.setting.requester === 'role' ? role : session;
      if (place < 0) replay.readOlder(second, reader, object, payer);
      else replay.readWritten(second, reader, this.#lastWindows.get(place, i), payer);
    }
  }

  finish(): {
    before: BucketBefore;
    after: { setting: BucketKeySetting; after: BucketAfter }[];
    shares: BucketShare[];
  } {
    const result = this.#result();
    for (const replay of this.#settings) replay.clear();
    this.#lastWindows = new LastWindows(this.#settings.length);
    this.#payers = new Map();
    this.#older = new BitSet();
    this.#peak.clear();
    this.#before.clear();
    return result;
  }

  #result() {
    const shares = [...this.#payers].map(([account, payer]) => {
      const [writes, reads_written, reads_older, objects_older] = this.#before.of(payer);
      return {
        account,
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
