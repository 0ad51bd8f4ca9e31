import { isStructural, locate, placeOfFile, type Place } from './log-path.ts';
import type { FilterReason, ListFilter, Listing } from './source.ts';

/**
 * What of a listing is taken, left out with a reason, or filtered out; `sniff`: taken if its first
 * bytes may be those of a log, as its name says nothing. Pure: the S3 walk, the local walk and the tests'
 * brute force over all keys decide with these functions alone.
 */
export type Verdict = 'take' | 'sniff' | { filtered: FilterReason } | { skip: string };

/** A ListFilter, ready for comparing with paths. Days are YYYYMMDD, UTC, both ends included. */
export interface PathRules {
  day_first: number;
  day_last: number;
  accounts: ReadonlySet<string> | undefined;
  regions: ReadonlySet<string> | undefined;
}

/**
 * Whole days after the last wanted event that its file may be published. The folders of a log bear the
 * day of publishing. CloudTrail publishes within minutes as a rule, and late deliveries of 25 hours
 * occur, so an event of day D stands in D, D + 1 or D + 2. It never stands before D: a file can't hold
 * what has not happened. So the lower bound has no slack and the upper bound has two days.
 */
export const publishLagDays = 2;

const dayMs = 86_400_000;
/** Names of objects that are read whole at once. */
const logNames = ['.json.gz', '.json', '.jsonl', '.ndjson', '.gz'];

/** The demo trail's truth and config lie beside its logs; they are no broken logs. */
const ownFile = /^keymeter[-.][a-z.-]*\.json$/;
/** A database that is being written is no log, and changes while it is read. */
const databaseFile = /\.duckdb(?:\.(?:wal|tmp))?$/i;

export function pathRules(filter: ListFilter): PathRules {
  return {
    day_first: filter.from === undefined ? -Infinity : dayOf(filter.from),
    // `to` is exclusive: the last wanted millisecond is the one before it.
    day_last: filter.to === undefined ? Infinity : dayOf(filter.to - 1 + publishLagDays * dayMs),
    accounts: filter.accounts?.length ? new Set(filter.accounts) : undefined,
    regions: filter.regions?.length ? new Set(filter.regions) : undefined,
  };
}

export function judgeFolder(place: Place, rules: PathRules): Verdict {
  switch (place.role) {
    case 'digest':
      return { skip: 'digest files: keymeter verify reads them' };
    case 'insight':
      return { skip: 'CloudTrail Insights: no record of a call' };
    case 'aggregated':
      return { skip: 'CloudTrail aggregated events: no record of a call' };
    case 'other-service':
      return { skip: "another service's logs: only CloudTrail folders are read" };
    default:
      return filtered(place, rules) ?? 'take';
  }
}

/** Judges a file in a folder that judgeFolder took. */
export function judgeName(folder: Place, name: string, rules: PathRules): Verdict {
  if (name.includes('_CloudTrail-Digest_')) return { skip: 'digest file' };
  if (name.includes('_CloudTrail-Insight_')) return { skip: 'CloudTrail Insights file' };
  if (name.includes('_CloudTrail-Aggregated')) return { skip: 'CloudTrail aggregated events file' };
  if (ownFile.test(name)) return { skip: "keymeter's own file, no log" };
  if (databaseFile.test(name)) return { skip: 'a DuckDB database' };
  const left = filtered(placeOfFile(folder, name), rules);
  if (left) return left;
  const lower = name.toLowerCase();
  return logNames.some((ending) => lower.endsWith(ending)) ? 'take' : 'sniff';
}

/** Judges a whole key, folder by folder from the root on as the walks do. */
export function judgeKey(key: string, rules: PathRules): Verdict {
  const folders = key.split('/');
  const name = folders.pop() ?? '';
  if (name === '') return { skip: 'folder marker' };
  const verdict = judgePath(folders, rules);
  return verdict === 'take' ? judgeName(locate(folders), name, rules) : verdict;
}

/** Judges a folder and all folders above it: what is below a folder that is left out is never looked at. */
export function judgePath(folders: readonly string[], rules: PathRules): Verdict {
  for (let depth = 1; depth <= folders.length; depth++) {
    const verdict = judgeFolder(locate(folders.slice(0, depth)), rules);
    if (verdict !== 'take') return verdict;
  }
  return 'take';
}

/** How an S3 prefix that ends at a folder is listed: its level only, or all keys below it. */
export function listingOf(prefix: string): 'level' | 'all' | 'look' {
  const place = locate(foldersOf(prefix));
  if (isStructural(place)) return 'level';
  return place.role === 'unknown' ? 'look' : 'all';
}

/** Is the folder one by which a CloudTrail layout is known (AWSLogs, an account, CloudTrail, ...)? */
export function isLandmark(prefix: string): boolean {
  return locate(foldersOf(prefix)).role !== 'unknown';
}

/** The folders of a prefix such as `a/b/`. */
export function foldersOf(prefix: string): string[] {
  const folders = prefix.split('/');
  folders.pop();
  return folders;
}

function filtered(place: Place, rules: PathRules): { filtered: FilterReason } | null {
  if (rules.accounts && place.account && !rules.accounts.has(place.account)) {
    return { filtered: 'account' };
  }
  if (rules.regions && place.region && !rules.regions.has(place.region)) {
    return { filtered: 'region' };
  }
  if (place.day_first === undefined || place.day_last === undefined) return null;
  const isOutside = place.day_last < rules.day_first || place.day_first > rules.day_last;
  return isOutside ? { filtered: 'time' } : null;
}

/** What a listing says of a name that is not taken. */
export function leftOut(verdict: Exclude<Verdict, string>, key: string): Listing {
  if ('skip' in verdict) return { skipped: verdict.skip, key };
  return { filtered: verdict.filtered, key };
}

function dayOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}
