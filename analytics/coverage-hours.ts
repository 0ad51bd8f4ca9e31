import { pricingFile } from '../reference/pricing.ts';
import type { AnalysisContext } from './analysis.ts';

const hour_ms = 3_600_000;
const hour_seconds = 3_600;
/** No log file spans longer than this; only the first and last hour of such an object are covered. */
const span_hours_max = 366 * 24;
/** Hours from one hour with records to the next that still count as a quiet trail. */
const quiet_hours_max = 24;
/** Fewer covered hours than this are never scaled to a month (definitions: Month). */
export const coverage_hours_min = 24;

/**
 * One row for each account, Region, organisation and span of hours that an object holds records of. An
 * object without records of its own still shows, by the time in its name, that the trail delivered.
 * Network activity events are delivered apart, and say nothing of API calls.
 */
const objectsSql = `
  SELECT DISTINCT account_id, region, regexp_extract(key, 'AWSLogs/(o-[a-z0-9]+)/', 1) AS organisation,
    date_trunc('hour', record_time_min) AS hour_from, date_trunc('hour', record_time_max) AS hour_to,
    CASE WHEN record_time_min IS NULL
      THEN regexp_extract(key, '_([0-9]{8}T[0-9]{4})Z_[^/]*$', 1) END AS delivered
  FROM ingest_objects
  WHERE status IN ('ok', 'empty') AND strpos(key, 'CloudTrail-NetworkActivity') = 0`;

/** Digest periods that `keymeter verify` judged. */
const verifiedSql = `
  SELECT account_id, region, status, date_trunc('hour', hour_from) AS hour_from, hour_to
  FROM verified_hours WHERE status IN ('whole', 'empty', 'broken')`;

/** Retention drops what is older than this instant; no row, nothing was dropped. */
const keptSql = `SELECT value FROM store_state WHERE name = 'kept_from'`;

/**
 * Accounts that call but that no path names (rewritten logs, callers of other organisations), and the
 * accounts whose logs hold their calls: these logs are what is known of them.
 */
const strangersSql = `
  SELECT DISTINCT s.stranger, o.account_id
  FROM (
    SELECT DISTINCT caller_account_id AS stranger, object_id FROM kms_events
    WHERE caller_account_id NOT IN (SELECT account_id FROM ingest_objects WHERE account_id IS NOT NULL)
  ) AS s
  JOIN ingest_objects AS o ON CAST(o.object_id AS VARCHAR) = s.object_id`;

/** A half-open range of time; undefined is open. */
export interface CoverageRange {
  from?: Date | undefined;
  to?: Date | undefined;
}

interface Place {
  account: string;
  region: string;
  /** Hours that objects of this very account and Region hold records of, or that a digest proves. */
  own: Set<number>;
  /** Hours whose digest says that a file is missing or changed. */
  broken: Set<number>;
}

/**
 * Which hours the logs cover (definitions: Covered hour). This is the one place that decides it,
 * for months, baselines and notes alike.
 *
 * CloudTrail delivers nothing where nothing happened. An hour of an account and Region is therefore
 * covered when the same trail delivered records of that hour for any Region: a trail is all that was
 * read of one account, or of one organisation where the path names it. Up to a day between two such
 * hours is quiet too; a longer gap is a hole. A digest that was verified decides its hours: whole and
 * empty are covered, broken is a hole unless records of the hour were read.
 */
export class CoverageHours {
  readonly #places = new Map<string, Place>();
  /** The trails that log an account: its own, and its organisation's. */
  readonly #trailsOf = new Map<string, Set<string>>();
  /** The trails that hold the calls of accounts without a trail of their own here. */
  readonly #strangers = new Map<string, Set<string>>();
  readonly #trails = new Map<string, Set<number>>();
  readonly #from: number;
  readonly #to: number;
  readonly #known = new Map<string, readonly number[]>();

