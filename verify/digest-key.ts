/**
 * Names in a trail's bucket, as CloudTrail writes them:
 * `[prefix/]AWSLogs/[o-id/]account/CloudTrail-Digest/region/YYYY/MM/DD/`
 * `account_CloudTrail-Digest_region_trail_homeRegion_YYYYMMDDTHHMMSSZ[_backfill].json.gz`.
 * Source: AWS CloudTrail User Guide, "CloudTrail digest file structure"; backfill: aws-cli #10059.
 */
export type ChainKind = 'standard' | 'backfill';

/** One account and Region of a bucket: the folder that holds its digests and its logs. */
export interface RegionScope {
  bucket: string;
  /** Ends in `AWSLogs/` or `AWSLogs/o-id/`. */
  base: string;
  account_id: string;
  region: string;
}

export interface DigestKey {
  key: string;
  /** `trail_homeRegion`: tells the trails that deliver to one folder apart. */
  trail: string;
  home_region: string;
  kind: ChainKind;
  /** End of the period, milliseconds since the epoch. */
  ends_at: number;
}

export function digestFolder(scope: RegionScope): string {
  return `${scope.base}${scope.account_id}/CloudTrail-Digest/${scope.region}/`;
}

export function logFolder(scope: RegionScope): string {
  return `${scope.base}${scope.account_id}/CloudTrail/${scope.region}/`;
}

/** `YYYY/MM/DD/` of an instant, in UTC. */
export function dayFolder(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10).replaceAll('-', '/')}/`;
}

const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)?Z/;

/** Milliseconds since the epoch of `YYYYMMDDTHHMM[SS]Z`, or null. */
export function instantOfStamp(text: string): number | null {
  const [, year, month, day, hour, minute, second] = stamp.exec(text) ?? [];
  if (!year) return null;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}Z`);
  return Number.isNaN(at) ? null : at;
}

/** Reads the name of a digest in its scope's folder; null for any other name. */
export function parseDigestKey(scope: RegionScope, key: string): DigestKey | null {
  const folder = digestFolder(scope);
  if (!key.startsWith(folder)) return null;
  const day = /^\d{4}\/\d\d\/\d\d\/([^/]+)$/.exec(key.slice(folder.length));
  const start = `${scope.account_id}_CloudTrail-Digest_${scope.region}_`;
  const name = day?.[1];
  if (!name?.startsWith(start)) return null;
  const match = /^(.+)_([a-z0-9-]+)_(\d{8}T\d{6}Z)(_backfill)?\.json\.gz$/.exec(
    name.slice(start.length),
  );
  const ends_at = match && instantOfStamp(match[3] ?? '');
  if (!match || ends_at === null) return null;
  return {
    key,
    trail: `${match[1]}_${match[2]}`,
    home_region: match[2] ?? '',
    kind: match[4] ? 'backfill' : 'standard',
    ends_at,
  };
}

/** Instant in the name of a log file (minutes), or null for a name that is no log's. */
export function instantOfLogKey(key: string): number | null {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const match = /^\d{12}_CloudTrail_[a-z0-9-]+_(\d{8}T\d{4}Z)_?[A-Za-z0-9]+\.json\.gz$/.exec(name);
  return match ? instantOfStamp(match[1] ?? '') : null;
}

/** The scope that a digest's key lies in, wherever a chain leads to; null for any other key. */
export function scopeOfDigestKey(bucket: string, key: string): RegionScope | null {
  const match = /^((?:.*\/)?AWSLogs\/(?:o-[^/]+\/)?)(\d{12})\/CloudTrail-Digest\/([^/]+)\//.exec(
    key,
  );
  if (!match) return null;
  return {
    bucket,
    base: match[1] ?? '',
    account_id: match[2] ?? '',
    region: match[3] ?? '',
  };
}
