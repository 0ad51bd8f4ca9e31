import type { Engine, JsonRow } from '../../store/engine.ts';
import { series_max, single, type MetricFamily } from './family.ts';

const callsSql = `
SELECT caller_account_id AS account, region, quota_id AS quota, CAST(sum(offered) AS BIGINT) AS offered,
  CAST(sum(throttled) AS BIGINT) AS throttled, max(offered) AS offered_peak
FROM calls_per_second
GROUP BY caller_account_id, region, quota_id
ORDER BY offered DESC, caller_account_id, region, quota_id LIMIT $limit`;

/** What the calls of a quota are labelled with. */
export const scopeLabels = ['account', 'region', 'quota'] as const;

/** Calls by quota, over all data. */
export async function callMetrics(engine: Engine, signal: AbortSignal): Promise<MetricFamily[]> {
  const calls = await engine.rows(callsSql, { limit: series_max }, { signal });
  const labels = [...scopeLabels];
  const of = (column: string) => calls.map((row) => ({ ...row, value: row[column] }));
  return [
    {
      name: 'keymeter_kms_calls_total',
      help: 'KMS calls charged to a quota (offered load)',
      type: 'counter',
      labels,
      rows: of('offered'),
    },
    {
      name: 'keymeter_kms_throttled_calls_total',
      help: 'of these throttled (a lower bound)',
      type: 'counter',
      labels,
      rows: of('throttled'),
    },
    {
      name: 'keymeter_kms_calls_per_second_peak',
      help: 'calls of the busiest second (offered load)',
      type: 'gauge',
      labels,
      rows: of('offered_peak'),
    },
  ];
}

const objectsSql = `
SELECT status, coalesce(error_class, '') AS error_class, count(*) AS objects,
  CAST(sum(size_bytes) AS BIGINT) AS size_bytes,
  CAST(sum(inserted) AS BIGINT) AS inserted, CAST(sum(duplicate) AS BIGINT) AS duplicate,
  CAST(sum(rejected) AS BIGINT) AS rejected, CAST(sum(non_kms) AS BIGINT) AS other_service,
  max(to_unixtime(committed_at)) AS committed_at, max(to_unixtime(event_time_max)) AS event_time_max,
  max(to_unixtime(record_time_max)) AS record_time_max,
  max(CASE WHEN source = 's3' THEN to_unixtime(last_modified_at) END) AS delivered_at
FROM ingest_objects GROUP BY status, coalesce(error_class, '') ORDER BY status, error_class`;

/** How long the objects waited that were committed in the hour before the newest commit. */
const lagSql = `
SELECT max(to_unixtime(committed_at) - to_unixtime(last_modified_at)) AS lag_seconds
FROM ingest_objects
WHERE source = 's3' AND committed_at > CAST($since AS TIMESTAMP)`;

/** The newest KMS event, in seconds since the epoch; null without one. */
export interface LedgerMetrics {
  families: MetricFamily[];
  event_end_s: number | null;
}

/** What was ingested and what of it failed, from the ledger. */
export async function ledgerMetrics(engine: Engine, signal: AbortSignal): Promise<LedgerMetrics> {
  const objects = await engine.rows(objectsSql, {}, { signal });
  const committed_at = max(objects, 'committed_at');
  const since = committed_at === null ? null : new Date((committed_at - 3_600) * 1000);
  const [lag] = since === null ? [] : await engine.rows(lagSql, { since }, { signal });
  const delivered = [max(objects, 'delivered_at'), max(objects, 'record_time_max')];
  const known = delivered.filter((value) => value !== null);
  const outcomes = ['inserted', 'duplicate', 'rejected', 'other_service'];
  return {
    event_end_s: max(objects, 'event_time_max'),
    families: [
      {
        name: 'keymeter_ingest_objects',
        help: 'log objects in the ledger by status',
        type: 'gauge',
        labels: ['status'],
        rows: summed(objects, ['status'], 'objects'),
      },
      {
        name: 'keymeter_ingest_failed_objects',
        help: 'dead and skipped log objects by the class of their fault',
        type: 'gauge',
        labels: ['status', 'error_class'],
        rows: objects
          .filter((row) => ['dead', 'skipped'].includes(String(row['status'])))
          .map((row) => ({ ...row, value: row['objects'] })),
      },
      {
        name: 'keymeter_ingest_records_total',
        help: 'records read, by what became of them: inserted, duplicate, rejected, or of another service',
        type: 'counter',
        labels: ['outcome'],
        rows: outcomes.map((outcome) => ({ outcome, value: sum(objects, outcome) })),
      },
      single(
        'counter',
        'keymeter_ingest_bytes_total',
        'size of the log objects in the ledger, as delivered',
        sum(objects, 'size_bytes'),
      ),
      single(
        'gauge',
        'keymeter_ingest_lag_seconds',
        'longest time from delivery to S3 until the commit, of the hour before the newest commit',
        lag?.['lag_seconds'],
      ),
      single(
        'gauge',
        'keymeter_ingest_last_commit_timestamp_seconds',
        'when the ledger last grew',
        committed_at,
      ),
      single(
        'gauge',
        'keymeter_newest_delivery_timestamp_seconds',
        'when the newest log object was delivered to S3, or its newest record of any service was made if that is later or the source is local',
        known.length === 0 ? null : Math.max(...known),
      ),
      single(
        'gauge',
        'keymeter_newest_event_timestamp_seconds',
        'time of the newest KMS event',
        max(objects, 'event_time_max'),
      ),
    ],
  };
}

function summed(rows: readonly JsonRow[], labels: readonly string[], column: string): JsonRow[] {
  const made = new Map<string, JsonRow>();
  for (const row of rows) {
    const own = Object.fromEntries(labels.map((label) => [label, row[label]]));
    const key = JSON.stringify(own);
    const value = Number(made.get(key)?.['value'] ?? 0) + Number(row[column] ?? 0);
    made.set(key, { ...own, value });
  }
  return [...made.values()];
}

function numbers(rows: readonly JsonRow[], column: string): number[] {
  return rows.map((row) => row[column]).filter((value) => typeof value === 'number');
}

function sum(rows: readonly JsonRow[], column: string): number {
  return numbers(rows, column).reduce((total, value) => total + value, 0);
}

function max(rows: readonly JsonRow[], column: string): number | null {
  const values = numbers(rows, column);
  return values.length === 0 ? null : Math.max(...values);
}