  private constructor(range: CoverageRange, kept_from: number) {
    const from = range.from ? Math.floor(range.from.getTime() / hour_ms) : -Infinity;
    this.#from = Math.max(from, kept_from);
    this.#to = range.to ? Math.ceil(range.to.getTime() / hour_ms) : Infinity;
  }

  /** The covered hours of the range that all objects read so far give. */
  static async read(context: AnalysisContext, range: CoverageRange = {}): Promise<CoverageHours> {
    const [kept] = await context.engine.rows(keptSql, {}, context);
    // An hour that lost a part of its events is not covered.
    const kept_from = kept ? Math.ceil(Date.parse(String(kept['value'])) / hour_ms) : -Infinity;
    const coverage = new CoverageHours(range, kept_from);
    for (const row of await context.engine.rows(objectsSql, {}, context)) {
      const place = coverage.#place(row);
      const trails = coverage.#trailsOfAccount(place.account);
      const organisation = row['organisation'];
      if (typeof organisation === 'string' && organisation !== '') trails.add(organisation);
      const [first, last] = spanOf(row);
      if (first === null || last === null) continue;
      for (const hour of hoursOf(first, last)) {
        place.own.add(hour);
        for (const trail of trails) coverage.#trail(trail).add(hour);
      }
    }
    for (const row of await context.engine.rows(verifiedSql, {}, context)) {
      const place = coverage.#place(row);
      coverage.#trailsOfAccount(place.account);
      const first = hourOf(row['hour_from']);
      const last = Math.ceil(Date.parse(String(row['hour_to'])) / hour_ms) - 1;
      for (const hour of hoursOf(first, Math.max(first, last))) {
        if (row['status'] === 'broken') place.broken.add(hour);
        else {
          place.own.add(hour);
          coverage.#trail(place.account).add(hour);
        }
      }
    }
    for (const row of await context.engine.rows(strangersSql, {}, context)) {
      const known = coverage.#trailsOfAccount(nameOf(row['account_id']));
      const stranger = nameOf(row['stranger']);
      const trails = coverage.#strangers.get(stranger) ?? new Set();
      for (const trail of known) trails.add(trail);
      coverage.#strangers.set(stranger, trails);
    }
    for (const [name, hours] of coverage.#trails) {
      coverage.#trails.set(name, new Set(withQuietGaps(hours)));
    }
    return coverage;
  }

