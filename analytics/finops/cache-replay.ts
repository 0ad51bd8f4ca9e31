/** Settings of a caching CMM of the AWS Encryption SDK. */
export interface CacheSetting {
  max_age_seconds: number;
  /** Messages that one data key may encrypt, inclusive. */
  max_messages: number;
  /** Entries of one process' cache; the least recently used goes first. */
  capacity: number;
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
 * One process' cache, as the Encryption SDK's: an entry lives while t - t0 <= maxAge, t0 = insertion,
 * and is never extended; the call that fetches a data key is its first message; the message after
 * maxMessages fetches another (definitions.md 14). A hit makes the entry the most recently used.
 */
export class DataKeyCache {
  readonly #setting: CacheSetting;
  /** In order of use, oldest first. */
  readonly #entries = new Map<string, { inserted: number; messages: number }>();

  constructor(setting: CacheSetting) {
    this.#setting = setting;
  }

  /** True when the call is answered from the cache, that is, does not reach KMS. */
  answers(entry: string, second: number, is_encrypt: boolean): boolean {
    const { max_age_seconds, max_messages, capacity } = this.#setting;
    const found = this.#entries.get(entry);
    if (found) {
      this.#entries.delete(entry);
      const alive = second - found.inserted <= max_age_seconds;
      if (alive && (!is_encrypt || found.messages < max_messages)) {
        found.messages++;
        this.#entries.set(entry, found);
        return true;
      }
    }
    this.#entries.set(entry, { inserted: second, messages: 1 });
    if (this.#entries.size > capacity) {
      this.#entries.delete(this.#entries.keys().next().value!);
    }
    return false;
  }
}

interface Process {
  caches: DataKeyCache[];
  last_used: number;
}

/**
 * Replays the calls of one group (key and principal) against caches of several settings at once. A
 * process that was idle longer than the largest maxAge is forgotten: all its entries have expired.
 */
export class CacheReplay {
  readonly #settings: readonly CacheSetting[];
  readonly #age_max: number;
  readonly #processes = new Map<string, Process>();
  readonly #kept: number[];
  readonly #seconds: { second: number; calls: number; peak: number }[];
  #sweep_at = 256;
  processes_peak = 0;

  constructor(settings: readonly CacheSetting[]) {
    this.#settings = settings;
    this.#age_max = settings.reduce((most, s) => Math.max(most, s.max_age_seconds), 0);
    this.#kept = settings.map(() => 0);
    this.#seconds = settings.map(() => ({ second: Number.NaN, calls: 0, peak: 0 }));
  }

  add(call: CacheCall): void {
    const process = this.#process(call.process, call.second);
    for (let i = 0; i < this.#settings.length; i++) {
      const answered =
        call.entry !== null && process.caches[i]!.answers(call.entry, call.second, call.is_encrypt);
      if (!answered) this.#keep(i, call.second);
    }
  }

  #keep(i: number, second: number): void {
    this.#kept[i]!++;
    const at = this.#seconds[i]!;
    at.calls = at.second === second ? at.calls + 1 : 1;
    at.second = second;
    if (at.calls > at.peak) at.peak = at.calls;
  }

  #process(name: string, second: number): Process {
    let process = this.#processes.get(name);
    if (!process) {
      process = { caches: this.#settings.map((s) => new DataKeyCache(s)), last_used: second };
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
