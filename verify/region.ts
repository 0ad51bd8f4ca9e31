import type { ListedDigest } from './digest-chain.ts';
import { isoOf } from './digest-chain.ts';
import type { RegionScope } from './digest-key.ts';
import {
  dayFolder,
  digestFolder,
  instantOfLogKey,
  logFolder,
  parseDigestKey,
} from './digest-key.ts';
import type { DigestStore } from './digest-store.ts';
import { verifyTrail } from './trail.ts';
import type { TrailProgress } from './trail.ts';
import type { HourVerdict, LogVerdict, Verdict } from './verdict.ts';
import { fileOutcome, hourOutcome } from './verdict.ts';
import type { VerifyOptions } from './verify-options.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A file is delivered some minutes after the time in its name; its digest comes after that. */
const deliveryMs = 15 * 60_000;

/** Verifies every trail that delivers to one account's folder of one Region. */
export async function* verifyRegion(
  scope: RegionScope,
  options: VerifyOptions,
): AsyncGenerator<Verdict> {
  const { store } = options;
  const from = options.from ?? Number.NEGATIVE_INFINITY;
  const to = options.to ?? Number.POSITIVE_INFINITY;
  const digests = await listDigests(store, scope, from, to);
  const progress: TrailProgress = { listedFiles: new Set(), periods: [] };
  for (const trail of [...new Set(digests.map((digest) => digest.trail))].sort()) {
    const ofTrail = digests.filter((digest) => digest.trail === trail);
    const listElsewhere = async (other: RegionScope) => {
      const listed = await listDigests(store, other, from, to);
      return listed.filter((digest) => digest.trail === trail);
    };
    yield* verifyTrail({ scope, trail, digests: ofTrail, listElsewhere, progress }, options);
  }
  if (progress.periods.length === 0) {
    const hour = await withoutDigests(scope, options);
    if (hour) yield hour;
    return;
  }
  yield* unlistedFiles(scope, options, progress);
}

/** Digests whose period may meet the range, and those up to an hour later, which repeat signatures. */
async function listDigests(
  store: DigestStore,
  scope: RegionScope,
  from: number,
  to: number,
): Promise<ListedDigest[]> {
  const folder = digestFolder(scope);
  const first = Number.isFinite(from) ? `${folder}${dayFolder(from)}` : undefined;
  const end = Number.isFinite(to) ? `${folder}${dayFolder(to + 2 * hourMs + dayMs)}` : null;
  const listed: ListedDigest[] = [];
  for await (const key of store.keys(scope.bucket, folder, first)) {
    if (end !== null && key >= end) break;
    const digest = parseDigestKey(scope, key);
    if (!digest || digest.ends_at <= from || digest.ends_at > to + 2 * hourMs) continue;
    listed.push({ ...digest, bucket: scope.bucket });
  }
  return listed;
}

/** Files in the range that are no trail's: put there by someone else, or their digest is gone. */
async function* unlistedFiles(
  scope: RegionScope,
  options: VerifyOptions,
  { listedFiles, periods }: TrailProgress,
): AsyncGenerator<LogVerdict> {
  const from = options.from ?? periods.reduce((least, { from }) => Math.min(least, from), Infinity);
  const newest = periods.reduce((most, { to }) => Math.max(most, to), -Infinity);
  const to = Math.min(options.to ?? Number.POSITIVE_INFINITY, newest - deliveryMs);
  const folder = logFolder(scope);
  const end = `${folder}${dayFolder(to + dayMs)}`;
  for await (const key of options.store.keys(scope.bucket, folder, `${folder}${dayFolder(from)}`)) {
    if (key >= end) return;
    const named = instantOfLogKey(key);
    if (named === null || named < from || named >= to) continue;
    if (listedFiles.has(`${scope.bucket}/${key}`)) continue;
    yield {
      kind: 'log',
      account_id: scope.account_id,
      region: scope.region,
      trail: '',
      chain: 'standard',
      status: 'unlisted',
      outcome: fileOutcome('unlisted'),
      bucket: scope.bucket,
      key,
      reason: 'no believable digest of the range names it',
      digest_key: '',
      sha256: null,
      from_ledger: false,
    };
  }
}

/** The row of a Region that has logs, or was asked for, and no digest at all. */
async function withoutDigests(
  scope: RegionScope,
  options: VerifyOptions,
): Promise<HourVerdict | null> {
  const days = await firstAndLastDay(options.store, scope);
  const from = options.from ?? days?.from;
  const to = options.to ?? days?.to;
  if (from === undefined || to === undefined || from >= to) return null;
  return {
    kind: 'hour',
    account_id: scope.account_id,
    region: scope.region,
    trail: '',
    chain: 'standard',
    hour_from: isoOf(from),
    hour_to: isoOf(to),
    status: 'no_digest',
    outcome: hourOutcome('no_digest'),
    log_files: 0,
    digest_key: '',
  };
}

async function firstAndLastDay(
  store: DigestStore,
  scope: RegionScope,
): Promise<{ from: number; to: number } | null> {
  const edge = async (at: 0 | -1): Promise<number | null> => {
    let path = logFolder(scope);
    for (let depth = 0; depth < 3; depth++) {
      const names = await store.folders(scope.bucket, path);
      const name = names.filter((one) => /^\d+$/.test(one)).at(at);
      if (name === undefined) return null;
      path += `${name}/`;
    }
    const day = path.slice(logFolder(scope).length, -1).replaceAll('/', '-');
    const instant = Date.parse(`${day}T00:00:00Z`);
    return Number.isNaN(instant) ? null : instant;
  };
  const [from, last] = [await edge(0), await edge(-1)];
  return from === null || last === null ? null : { from, to: last + dayMs };
}