  #place(row: Readonly<Record<string, unknown>>): Place {
    const [account, region] = [nameOf(row['account_id']), nameOf(row['region'])];
    const name = `${account} ${region}`;
    let place = this.#places.get(name);
    if (!place) {
      this.#places.set(name, (place = { account, region, own: new Set(), broken: new Set() }));
    }
    return place;
  }

  #trailsOfAccount(account: string): Set<string> {
    let trails = this.#trailsOf.get(account);
    if (!trails) this.#trailsOf.set(account, (trails = new Set([account])));
    return trails;
  }

  #trail(name: string): Set<number> {
    let hours = this.#trails.get(name);
    if (!hours) this.#trails.set(name, (hours = new Set()));
    return hours;
  }

  /** The accounts and Regions that objects were read of. */
  places(): { account_id: string; region: string }[] {
    return [...this.#places.values()].map(({ account, region }) => ({
      account_id: account,
      region,
    }));
  }

  /** True when an object or a digest of the account was read. */
  knows(account: string): boolean {
    return this.#trailsOf.has(account);
  }

  /** Covered hours, in order, as hours since 1970, of the account and Region; null is all of them. */
  list(account: string | null, region: string | null): readonly number[] {
    const name = `${account ?? '*'} ${region ?? '*'}`;
    let hours = this.#known.get(name);
    if (!hours) this.#known.set(name, (hours = this.#compute(account, region)));
    return hours;
  }

  #compute(account: string | null, region: string | null): readonly number[] {
    const union = new Set<number>();
    for (const name of this.#accountsFor(account, region)) {
      const place = region === null ? undefined : this.#places.get(`${name} ${region}`);
      for (const trail of this.#trailsOf.get(name) ?? this.#strangers.get(name) ?? []) {
        for (const hour of this.#trails.get(trail) ?? []) {
          if (!place?.broken.has(hour) || place.own.has(hour)) union.add(hour);
        }
      }
    }
    return [...union].filter((hour) => hour >= this.#from && hour < this.#to).sort((a, b) => a - b);
  }

  /** The accounts whose trails speak for an account; objects without an account speak for each. */
  #accountsFor(account: string | null, region: string | null): string[] {
    const all = [...this.#trailsOf.keys()];
    if (account !== null) {
      const known = [account, '?'].filter(
        (name) => this.#trailsOf.has(name) || this.#strangers.has(name),
      );
      if (known.length > 0) return known;
    }
    // Of nobody in particular, or of an account that nothing is known of: the Region stands in.
    const ofRegion = all.filter((name) => this.#places.has(`${name} ${region}`));
    return ofRegion.length > 0 ? ofRegion : all;
  }

  /** How many hours are covered of any of these accounts in the Region; null is all of them. */
  hours(accounts: readonly string[] | null, region: string | null): number {
    if (accounts === null) return this.list(null, region).length;
    if (accounts.length === 1) return this.list(accounts[0]!, region).length;
    return new Set(accounts.flatMap((account) => this.list(account, region))).size;
  }

  /** Covered hours that end at or before the start of the hour of `second`: the history of a baseline. */
  hoursBefore(account: string | null, region: string | null, second: number): number {
    return lowerBound(this.list(account, region), Math.floor(second / hour_seconds));
  }

  /** Covered hours from `first` to `last`, both in hours since 1970 and inclusive. */
  hoursWithin(account: string | null, region: string | null, first: number, last: number): number {
    const hours = this.list(account, region);
    return lowerBound(hours, last + 1) - lowerBound(hours, first);
  }
}

/** Number of hours below `hour` in a sorted list. */
function lowerBound(hours: readonly number[], hour: number): number {
  let [low, high] = [0, hours.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hours[middle]! < hour) low = middle + 1;
    else high = middle;
  }
  return low;
}

function* hoursOf(first: number, last: number): Generator<number> {
  if (last - first > span_hours_max) yield* [first, last];
  else for (let hour = first; hour <= last; hour++) yield hour;
}

const hourOf = (value: unknown) => Math.floor(Date.parse(String(value)) / hour_ms);

/** `20261005T0010` of an object's name, as an hour. */
function deliveredHour(text: unknown): number | null {
  const found = /^(\d{4})(\d{2})(\d{2})T(\d{2})\d{2}$/.exec(String(text ?? ''));
  if (!found) return null;
  const hour = Date.parse(`${found[1]}-${found[2]}-${found[3]}T${found[4]}:00:00Z`) / hour_ms;
  return Number.isFinite(hour) ? hour : null;
}

function spanOf(row: Readonly<Record<string, unknown>>): [number | null, number | null] {
  if (row['hour_from'] === null) {
    const hour = deliveredHour(row['delivered']);
    return [hour, hour];
  }
  return [hourOf(row['hour_from']), hourOf(row['hour_to'])];
}

function withQuietGaps(hours: ReadonlySet<number>): number[] {
  const filled: number[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const last = filled.at(-1);
    if (last !== undefined && hour - last <= quiet_hours_max) {
      for (let quiet = last + 1; quiet < hour; quiet++) filled.push(quiet);
    }
    filled.push(hour);
  }
  return filled;
}

const nameOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : '?');

/** What a figure of `covered_hours` is worth in a month; null when too few hours are covered. */
export function monthly(figure: number, covered_hours: number): number | null {
  if (covered_hours < coverage_hours_min) return null;
  return (figure * pricingFile.month_hours) / covered_hours;
}
