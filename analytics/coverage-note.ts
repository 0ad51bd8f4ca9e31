import { plural } from '../core/words.ts';
import type { AnalysisContext } from './analysis.ts';
import { CoverageHours } from './coverage-hours.ts';

/** Which part of the logs an answer speaks of; undefined is "all". Half-open `[from, to)`. */
export interface CoverageScope {
  from?: Date | undefined;
  to?: Date | undefined;
  account?: string | undefined;
  region?: string | undefined;
}

/** Hours of one account and Region: those of the range, and those of them that are covered. */
export interface PairCoverage {
  account_id: string | null;
  region: string | null;
  hours: number;
  hours_covered: number;
}

/** An event that stopped or narrowed a trail. */
export interface LoggingChange {
  event_id: string;
  changed_at: string;
  event_name: string;
  account_id: string | null;
  region: string | null;
  principal_arn: string | null;
  outcome: string;
}

export interface CoverageFacts {
  /** The range that was judged: the asked one, else the time of the first and last record read. */
  from: string | null;
  to: string | null;
  /** Each over the asked range; where an end is open, from its account's own first or to its last covered hour. */
  pairs: PairCoverage[];
  hours: number;
  hours_covered: number;
  /** Objects of the scope that could not be read at all; their time is unknown. */
  dead_objects: number;
  rejected_records: number;
  logging_changes: LoggingChange[];
}

const scoped = `(CAST($account AS VARCHAR) IS NULL OR account_id IS NULL OR account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region IS NULL OR region = $region)`;

const spanSql = `
  SELECT min(record_time_min) AS first_at, max(record_time_max) AS last_at,
    count(*) FILTER (WHERE status = 'dead') AS dead_objects, CAST(coalesce(sum(rejected), 0) AS BIGINT) AS rejected_records
  FROM ingest_objects WHERE ${scoped}`;

const loggingSql = `
  SELECT DISTINCT event_id, event_time AS changed_at,
    event_name, account_id, region, principal_arn, coalesce(error_code, 'success') AS outcome
  FROM related_events
  WHERE event_name IN ('StopLogging', 'DeleteTrail', 'PutEventSelectors', 'UpdateTrail')
    AND event_time >= CAST($from AS TIMESTAMP) AND event_time < CAST($to AS TIMESTAMP) AND ${scoped}
  ORDER BY changed_at, event_id`;

const hour_ms = 3_600_000;

/** What the logs that were read can say of a scope: hours with and without records, losses, trail changes. */
export async function coverageFacts(
  context: AnalysisContext,
  scope: CoverageScope,
): Promise<CoverageFacts> {
  const params = { account: scope.account, region: scope.region };
  const [span] = await context.engine.rows(spanSql, params, context);
  const first = scope.from ?? instant(span?.['first_at']);
  const last = instant(span?.['last_at']);
  // The end is exclusive, and the last record belongs to the range.
  const end = scope.to ?? (last ? new Date(last.getTime() + 1000) : null);
  const lost = {
    dead_objects: Number(span?.['dead_objects'] ?? 0),
    rejected_records: Number(span?.['rejected_records'] ?? 0),
  };
  if (!first || !end || first >= end) {
    return {
      from: first ? iso(first) : null,
      to: end ? iso(end) : null,
      pairs: [],
      hours: 0,
      hours_covered: 0,
      ...lost,
      logging_changes: [],
    };
  }
  const range = { ...params, from: first, to: end };
  const pairs = await pairsOf(context, scope, end);
  return {
    from: iso(first),
    to: iso(end),
    pairs,
    hours: pairs.reduce((sum, pair) => sum + pair.hours, 0),
    hours_covered: pairs.reduce((sum, pair) => sum + pair.hours_covered, 0),
    ...lost,
    logging_changes: (await context.engine.rows(
      loggingSql,
      range,
      context,
    )) as unknown as LoggingChange[],
  };
}

/** The accounts and Regions of the scope; an open end of the range is that of the account's own log. */
async function pairsOf(
  context: AnalysisContext,
  scope: CoverageScope,
  end: Date,
): Promise<PairCoverage[]> {
  const coverage = await CoverageHours.read(context);
  const isAsked = (value: string, asked: string | undefined) =>
    asked === undefined || value === '?' || value === asked;
  const pairs: PairCoverage[] = [];
  for (const { account_id, region } of coverage.places()) {
    if (!isAsked(account_id, scope.account) || !isAsked(region, scope.region)) continue;
    const own = coverage.list(account_id, null);
    const first = scope.from ? Math.floor(scope.from.getTime() / hour_ms) : own[0];
    const last = scope.to ? Math.ceil(end.getTime() / hour_ms) - 1 : own.at(-1);
    if (first === undefined || last === undefined || last < first) continue;
    pairs.push({
      account_id: account_id === '?' ? null : account_id,
      region: region === '?' ? null : region,
      hours: last - first + 1,
      hours_covered: coverage.hoursWithin(account_id, region, first, last),
    });
  }
  const name = (pair: PairCoverage) => `${pair.account_id ?? ''} ${pair.region ?? ''}`;
  return pairs.sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** The facts as sentences, for the notes of an answer. */
export function coverageSentences(facts: CoverageFacts): string[] {
  const sentences: string[] = [];
  if (facts.pairs.length === 0 || facts.hours_covered === 0) {
    sentences.push(
      'Coverage: no file that was read covers any of this range; the absence of a row proves nothing.',
    );
  } else {
    const where =
      facts.pairs.length === 1
        ? `account ${facts.pairs[0]!.account_id ?? '(unknown)'} in ${facts.pairs[0]!.region ?? '(unknown Region)'}`
        : `${facts.pairs.length} accounts and Regions (the hours of each added up)`;
    const missing = facts.hours - facts.hours_covered;
    sentences.push(
      `Coverage: ${facts.hours_covered} of ${plural(facts.hours, 'hour')} from ${facts.from} to ${facts.to} ${facts.hours === 1 ? 'is' : 'are'} covered for ${where}.` +
        (missing > 0
          ? ` ${plural(missing, 'hour')} ${missing === 1 ? 'is a hole: its trail' : 'are holes: the trail'} delivered nothing for any Region, so what happened then is unknown.`
          : ''),
    );
  }
  if (facts.dead_objects > 0 || facts.rejected_records > 0) {
    sentences.push(
      `Coverage: ${plural(facts.dead_objects, 'object')} could not be read and ${plural(facts.rejected_records, 'record')} ${facts.rejected_records === 1 ? 'was' : 'were'} rejected; their calls are missing here.`,
    );
  }
  if (facts.logging_changes.length > 0) {
    const shown = facts.logging_changes
      .slice(0, 5)
      .map(
        (c) =>
          `${c.event_name} at ${c.changed_at} by ${c.principal_arn ?? '(unknown)'} (${c.outcome})`,
      );
    const more = facts.logging_changes.length - shown.length;
    sentences.push(
      `Coverage: trails were changed in the range: ${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
    );
  }
  return sentences;
}

/** coverageFacts as sentences. */
export async function coverageNotes(
  context: AnalysisContext,
  scope: CoverageScope,
): Promise<string[]> {
  return coverageSentences(await coverageFacts(context, scope));
}

function instant(value: unknown): Date | null {
  return typeof value === 'string' ? new Date(value) : null;
}

function iso(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
