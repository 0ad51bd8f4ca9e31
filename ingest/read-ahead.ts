import { content_bytes_max_default } from './gunzip.ts';
import type { IngestOptions } from './ingest-options.ts';
import { planTasks } from './plan-tasks.ts';
import type { ReaderPool } from './pool.ts';
import type { Source } from './sources/source.ts';
import { emptySummary } from './summary.ts';
import type { ReadTask } from './task.ts';

/** The task of a worker that reads these objects, as the run's options have it. */
export function readTaskOf(
  { source, listed }: { source: Source; listed: ReadTask['objects'] },
  { content_bytes_max = content_bytes_max_default, related_groups }: IngestOptions,
): ReadTask {
  return { reader: source.reader, objects: listed, content_bytes_max, related_groups };
}

/**
 * Begins to read the first tasks of a run whose database is yet to be made: its ledger will know no
 * object, so the run will plan the same tasks and take what was read. Should it plan others after all
 * (a file came meanwhile, or the database), they are read as usual. Only local files: listing them
 * again costs next to nothing.
 */
export async function readAhead(
  pool: ReaderPool,
  sources: readonly Source[],
  options: IngestOptions,
): Promise<void> {
  const [first] = sources;
  if (first?.reader.source !== 'local') return;
  const plan = planTasks(
    [first],
    options.filter ?? {},
    async () => new Map(),
    emptySummary('', []),
    {
      retryDead: false,
      underWay: new Set(),
      signal: AbortSignal.any(options.signal ? [options.signal] : []),
    },
  );
  let tasks = 0;
  for await (const task of plan) {
    pool.readAhead(readTaskOf(task, options));
    if (++tasks >= pool.workers * 2) return;
  }
}
