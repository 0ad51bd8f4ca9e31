import { exitCodes, type ExitCode, type KeymeterError } from '../core/errors.ts';
import type { ListFilter } from '../ingest/sources/source.ts';
import type { IngestSummary } from '../ingest/summary.ts';
import { regionNames } from '../reference/regions.ts';
import { nearest } from './nearest.ts';
import { usageError } from './usage-error.ts';

/** "Done in part" while anything is missing that another run, or a person, can get. */
export function exitCodeOf({ status }: IngestSummary): ExitCode {
  return status === 'done' ? exitCodes.done : exitCodes.partial;
}

/** Names of a listing that a message lists at most. */
const namesMost = 8;

/**
 * What is wrong with a filter, as the listing shows: a Region or account that it does not have, or nothing
 * that passes. Null when the filter can be meant. Files whose path says nothing pass every filter.
 */
export function filterError(summary: IngestSummary, filter: ListFilter): KeymeterError | null {
  const { listed_accounts, listed_regions } = summary;
  for (const region of filter.regions ?? []) {
    if (regionNames.includes(region) || listed_regions.includes(region)) continue;
    const close = nearest(region, [...listed_regions, ...regionNames]);
    return usageError(
      'bad_region',
      `there is no Region ${region}, and the sources have no log of it`,
      close ? `did you mean ${close}?` : listOf('Regions', listed_regions),
    );
  }
  for (const account of filter.accounts ?? []) {
    if (listed_accounts.length === 0 || listed_accounts.includes(account)) continue;
    const close = nearest(account, listed_accounts);
    return usageError(
      'bad_account',
      `the sources have no log of account ${account}`,
      close ? `did you mean ${close}?` : listOf('accounts', listed_accounts),
    );
  }
  const filtered = Object.entries(summary.filtered);
  if (summary.objects_listed > 0 || filtered.length === 0) return null;
  const why = filtered.map(([reason]) => `--${reason === 'time' ? 'from/--to' : reason}`);
  return usageError(
    'filter_matches_nothing',
    `nothing was read: ${why.join(' and ')} left out all that the sources have`,
    why.includes('--region')
      ? listOf('Regions', listed_regions)
      : 'widen the filter, or leave it out',
  );
}

function listOf(what: string, names: readonly string[]): string {
  if (names.length === 0) return `the sources name no ${what} in their paths`;
  const more = names.length > namesMost ? `, and ${names.length - namesMost} more` : '';
  return `the sources have the ${what} ${names.slice(0, namesMost).join(', ')}${more}`;
}
