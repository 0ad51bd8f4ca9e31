import { ingest } from '../ingest/ingest.ts';
import type { ReaderPool } from '../ingest/pool.ts';
import type { Source } from '../ingest/sources/source.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import type { Database } from '../store/database.ts';
import { ingestOptions, type IngestFlags } from './ingest-flags.ts';
import { showProgress } from './progress.ts';

/** What a caller may have made, or wants to hear. */
interface RunOptions {
  /** Readers that load already; the run closes them. */
  readers?: ReaderPool;
  /** Nobody asks the database meanwhile. */
  alone?: boolean;
  onProgress?: (summary: Readonly<IngestSummary>) => void;
}

/** Ingests with progress on stderr; Ctrl-C ends the run after the open transaction. */
export async function runIngest(
  database: Database,
  sources: readonly Source[],
  flags: IngestFlags,
  { readers, alone = false, onProgress }: RunOptions = {},
): Promise<IngestSummary> {
  const options = ingestOptions(flags);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const progress = showProgress();
  try {
    return await ingest(database, sources, {
      ...options,
      readers,
      alone,
      signal: stop.signal,
      onRederive: (done, all) => progress.rederive(done, all),
      onProgress: (summary) => {
        progress.update(summary);
        onProgress?.(summary);
      },
    });
  } finally {
    progress.stop();
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}
