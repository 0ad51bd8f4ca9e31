import { watch as watchFiles, type FSWatcher } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../store/database.ts';
import { ingest } from './ingest.ts';
import type { IngestOptions } from './ingest-options.ts';
import type { Source } from './sources/source.ts';
import type { IngestSummary } from './summary.ts';

export interface WatchOptions extends IngestOptions {
  signal: AbortSignal;
  /** Between two listings of a bucket or directory. */
  interval_ms: number;
  /**
   * How far back a listing looks, once the first one has seen everything: CloudTrail delivers some files
   * hours late. Folders of older days are listed again every `whole_every_ms`.
   */
  look_back_ms: number;
  whole_every_ms?: number;
  /** Called after each cycle that read something or met a problem; the next one waits for it. */
  onCycle?: (summary: Readonly<IngestSummary>) => Promise<void> | void;
  /** Called when a cycle begins to wait; when the next one is due, in milliseconds since the epoch. */
  onWait?: (next_at: number) => void;
}

const whole_every_ms_default = 86_400_000;
/** A queue waits by itself; this only bounds how often an empty one is asked. */
const queue_interval_ms = 1_000;
/** Files are written one after another: one cycle for all that come this close together. */
const settle_ms = 500;
/** After a cycle that failed as a whole. */
const failed_wait_ms_max = 300_000;

interface Watched {
  source: Source;
  due_at: number;
  whole_at: number;
  watcher: FSWatcher | null;
}

/**
 * Ingests again and again until the signal aborts: buckets and directories every `interval_ms` (a local
 * change comes sooner), queues as messages arrive. Each cycle is an ordinary run, so killing it loses
 * nothing. Rejects when the database can no longer be written.
 */
export async function watch(
  database: Database,
  sources: readonly Source[],
  options: WatchOptions,
): Promise<void> {
  const { signal, interval_ms, look_back_ms } = options;
  const whole_every_ms = options.whole_every_ms ?? whole_every_ms_default;
  const wake = new Wake();
  const watched = sources.map((source): Watched => {
    const one: Watched = { source, due_at: 0, whole_at: 0, watcher: null };
    one.watcher = localWatcher(source, () => {
      one.due_at = Math.min(one.due_at, Date.now() + settle_ms);
      wake.call();
    });
    return one;
  });
  signal.addEventListener('abort', () => wake.call(), { once: true });
  let failures = 0;
  try {
    while (!signal.aborted) {
      const due = watched.filter((one) => one.due_at <= Date.now());
      if (due.length === 0) {
        const next_at = Math.min(...watched.map((one) => one.due_at));
        options.onWait?.(next_at);
        await wake.wait(next_at - Date.now());
        continue;
      }
      const started = Date.now();
      const isWhole = due.some((one) => one.whole_at <= started);
      const since = isWhole ? undefined : started - look_back_ms;
      const from = Math.max(options.filter?.from ?? -Infinity, since ?? -Infinity);
      const summary = await ingest(
        database,
        due.map((one) => one.source),
        {
          ...options,
          quiet: true,
          filter: { ...options.filter, from: Number.isFinite(from) ? from : undefined },
        },
      );
      failures = summary.problems.length > 0 ? failures + 1 : 0;
      const backOff =
        failures === 0 ? 0 : Math.min(interval_ms * 2 ** failures, failed_wait_ms_max);
      for (const one of due) {
        const every = one.source.acknowledge ? queue_interval_ms : interval_ms;
        one.due_at = Date.now() + Math.max(every, backOff);
        if (isWhole && summary.problems.length === 0) one.whole_at = started + whole_every_ms;
      }
      if (summary.objects_new > 0 || summary.problems.length > 0) await options.onCycle?.(summary);
    }
  } finally {
    for (const one of watched) {
      one.watcher?.close();
      one.source.close?.();
    }
  }
}

/** Sleeps that somebody can end early. */
class Wake {
  #end: (() => void) | null = null;

  call(): void {
    this.#end?.();
  }

  async wait(ms: number): Promise<void> {
    const sleep = new AbortController();
    this.#end = () => sleep.abort();
    await delay(Math.max(0, ms), undefined, { signal: sleep.signal }).catch(() => undefined);
    this.#end = null;
  }
}

/** Hears of changes in a directory; null for other sources, and where the system cannot tell. */
function localWatcher(source: Source, changed: () => void): FSWatcher | null {
  if (source.reader.source !== 'local') return null;
  try {
    const watcher = watchFiles(source.description, { recursive: true, persistent: false }, changed);
    // The walk at each interval finds what this misses.
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
