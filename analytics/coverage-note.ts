import type { AnalysisContext } from './analysis.ts';

/** Which part of the logs an answer speaks of; undefined is "all". Half-open `[from, to)`. */
export interface CoverageScope {
  from?: Date | undefined;
  to?: Date | undefined;
  account?: string | undefined;
  region?: string | undefined;
}

/** Hours of one account and Region: those of the range, and those that hold a record that was read. */
export interface PairCoverage {
  account_id: string | null;
  region: string | null;
  hours: number;
  hours_with_records: number;
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
  pairs: PairCoverage[];
  hours: number;
  hours_with_records: number;
  /** Objects of the scope that could not be read at all; their time is unknown. */
  dead_objects: number;
  rejected_records: number;
  logging_changes: LoggingChange[];
}

const scoped = `(CAST($account AS VARCHAR) IS NULL OR account_id IS NULL OR account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region IS NULL OR region = $region)`;

const spanSql = `
  SELECT min(record_time_min) AS first_at, max(record_time_max) AS last_at,
    count_if(status = 'dead') AS dead_objects, CAST(coalesce(sum(rejected), 0) AS BIGINT) AS rejected_records
  FROM ingest_objects WHERE ${scoped}`;

/** A file covers each hour from its first to its last record, of whatever service. */
const hoursSql = `
  WITH spans AS (
    SELECT account_id, region, date_trunc('hour', record_time_min) AS hour_first,
      date_trunc('hour', record_time_max) AS hour_last
    FROM ingest_objects WHERE record_time_min IS NOT NULL AND ${scoped}
    GROUP BY account_id, region, date_trunc('hour', record_time_min), date_trunc('hour', record_time_max)
  )
  SELECT account_id, region,
    count(DISTINCT hour) FILTER (WHERE hour >= date_trunc('hour', CAST($from AS TIMESTAMP))
      AND hour < CAST($to AS TIMESTAMP)) AS hours_with_records
  FROM spans CROSS JOIN UNNEST(sequence(hour_first, hour_last, INTERVAL '1' HOUR)) AS t(hour)
  GROUP BY account_id, region ORDER BY account_id, region`;

const loggingSql = `
  SELECT DISTINCT coalesce(event_id_text, CAST(event_id_uuid AS VARCHAR)) AS event_id, event_time AS changed_at,
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
      hours_with_records: 0,
      ...lost,
      logging_changes: [],
    };
  }
  const range = { ...params, from: first, to: end };
  const rows = await context.engine.rows(hoursSql, range, context);
  const hours = Math.ceil(end.getTime() / hour_ms) - Math.floor(first.getTime() / hour_ms);
  const pairs = rows.map((row) => ({
    account_id: row['account_id'] as string | null,
    region: row['region'] as string | null,
    hours,
    hours_with_records: Number(row['hours_with_records']),
  }));
  return {
    from: iso(first),
    to: iso(end),
    pairs,
    hours: pairs.length * hours,
    hours_with_records: pairs.reduce((sum, pair) => sum + pair.hours_with_records, 0),
    ...lost,
    logging_changes: (await context.engine.rows(
      loggingSql,
      range,
      context,
    )) as unknown as LoggingChange[],
  };
}

/** The facts as sentences, for the notes of an answer. */
export function coverageSentences(facts: CoverageFacts): string[] {
  const sentences: string[] = [];
  if (facts.pairs.length === 0 || facts.hours_with_records === 0) {
    sentences.push(
      'Coverage: no file that was read holds a record of this range; no row here proves nothing.',
    );
  } else {
    const where =
      facts.pairs.length === 1
        ? `account ${facts.pairs[0]!.account_id ?? '(unknown)'} in ${facts.pairs[0]!.region ?? '(unknown Region)'}`
        : `${facts.pairs.length} accounts and Regions (hours of each added up)`;
    const missing = facts.hours - facts.hours_with_records;
    sentences.push(
      `Coverage: records were read in ${facts.hours_with_records} of ${facts.hours} hours of ${facts.from} to ${facts.to} for ${where}.` +
        (missing > 0
          ? ` ${missing} hours hold no record of any service: what happened in them is not known from these files.`
          : ''),
    );
  }
  if (facts.dead_objects > 0 || facts.rejected_records > 0) {
    sentences.push(
      `Coverage: ${facts.dead_objects} objects could not be read and ${facts.rejected_records} records were refused; their calls are missing here.`,
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
