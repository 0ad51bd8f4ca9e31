import type { Command } from 'commander';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { parseInstant } from '../core/time.ts';
import type { IngestOptions } from '../ingest/ingest-options.ts';
import { relatedGroupsOf } from '../ingest/rules/related-groups.ts';
import { isRegionName } from '../ingest/sources/log-path.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import type { ListFilter, Source } from '../ingest/sources/source.ts';
import { group_age_ms, group_objects_default } from '../ingest/transaction-size.ts';
import { regionNames } from '../reference/regions.ts';
import { relatedGroups } from '../reference/related-events.ts';
import { ingestMegabytes } from '../store/write/ingest-memory.ts';
import { nearest } from './nearest.ts';
import { sourceOptions, withS3Flags, type S3Flags } from './s3-flags.ts';
import { usageError } from './usage-error.ts';

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
    .option(
      '--commit-objects <n>',
      `objects of one transaction (default ${group_objects_default}, or what ${group_age_ms / 1_000} seconds bring)`,
    )
    .option(
      '--memory-limit <size>',
      `DuckDB's memory limit, such as 1GB (default of ingest ${ingestMegabytes(0)}MB, and 100 bytes more for each object of the ledger)`,
    )
    .option(
      '--related <group...>',
      `events of other services to keep: ${relatedGroups.join(', ')}, or none (default: all)`,
    )
    .option('--retry-dead', 'read objects again that could not be read before');
}

export function openSources(specs: readonly string[], flags: IngestFlags): Promise<Source[]> {
  const options = sourceOptions(flags);
  return Promise.all(specs.map((spec) => openSource(spec, options)));
}

export function databaseOptions(flags: Pick<IngestFlags, 'memoryLimit'>) {
  return flags.memoryLimit ? { memoryLimit: flags.memoryLimit } : {};
}

/** What the flags say of the run. Throws KeymeterError for a flag that cannot be meant. */
export function ingestOptions(flags: IngestFlags): IngestOptions {
  const filter = filterOf(flags);
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

/** What to list. Throws KeymeterError: bad_instant, bad_range, bad_account, bad_region. */
function filterOf(flags: IngestFlags): ListFilter {
  const from = instantFlag('--from', flags.from);
  const to = instantFlag('--to', flags.to);
  if (from !== undefined && from > Date.now()) {
    throw usageError(
      'bad_range',
      `--from ${flags.from} is in the future`,
      'no log can hold events from then on: give an instant in the past, such as 30d',
    );
  }
  if (from !== undefined && to !== undefined && from >= to) {
    throw usageError(
      'bad_range',
      `--from ${flags.from} is not before --to ${flags.to}`,
      'swap them, or leave one out',
    );
  }
  for (const account of flags.account ?? []) {
    if (/^\d{12}$/.test(account)) continue;
    throw usageError(
      'bad_account',
      `--account ${account} is not an account id`,
      'an account id has 12 digits, such as 111122223333',
    );
  }
  for (const region of flags.region ?? []) {
    if (isRegionName(region)) continue;
    const close = nearest(region.toLowerCase(), regionNames);
    throw usageError(
      'bad_region',
      `--region ${region} is not the name of a Region`,
      close ? `did you mean ${close}?` : 'write it as AWS does, such as eu-west-1',
    );
  }
  return { from, to, accounts: flags.account, regions: flags.region };
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
