import { messageOf } from '../core/errors.ts';
import type { Source } from '../ingest/sources/source.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import { watch } from '../ingest/watch.ts';
import type { Database } from '../store/database.ts';
import { dropDaysBefore } from '../store/write/retention.ts';
import { ingestOptions, type IngestFlags } from './ingest-flags.ts';
import { durationFlag, type WatchFlags, type WatchSettings } from './watch-flags.ts';

interface WatchHooks {
  signal: AbortSignal;
  /** Nobody asks the database beside the ingest. */
  alone?: boolean;
  onProgress?: (summary: Readonly<IngestSummary>) => void;
  /** After each cycle that changed something; what it throws is printed, and the watch goes on. */
  afterCycle?: (summary: Readonly<IngestSummary>) => Promise<void>;
  onWait?: (next_at: number) => void;
}

const day_ms = 86_400_000;

/** Ingests until the signal, a line for each cycle on stderr; drops old days once a day. */
export async function runWatch(
  database: Database,
  sources: readonly Source[],
  flags: IngestFlags & WatchFlags,
  settings: WatchSettings,
  hooks: WatchHooks,
): Promise<void> {
  const keep_ms = flags.keep === undefined ? null : durationFlag('--keep', flags.keep);
  let dropped_at = 0;
  await watch(database, sources, {
    ...ingestOptions(flags),
    ...settings,
    alone: hooks.alone ?? false,
    signal: hooks.signal,
    ...(hooks.onProgress ? { onProgress: hooks.onProgress } : {}),
    ...(hooks.onWait ? { onWait: hooks.onWait } : {}),
    onCycle: async (summary) => {
      process.stderr.write(`${await cycleLine(summary, sources)}\n`);
      if (keep_ms !== null && Date.now() - dropped_at >= day_ms) {
        dropped_at = Date.now();
        await dropOld(database, keep_ms);
      }
      await hooks.afterCycle?.(summary).catch((error: unknown) => {
        process.stderr.write(`after the cycle: ${messageOf(error)}\n`);
      });
    },
  });
}

/** `2026-11-28T10:00:00Z 3 new objects of 120 listed, 45 events, 2 s; queue: 0 waiting`. */
async function cycleLine(
  summary: Readonly<IngestSummary>,
  sources: readonly Source[],
): Promise<string> {
  const s = summary;
  const parts = [
    `${s.objects_new} new objects of ${s.objects_listed} listed`,
    `${s.inserted} events inserted`,
  ];
  const failed = s.objects_dead + s.objects_pending + s.rejected;
  if (failed > 0) parts.push(`${failed} errors`);
  for (const { problem, place, message } of s.problems.slice(0, 3)) {
    parts.push(`${problem}: ${place}: ${message}`);
  }
  for (const source of sources) {
    const backlog = await source.backlog?.().catch(() => null);
    if (!backlog) continue;
    const age_s =
      backlog.oldest_at === null ? 0 : Math.round((Date.now() - backlog.oldest_at) / 1e3);
    parts.push(
      `queue: ${backlog.waiting} waiting, ${backlog.hidden} in work, oldest message read was ${age_s} s old` +
        (backlog.unreadable > 0 ? `, ${backlog.unreadable} of an unknown form` : ''),
    );
  }
  const at = new Date().toISOString().slice(0, 19);
  return `${at}Z ${parts.join(', ')} (${(s.elapsed_ms / 1_000).toFixed(1)} s)`;
}

/** Drops what is older than `--keep`, and says so. */
export async function dropOld(database: Database, keep_ms: number): Promise<void> {
  const { events, kept_from } = await dropDaysBefore(database, new Date(Date.now() - keep_ms));
  if (events > 0) {
    process.stderr.write(`dropped ${events.toLocaleString('en-US')} events before ${kept_from}\n`);
  }
}
