import { FixedWindows, Interner, pairKey, PeakSecond, WriteWindows } from './write-window.ts';

/** One successful S3 call on KMS; calls of a replay come in order of second, writes before reads. */
export interface S3Call {
  second: number;
  is_write: boolean;
  /** Number of the object within its bucket and key, from 1. */
  object: number;
  role: string;
  session: string;
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
  size = 0;

  add(number: number): void {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const bit = 1 << (number & 7);
    if (this.#bits[at]! & bit) return;
    this.#bits[at]! |= bit;
    this.size++;
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
  readonly #after = { writes: 0, reads_written: 0, reads_older_low: 0, reads_older_high: 0 };

  constructor(setting: BucketKeySetting) {
    this.setting = setting;
    this.#writes = new WriteWindows(setting.window_seconds);
    this.#readsWritten = new FixedWindows(setting.window_seconds);
    this.#readsOlderLow = new FixedWindows(setting.window_seconds);
    this.#readsOlderHigh = new FixedWindows(setting.window_seconds);
  }

  write(second: number, requester: number): void {
    if (this.#writes.opens(requester, second)) {
      this.#after.writes++;
      this.#kept(second);
    }
  }

  readWritten(second: number, reader: number, writer: number, written: number): void {
    const window = this.#writes.windowOf(writer, written);
    if (this.#readsWritten.opens(pairKey(window, reader), second)) {
      this.#after.reads_written++;
      this.#kept(second);
    }
  }

  readOlder(second: number, reader: number, object: number): void {
    this.#dayOne.add(second);
    if (this.#readsOlderLow.opens(reader, second)) this.#after.reads_older_low++;
    if (this.#readsOlderHigh.opens(pairKey(object, reader), second)) {
      this.#after.reads_older_high++;
      this.#afterRewrite.add(second);
    }
  }

  #kept(second: number): void {
    this.#dayOne.add(second);
    this.#afterRewrite.add(second);
  }

  result(): BucketAfter {
    return {
      ...this.#after,
      peak_day_one: this.#dayOne.peak,
      peak_after_rewrite: this.#afterRewrite.peak,
    };
  }
}

/**
 * Replays the calls of one bucket and KMS key as if S3 Bucket Keys were on, for several settings in
 * one pass (definitions.md 13). Memory: twelve bytes an object, eight bytes a write window and
 * setting, and what is active within one window.
 */
export class BucketReplay {
  readonly #settings: SettingReplay[];
  readonly #roles = new Interner();
  readonly #sessions = new Interner();
  readonly #lastWrites = new LastWrites();
  readonly #older = new BitSet();
  readonly #peak = new PeakSecond();
  readonly #before = { writes: 0, reads_written: 0, reads_older: 0 };

  constructor(settings: readonly BucketKeySetting[]) {
    this.#settings = settings.map((setting) => new SettingReplay(setting));
  }

  add(call: S3Call): void {
    const { second, object } = call;
    const role = this.#roles.of(call.role);
    const session = this.#sessions.of(call.session);
    this.#peak.add(second);
    if (call.is_write) {
      this.#before.writes++;
      this.#lastWrites.set(object, second, role, session);
      for (const replay of this.#settings) {
        replay.write(second, replay.setting.requester === 'role' ? role : session);
      }
      return;
    }
    const write = this.#lastWrites.get(object);
    if (write) this.#before.reads_written++;
    else {
      this.#before.reads_older++;
      this.#older.add(object);
    }
    for (const replay of this.#settings) {
      const byRole = replay.setting.requester === 'role';
      const reader = byRole ? role : session;
      if (!write) replay.readOlder(second, reader, object);
      else replay.readWritten(second, reader, byRole ? write.role : write.session, write.second);
    }
  }

  finish(): { before: BucketBefore; after: { setting: BucketKeySetting; after: BucketAfter }[] } {
    return {
      before: { ...this.#before, objects_older: this.#older.size, peak: this.#peak.peak },
      after: this.#settings.map((replay) => ({ setting: replay.setting, after: replay.result() })),
    };
  }
}
