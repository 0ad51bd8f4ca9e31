import { Command, Option } from 'commander';
import { KeymeterError, exitCodes } from '../core/errors.ts';
import { parseInstant } from '../core/time.ts';
import { ingest, type IngestOptions } from '../ingest/ingest.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import type { ListFilter, Source } from '../ingest/sources/source.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import { relatedGroupsOf } from '../ingest/rules/related-groups.ts';
import { relatedGroups } from '../reference/related-events.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { showProgress } from './progress.ts';
import { sourceOptions, withS3Flags, type S3Flags } from './s3-flags.ts';
import { ingestSummaryText } from './summary-text.ts';

/** Options that every command which ingests takes. */
export interface IngestFlags extends S3Flags {
  db: string;
  from?: string;
  to?: string;
  account?: string[];
  region?: string[];
  workers?: string;
  maxObjectBytes?: string;
  commitObjects?: string;
  memoryLimit?: string;
  retryDead?: boolean;
  related?: string[] | undefined;
  format: 'table' | 'json';
}

export function withIngestFlags(command: Command): Command {
  return withS3Flags(command)
    .option('--from <instant>', 'only logs that can hold events from this instant on (ISO or 7d)')
    .option('--to <instant>', 'only logs that can hold events before this instant')
    .option('--account <id...>', 'only logs of these accounts')
    .option('--region <region...>', 'only logs of these Regions')
    .option('--workers <n>', 'reader threads (default: one a core)')
    .option('--max-object-bytes <n>', 'uncompressed bytes of one object at most (default 256 MiB)')
    .option('--commit-objects <n>', 'objects of one transaction (default 20000, or 2 seconds)')
    .option('--memory-limit <size>', "DuckDB's memory limit while ingesting", '512MB')
    .option(
      '--related <group...>',
      `events of other services to keep: ${relatedGroups.join(', ')}, or none (default: all)`,
    )
    .option('--retry-dead', 'read objects again that could not be read before');
}

export function ingestCommand(): Command {
  const command = new Command('ingest')
    .description('read CloudTrail logs into a database; a second run reads only what is new')
    .argument('<source...>', 's3://bucket/prefix, directories, files')
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option('--config <file>', 'relatedEvents of a configuration (docs/configuration.md)');
  return withIngestFlags(command)
    .addOption(new Option('--format <format>').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      '\nExamples:\n  keymeter ingest ./AWSLogs\n  keymeter ingest s3://trail-bucket/AWSLogs --from 30d --account 111122223333',
    )
    .action(async (sources: string[], flags: IngestFlags & { config?: string }) => {
      const related = flags.related ?? (await configured(flags.config));
      const opened = await openSources(sources, flags);
      const database = await openDatabase(flags.db, databaseOptions(flags));
      try {
        const summary = await runIngest(database, opened, { ...flags, related });
        const json = flags.format === 'json';
        process.stdout.write(json ? `${JSON.stringify(summary)}\n` : ingestSummaryText(summary));
        process.exitCode = summary.status === 'done' ? exitCodes.done : exitCodes.partial;
      } finally {
        database.close();
      }
    });
}

/** What the configuration says of related events. Loaded only when one is named: it takes a while. */
async function configured(config: string | undefined): Promise<string[] | undefined> {
  if (config === undefined) return undefined;
  return (await import('./load-config.ts')).loadConfig({ config }).then((c) => c.relatedEvents);
}

export function openSources(specs: readonly string[], flags: IngestFlags): Promise<Source[]> {
  const options = sourceOptions(flags);
  return Promise.all(specs.map((spec) => openSource(spec, options)));
}

export function databaseOptions(flags: Pick<IngestFlags, 'memoryLimit'>) {
  return flags.memoryLimit ? { memoryLimit: flags.memoryLimit } : {};
}

/** Ingests with progress on stderr; Ctrl-C ends the run after the open transaction. */
export async function runIngest(
  database: Database,
  sources: readonly Source[],
  flags: IngestFlags,
  onProgress?: (summary: Readonly<IngestSummary>) => void,
): Promise<IngestSummary> {
  const options = ingestOptions(flags);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const progress = showProgress();
  try {
    return await ingest(database, sources, {
      ...options,
      signal: stop.signal,
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

function ingestOptions(flags: IngestFlags): IngestOptions {
  const filter: ListFilter = {
    from: instantFlag('--from', flags.from),
    to: instantFlag('--to', flags.to),
    accounts: flags.account,
    regions: flags.region,
  };
  const workers = countFlag('--workers', flags.workers);
  const content_bytes_max = countFlag('--max-object-bytes', flags.maxObjectBytes);
  const group_objects = countFlag('--commit-objects', flags.commitObjects);
  return {
    filter,
    related_groups: relatedGroupsOf(process.env, flags.related),
    retryDead: flags.retryDead ?? false,
    ...(workers ? { workers } : {}),
    ...(content_bytes_max ? { content_bytes_max } : {}),
    ...(group_objects ? { group_objects } : {}),
  };
}

function instantFlag(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const instant = parseInstant(value, new Date());
  if (instant) return instant.getTime();
  throw new KeymeterError('bad_instant', `${name} ${value} is no instant`, {
    fix: 'write 2026-10-05, 2026-10-05T12:00:00Z, or a time ago such as 7d or 12h',
    exitCode: exitCodes.usage,
  });
}

/** A positive whole number from a flag. */
export function countFlag(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const count = Number(value);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new KeymeterError('bad_number', `${name} ${value} is no positive whole number`, {
    fix: `give ${name} a number such as 4`,
    exitCode: exitCodes.usage,
  });
}
