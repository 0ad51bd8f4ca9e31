/** Settings of a caching CMM of the AWS Encryption SDK. */
export interface CacheSetting {
  max_age_seconds: number;
  /** Messages that one data key may encrypt, inclusive. */
  max_messages: number;
}

/** One successful call on KMS that a cache could have answered; calls come in order of second. */
export interface CacheCall {
  second: number;
  /** The cache entry: kind of materials and encryption context. Null: provably not cacheable. */
  entry: string | null;
  /** Encrypt entries count messages; decrypt entries have an age only. */
  is_encrypt: boolean;
  /** The process that would hold the cache. */
  process: string;
}

/**
 * One process' caches, as the Encryption SDK's, one for each setting: an entry lives while
 * t - t0 <= maxAge, t0 = insertion, and is never extended; the call that fetches a data key is its first
 * message; the message after maxMessages fetches another (definitions: Data key cache replay).
 *
 * Hit or miss, a call makes its entry the most recently used. So the order of use, and with it what a
 * full cache evicts, is the same for every setting, and one list serves them all.
 */
class ProcessCaches {
  last_used: number;
  /** In order of use, oldest first: for each setting the second of insertion, then the messages. */
  readonly #entries = new Map<string, number[]>();
  readonly #settings: readonly CacheSetting[];
  readonly #capacity: number;

  constructor(settings: readonly CacheSetting[], capacity: number, second: number) {
    this.#settings = settings;
    this.#capacity = capacity;
    this.last_used = second;
  }

  /** Calls `keep` with each setting whose cache does not answer. */
  use(call: CacheCall, keep: (setting: number) => void): void {
    const entry = call.entry!;
    const count = this.#settings.length;
    const found = this.#entries.get(entry);
    if (found) this.#entries.delete(entry);
    const state = found ?? this.#forget() ?? Array.from({ length: 2 * count }, () => 0);
    this.#entries.set(entry, state);
    for (let i = 0; i < count; i++) {
      const setting = this.#settings[i]!;
      const isAlive =
        found !== undefined &&
        call.second - state[i]! <= setting.max_age_seconds &&
        (!call.is_encrypt || state[count + i]! < setting.max_messages);
      if (isAlive) state[count + i]!++;
      else {
        state[i] = call.second;
        state[count + i] = 1;
        keep(i);
      }
    }
  }

  /** Makes room for a new entry in a full cache; the evicted one's memory is used again. */
  #forget(): number[] | undefined {
    if (this.#entries.size < this.#capacity) return undefined;
    const [oldest, state] = this.#entries.entries().next().value!;
    this.#entries.delete(oldest);
    return state;
  }
}

/**
 * Replays the calls of one group (key and principal) against caches of several settings at once. A
 * process that was idle longer than the largest maxAge is forgotten: all its entries have expired.
 */
export class CacheReplay {
  readonly #settings: readonly CacheSetting[];
  readonly #capacity: number;
  readonly #age_max: number;
  readonly #processes = new Map<string, ProcessCaches>();
  readonly #kept: number[];
  readonly #seconds: { second: number; calls: number; peak: number }[];
  #now = 0;
  #sweep_at = 256;
  processes_peak = 0;

  /** `capacity`: entries of one process' cache; the least recently used goes first. */
  constructor(settings: readonly CacheSetting[], capacity: number) {
    this.#settings = settings;
    this.#capacity = capacity;
    this.#age_max = settings.reduce((most, s) => Math.max(most, s.max_age_seconds), 0);
    this.#kept = settings.map(() => 0);
    this.#seconds = settings.map(() => ({ second: Number.NaN, calls: 0, peak: 0 }));
  }

  add(call: CacheCall): void {
    this.#now = call.second;
    const process = this.#process(call.process, call.second);
    if (call.entry === null) {
      for (let i = 0; i < this.#settings.length; i++) this.#keep(i);
    } else process.use(call, this.#keep);
  }

  readonly #keep = (i: number): void => {
    this.#kept[i]!++;
    const at = this.#seconds[i]!;
    at.calls = at.second === this.#now ? at.calls + 1 : 1;
    at.second = this.#now;
    if (at.calls > at.peak) at.peak = at.calls;
  };

  #process(name: string, second: number): ProcessCaches {
    let process = this.#processes.get(name);
    if (!process) {
      process = new ProcessCaches(this.#settings, this.#capacity, second);
      this.#processes.set(name, process);
      if (this.#processes.size >= this.#sweep_at) this.#sweep(second);
      this.processes_peak = Math.max(this.processes_peak, this.#processes.size);
    }
    process.last_used = second;
    return process;
  }

  #sweep(now: number): void {
    for (const [name, process] of this.#processes) {
      if (now - process.last_used > this.#age_max) this.#processes.delete(name);
    }
    this.#sweep_at = Math.max(256, this.#processes.size * 2);
  }

  /** Calls that still reach KMS, and their busiest second, for each setting. */
  finish(): { kept: number; peak: number }[] {
    return this.#kept.map((kept, i) => ({ kept, peak: this.#seconds[i]!.peak }));
  }
}

/**
 * The cache entry of a call. GenerateDataKey: the caller's context without aws-crypto-public-key,
 * which is new for each data key. Decrypt: the whole context, and only when it holds that public key:
 * the same value again is the same message or data key; without it a repeat cannot be told from
 * another message.
 */
export function cacheEntry(is_encrypt: boolean, context_json: string | null): string | null {
  const context = parseContext(context_json);
  const names = Object.keys(context).sort();
  if (!is_encrypt && !names.includes(publicKeyName)) return null;
  const kept = names.filter((name) => !is_encrypt || name !== publicKeyName);
  return `${is_encrypt ? 'e' : 'd'}${JSON.stringify(kept.map((name) => [name, context[name]]))}`;
}

const publicKeyName = 'aws-crypto-public-key';

function parseContext(text: string | null): Record<string, unknown> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // The caller wrote it: what is no JSON is one opaque context.
    return { '': text };
  }
}

/**
 * How many messages of one size fit one data key when maxBytes is set too: bytes are added before the
 * limit is tested, and a first message over it is served but not cached.
 */
export function messagesWithin(
  max_messages: number,
  max_bytes: number,
  message_bytes: number,
): number {
  return Math.max(1, Math.min(max_messages, Math.floor(max_bytes / message_bytes)));
}

/** A grid's point and what it saves. */
export interface GridPoint {
  max_age_seconds: number;
  max_messages: number;
  saved: number;
}

/**
 * The knee: the least exposure (shortest maxAge, then fewest messages) that saves at least nine tenths
 * of what the grid's best point saves. Null when nothing is saved.
 */
export function knee(grid: readonly GridPoint[]): GridPoint | null {
  const best = Math.max(0, ...grid.map((point) => point.saved));
  if (best === 0) return null;
  const enough = grid.filter((point) => point.saved >= 0.9 * best);
  enough.sort((a, b) => a.max_age_seconds - b.max_age_seconds || a.max_messages - b.max_messages);
  return enough[0]!;
}
