import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { ReaderPool } from '../ingest/pool.ts';
import { readAhead } from '../ingest/read-ahead.ts';
import type { Source } from '../ingest/sources/source.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import type { Database } from '../store/database.ts';
import { exitCodeOf, filterError } from './run-verdict.ts';
import {
  databaseOptions,
  ingestOptions,
  openSources,
  withIngestFlags,
  type IngestFlags,
} from './ingest-flags.ts';
import { ingestSummaryText } from './summary-text.ts';
import {
  watchSettings,
  withWatchFlags,
  type WatchFlags,
  type WatchSettings,
} from './watch-flags.ts';

export function ingestCommand(): Command {
  const command = new Command('ingest')
    .argument('<source...>', 's3://bucket/prefix, directories, files')
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option(
      '--config <file>',
      'relatedEvents and alerts of a configuration (docs/configuration.md)',
    );
  return withWatchFlags(withIngestFlags(command))
    .addOption(new Option('--format <format>').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  keymeter ingest ./AWSLogs\n  keymeter ingest s3://trail-bucket/AWSLogs --from 30d --account 111122223333\n  keymeter ingest https://sqs.eu-west-1.amazonaws.com/111122223333/trail-objects --watch',
    )
    .action(async (sources: string[], flags: IngestFlags & WatchFlags & { config?: string }) => {
      const related = flags.related ?? (await configured(flags.config));
      const settings = watchSettings(flags);
      const { filter = {} } = ingestOptions(flags);
      const opened = await openSources(sources, flags);
      if (settings) return watchInto(opened, { ...flags, related }, settings);
      const summary = await ingestInto(opened, { ...flags, related });
      const json = flags.format === 'json';
      process.stdout.write(json ? `${JSON.stringify(summary)}\n` : ingestSummaryText(summary));
      const wrong = filterError(summary, filter);
      if (wrong) throw wrong;
      process.exitCode = exitCodeOf(summary);
    });
}

/** Goes on until Ctrl-C or SIGTERM, which end the open transaction first. */
async function watchInto(
  sources: Source[],
  flags: IngestFlags & WatchFlags & { config?: string },
  settings: WatchSettings,
): Promise<void> {
  const { openDatabase } = await import('../store/database.ts');
  const { runWatch } = await import('./run-watch.ts');
  const database = await openDatabase(flags.db, databaseOptions(flags));
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  const { alerts, close } = await alertsOf(database, flags);
  try {
    await runWatch(database, sources, flags, settings, {
      signal: stop.signal,
      alone: alerts === null,
      ...(alerts ? { afterCycle: () => alerts.afterCycle() } : {}),
    });
  } finally {
    await close();
    process.removeListener('SIGINT', end).removeListener('SIGTERM', end);
    database.close();
  }
}

/** Alerts of the configuration, beside the ingest; null when it asks for none. */
async function alertsOf(database: Database, flags: IngestFlags & { config?: string }) {
  const none = { alerts: null, close: async () => {} };
  if (flags.config === undefined) return none;
  const config = await (await import('./load-config.ts')).loadConfig({ config: flags.config });
  const { watchAlerts } = await import('./watch-alerts.ts');
  const { engineOver } = await import('../store/open-engine.ts');
  const engine = engineOver(database, { connections: 1 });
  const alerts = watchAlerts({ engine, config }, flags.db);
  const close = async () => {
    await alerts?.close();
    engine.close();
  };
  return { alerts, close };
}

/** What the configuration says of related events. Loaded only when one is named: it takes a while. */
async function configured(config: string | undefined): Promise<string[] | undefined> {
  if (config === undefined) return undefined;
  return (await import('./load-config.ts')).loadConfig({ config }).then((c) => c.relatedEvents);
}

/** The readers load first: what opens and writes the database is loaded beside them. */
async function ingestInto(sources: Source[], flags: IngestFlags): Promise<IngestSummary> {
  const options = ingestOptions(flags);
  const readers = new ReaderPool(options.workers, options);
  try {
    if (!existsSync(flags.db)) await readAhead(readers, sources, options);
    const { openDatabase } = await import('../store/database.ts');
    const opening = openDatabase(flags.db, databaseOptions(flags));
    const [database, { runIngest }] = await Promise.all([opening, import('./run-ingest.ts')]);
    let summary: IngestSummary;
    try {
      summary = await runIngest(database, sources, flags, { readers, alone: true });
    } finally {
      database.close();
    }
    database.refuseLost();
    return summary;
  } finally {
    await readers.close();
  }
}
