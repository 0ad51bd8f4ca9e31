import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { isKeymeterError, messageOf } from '../core/errors.ts';
import { readConfig } from '../core/config.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import { pathFactsOf } from '../ingest/path-facts.ts';
import type { Source } from '../ingest/sources/source.ts';
import { openEngine } from '../store/open-engine.ts';
import { sourceOptions, type S3Flags } from './s3-flags.ts';

/** One thing that was looked at; `fix` says what to do when it is not ok. */
export interface Check {
  check: string;
  status: 'ok' | 'warning' | 'failed';
  found: string;
  fix: string;
}

const ok = (check: string, found: string): Check => ({ check, status: 'ok', found, fix: '' });
const failed = (check: string, error: unknown): Check => ({
  check,
  status: 'failed',
  found: messageOf(error),
  fix: isKeymeterError(error) ? error.fix : 'see the message',
});

/** Node as package.json asks for it. */
const node_min = [20, 19] as const;
/** Less free space than this is soon full: a day of a busy organisation's KMS events. */
const free_bytes_min = 1_000_000_000;
/** Enough names to see which accounts and Regions a source holds, and never a whole bucket. */
const names_max = 2_000;
const listing_ms_max = 30_000;

export function checkNode(version = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const found = `Node ${version}, ${process.platform} ${process.arch}`;
  if (major > node_min[0] || (major === node_min[0] && minor >= node_min[1])) {
    return ok('versions', found);
  }
  return {
    check: 'versions',
    status: 'failed',
    found,
    fix: `install Node ${node_min.join('.')} or later`,
  };
}

export async function checkDisk(file: string): Promise<Check> {
  const folder = path.dirname(path.resolve(file));
  try {
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${(free / 1e9).toFixed(1)} GB free in ${folder}`;
    if (free >= free_bytes_min) return ok('disk', found);
    return {
      check: 'disk',
      status: 'warning',
      found,
      fix: 'free some space, or put --db elsewhere',
    };
  } catch (error) {
    return {
      check: 'disk',
      status: 'failed',
      found: messageOf(error),
      fix: `make ${folder} a directory that this user may write to, or put --db elsewhere`,
    };
  }
}

export function checkConfig(file: string | undefined): Check {
  if (file === undefined) return ok('configuration', 'none given: defaults of AWS hold');
  try {
    const config = readConfig(file);
    const { quotaOverrides, priceOverrides, keyInventory, ownAccounts } = config;
    return ok(
      'configuration',
      `${quotaOverrides.length} quotas, ${priceOverrides.length} prices, ${keyInventory.length} keys, ${ownAccounts.length} own accounts`,
    );
  } catch (error) {
    return failed('configuration', error);
  }
}

const stateSql = `
  SELECT (SELECT count(*) FROM events) AS events, version() AS duckdb,
    (SELECT count(*) FROM ingest_objects WHERE status = 'dead') AS dead,
    (SELECT count(*) FROM ingest_retries) AS waiting,
    (SELECT CAST(coalesce(sum(rejected), 0) AS BIGINT) FROM ingest_objects) AS rejected,
    (SELECT max(record_time_max) FROM ingest_objects) AS newest,
    (SELECT count(*) FROM related_events WHERE event_name IN ('StopLogging', 'DeleteTrail', 'PutEventSelectors')
      AND error_code IS NULL) AS trail_changes`;

/** The database: whether it opens, what is in it, what was left out of it. */
export async function checkDatabase(file: string): Promise<Check[]> {
  const there = await stat(file).catch(() => null);
  if (!there) return [ok('database', `${file} is not there yet; the first ingest makes it`)];
  let engine;
  try {
    engine = await openEngine(`duckdb:${file}`);
  } catch (error) {
    return [failed('database', error)];
  }
  try {
    const [row] = await engine.rows(stateSql);
    const { events, duckdb, newest, dead, waiting, rejected, trail_changes } = row!;
    const checks = [
      ok(
        'database',
        `${file}: ${events} KMS events, ${(there.size / 1e6).toFixed(1)} MB, newest record ${newest ?? 'none'}, DuckDB ${duckdb}`,
      ),
    ];
    if (Number(dead) + Number(waiting) + Number(rejected) > 0) {
      checks.push({
        check: 'input',
        status: 'warning',
        found: `${dead} objects could not be read, ${waiting} wait for another try, ${rejected} records were refused`,
        fix: 'keymeter sql "SELECT key, error_class, error_detail FROM ingest_objects WHERE error_class IS NOT NULL"; then ingest again, with --retry-dead',
      });
    }
    if (Number(trail_changes) > 0) {
      checks.push({
        check: 'trail selection',
        status: 'warning',
        found: `${trail_changes} events that stop, delete or narrow a trail stand in the log`,
        fix: 'see the coverage notes of `keymeter report security`; a trail with ExcludeManagementEventSources kms.amazonaws.com records no KMS call',
      });
    }
    return checks;
  } catch (error) {
    return [failed('database', error)];
  } finally {
    engine.close();
  }
}

/** What the first names of a source's listing say of the trail. */
async function listed(source: Source) {
  const accounts = new Set<string>();
  const regions = new Set<string>();
  const problems: string[] = [];
  let logs = 0;
  let names = 0;
  for await (const item of source.list({}, AbortSignal.timeout(listing_ms_max))) {
    if ('problem' in item) problems.push(`${item.place}: ${item.message}`);
    else if (++names > 0 && !('skipped' in item)) {
      logs++;
      const { account_id, region } = pathFactsOf(item.key);
      if (account_id) accounts.add(account_id);
      if (region) regions.add(region);
    }
    if (names >= names_max) return { accounts, regions, problems, logs, names, cut: true };
  }
  return { accounts, regions, problems, logs, names, cut: false };
}

/** A source: whether it can be listed, and whether what lies there looks like a trail. */
export async function checkSource(spec: string, flags: S3Flags): Promise<Check[]> {
  try {
    const source = await openSource(spec, sourceOptions(flags));
    const facts = await listed(source);
    const checks = [ok('access', `${spec} can be listed`)];
    if (facts.problems.length > 0) {
      checks.push({
        check: 'access',
        status: 'warning',
        found: facts.problems.slice(0, 3).join('; '),
        fix: 'grant s3:ListBucket on the whole bucket, or name a folder that may be listed',
      });
    }
    if (facts.logs === 0) {
      checks.push({
        check: 'trail',
        status: 'failed',
        found: `no log file among the first ${facts.names} names`,
        fix: 'name the folder that holds AWSLogs/, an account or CloudTrail/; see docs/sources.md',
      });
      return checks;
    }
    const more = facts.cut ? 'at least ' : '';
    checks.push(
      ok(
        'trail',
        `${more}${facts.logs} log files of ${facts.accounts.size} accounts (${[...facts.accounts].slice(0, 5).join(', ')}) in ${facts.regions.size} Regions (${[...facts.regions].slice(0, 5).join(', ')})`,
      ),
    );
    return checks;
  } catch (error) {
    return [failed('access', error)];
  }
}
