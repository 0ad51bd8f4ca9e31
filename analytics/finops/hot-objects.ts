import type { SqlParams } from '../../store/engine.ts';
import type { AnalysisContext } from '../analysis.ts';
import type { RequesterLevel } from './read-replay.ts';
import { FixedWindows, Interner } from './write-window.ts';

/** An existing object and what rewriting it under a bucket key would spare, pessimistically. */
export interface HotObject {
  object_arn: string;
  reads: number;
  saved: number;
}

export interface HotBucket {
  region: string;
  s3_bucket: string;
  key_arn: string;
  accounts: string[];
  reads: number;
  objects: number;
  /** Objects that save anything, hottest first; at most `objects_max`, the coldest dropped. */
  hot: HotObject[];
  dropped: number;
}

export interface HotOptions {
  window_seconds: number;
  requester: RequesterLevel;
  /** Also reads of objects whose write is in the log: they exist now, too. */
  include_written: boolean;
}

/** Objects kept for sorting: the memory bound of a bucket with very many of them. */
const objects_max = 1_000_000;

class OneObject {
  readonly arn: string;
  reads = 0;
  kept = 0;
  written = false;
  readonly #windows: FixedWindows;
  readonly #readers = new Interner();

  constructor(arn: string, window_seconds: number) {
    this.arn = arn;
    this.#windows = new FixedWindows(window_seconds);
  }

  read(second: number, reader: string): void {
    this.reads++;
    if (this.#windows.opens(this.#readers.of(reader), second)) this.kept++;
  }
}

class OneBucket {
  readonly found: HotBucket;
  readonly #accounts = new Set<string>();
  #object: OneObject | null = null;

  constructor(region: string, s3_bucket: string, key_arn: string) {
    const place = { region, s3_bucket, key_arn };
    this.found = { ...place, accounts: [], reads: 0, objects: 0, hot: [], dropped: 0 };
  }

  object(arn: string, window_seconds: number): OneObject {
    if (this.#object?.arn === arn) return this.#object;
    this.#close();
    return (this.#object = new OneObject(arn, window_seconds));
  }

  account(account: string | null): void {
    if (account !== null && this.#accounts.size < 100) this.#accounts.add(account);
  }

  #close(): void {
    const object = this.#object;
    if (!object || object.reads === 0) return;
    this.found.reads += object.reads;
    this.found.objects++;
    const saved = object.reads - object.kept;
    if (saved === 0) return;
    this.found.hot.push({ object_arn: object.arn, reads: object.reads, saved });
    if (this.found.hot.length >= 2 * objects_max) this.#drop();
  }

  #drop(): void {
    const { hot } = this.found;
    hot.sort(hottestFirst);
    this.found.dropped += Math.max(0, hot.length - objects_max);
    hot.length = Math.min(hot.length, objects_max);
  }

  finish(): HotBucket {
    this.#close();
    this.#drop();
    this.found.accounts = [...this.#accounts];
    return this.found;
  }
}

const hottestFirst = (a: HotObject, b: HotObject) =>
  b.saved - a.saved || (a.object_arn < b.object_arn ? -1 : 1);

/** Streams bucket-rewrite-curve.sql, object by object, in one pass. */
export async function* hotObjects(
  sql: string,
  params: SqlParams,
  options: HotOptions,
  context: AnalysisContext,
): AsyncGenerator<HotBucket> {
  let open: OneBucket | null = null;
  for await (const chunk of context.engine.stream(sql, params, context)) {
    const [regions, buckets, keys, arns, , , roles, sessions, accounts] =
      chunk.columns as readonly string[][];
    const seconds = chunk.columns[4] as number[];
    const writes = chunk.columns[5] as boolean[];
    for (let row = 0; row < chunk.rowCount; row++) {
      const found = open?.found;
      if (
        !found ||
        found.s3_bucket !== buckets![row] ||
        found.key_arn !== keys![row] ||
        found.region !== regions![row]
      ) {
        if (open) yield open.finish();
        open = new OneBucket(regions![row]!, buckets![row]!, keys![row]!);
      }
      open!.account(accounts![row] ?? null);
      const object = open!.object(arns![row]!, options.window_seconds);
      if (writes[row]) object.written = true;
      else if (options.include_written || !object.written) {
        object.read(seconds[row]!, (options.requester === 'role' ? roles : sessions)![row]!);
      }
    }
  }
  if (open) yield open.finish();
}
