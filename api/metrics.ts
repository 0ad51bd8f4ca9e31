import type { Hono } from 'hono';
import { Gauge, Registry } from 'prom-client';
import type { Analysis } from '../analytics/analysis.ts';
import { messageOf } from '../core/errors.ts';
import type { JsonRow } from '../store/engine.ts';
import { analysisMetrics, window_ms } from './analysis-metrics.ts';
import { withDeadline } from './deadline.ts';
import { emptyQuery } from './ingest-routes.ts';
import { lookupDeadlineOf, type ApiEnv, type ApiOptions } from './options.ts';
import { parseQuery } from './query-params.ts';

/** Series of one metric at most: labels come from logs, and a scrape must stay small. */
const series_max = 2_000;
const callsSql = `
SELECT caller_account_id, region, quota_id, CAST(sum(offered) AS BIGINT) AS offered,
  CAST(sum(throttled) AS BIGINT) AS throttled, max(offered) AS offered_peak
FROM calls_per_second
GROUP BY caller_account_id, region, quota_id
ORDER BY offered DESC, caller_account_id, region, quota_id LIMIT $limit`;

const objectsSql = `
SELECT status, count(*) AS objects, CAST(sum(inserted) AS BIGINT) AS inserted,
  CAST(sum(duplicate) AS BIGINT) AS duplicate, CAST(sum(rejected) AS BIGINT) AS rejected,
  max(to_unixtime(committed_at)) AS committed_at, max(to_unixtime(event_time_max)) AS event_time_max
FROM ingest_objects GROUP BY status ORDER BY status`;

/** `GET /metrics`: computed when the data has changed since the last scrape. */
export function metricsRoute(
  app: Hono<ApiEnv>,
  options: ApiOptions,
  registry: ReadonlyMap<string, Analysis>,
): void {
  let cached: { data_version: string; text: string; type: string } | undefined;
  app.get('/metrics', async (c) => {
    parseQuery(new URL(c.req.url).searchParams, emptyQuery);
    const data_version = await options.engine.dataVersion();
    if (cached?.data_version !== data_version) {
      const deadline_ms = lookupDeadlineOf(options);
      const made = await withDeadline(deadline_ms, undefined, (signal) =>
        collect(options, registry, signal),
      );
      cached = { data_version, text: await made.metrics(), type: made.contentType };
    }
    c.header('Cache-Control', 'no-store');
    return c.body(cached.text, 200, { 'Content-Type': cached.type });
  });
}

async function collect(
  options: ApiOptions,
  registry: ReadonlyMap<string, Analysis>,
  signal: AbortSignal,
): Promise<Registry> {
  const { engine } = options;
  const made = new Registry();
  const scope = ['account', 'region', 'quota'];
  const calls = await engine.rows(callsSql, { limit: series_max }, { signal });
  const scoped = calls.map((row) => ({
    ...row,
    account: row['caller_account_id'],
    quota: row['quota_id'],
  }));
  gauge(
    made,
    'keymeter_calls',
    'KMS calls charged to a quota (offered load)',
    scope,
    scoped,
    'offered',
  );
  gauge(
    made,
    'keymeter_throttled_calls',
    'of these throttled (a lower bound)',
    scope,
    scoped,
    'throttled',
  );
  gauge(
    made,
    'keymeter_calls_per_second_peak',
    'busiest second (offered load)',
    scope,
    scoped,
    'offered_peak',
  );

  const objects = await engine.rows(objectsSql, {}, { signal });
  gauge(
    made,
    'keymeter_ingest_objects',
    'log objects in the ledger',
    ['status'],
    objects,
    'objects',
  );
  const sums = [
    ['keymeter_ingest_inserted_records', 'KMS events stored', 'inserted'],
    ['keymeter_ingest_duplicate_records', 'KMS events delivered again', 'duplicate'],
    ['keymeter_ingest_rejected_records', 'records that could not be read', 'rejected'],
  ] as const;
  for (const [name, help, column] of sums) {
    gauge(made, name, help, [], [{ value: sum(objects, column) }], 'value');
  }
  const latest = [
    ['keymeter_ingest_last_commit_timestamp_seconds', 'when the ledger last grew', 'committed_at'],
    ['keymeter_last_event_timestamp_seconds', 'time of the newest KMS event', 'event_time_max'],
  ] as const;
  for (const [name, help, column] of latest) {
    gauge(made, name, help, [], [{ value: max(objects, column) }], 'value');
  }
  await collectAnalyses(made, options, registry, max(objects, 'event_time_max'), signal);
  return made;
}

/** Metrics of analyses over the last day of the data; one that fails says so and the rest stand. */
async function collectAnalyses(
  made: Registry,
  options: ApiOptions,
  registry: ReadonlyMap<string, Analysis>,
  data_end_s: number | null,
  signal: AbortSignal,
): Promise<void> {
  const { engine, config } = options;
  const up: JsonRow[] = [];
  for (const metric of analysisMetrics) {
    const analysis = registry.get(metric.analysis);
    if (!analysis || data_end_s === null) continue;
    const from = new Date(data_end_s * 1000 - window_ms).toISOString();
    let rows: JsonRow[] = [];
    try {
      const raw = { ...metric.params, ...(metric.whole ? {} : { from }) };
      rows = (await analysis.execute(raw, { engine, config, signal })).rows;
      up.push({ analysis: metric.analysis, value: 1 });
    } catch (error) {
      options.log?.('metric failed', { analysis: metric.analysis, error: messageOf(error) });
      up.push({ analysis: metric.analysis, value: 0 });
    }
    const chosen = metric.where ? rows.filter(metric.where) : rows;
    for (const { name, help, column, fold } of metric.metrics) {
      const folded = foldRows(chosen, metric.labels, column, fold).slice(0, series_max);
      gauge(made, name, help, Object.keys(metric.labels), folded, 'value');
    }
  }
  const help = '1 when the analysis behind the metrics answered';
  gauge(made, 'keymeter_analysis_up', help, ['analysis'], up, 'value');
}

/** One row for each set of labels, with the value that the rows of the set make. */
function foldRows(
  rows: readonly JsonRow[],
  labels: Readonly<Record<string, string>>,
  column: string | undefined,
  fold: 'max' | 'sum' | 'count',
): JsonRow[] {
  const made = new Map<string, JsonRow>();
  for (const row of rows) {
    const value = column === undefined ? 1 : row[column];
    if (typeof value !== 'number') continue;
    const own = Object.fromEntries(
      Object.entries(labels).map(([label, source]) => [label, row[source] ?? '']),
    );
    const key = JSON.stringify(own);
    const before = made.get(key);
    const so_far = Number(before?.['value'] ?? 0);
    const next =
      before === undefined ? value : fold === 'max' ? Math.max(so_far, value) : so_far + value;
    made.set(key, { ...own, value: next });
  }
  return [...made.values()];
}

function gauge(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[],
  rows: readonly JsonRow[],
  column: string,
): void {
  const made = new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  for (const row of rows) {
    const value = row[column];
    if (typeof value !== 'number') continue;
    made.set(Object.fromEntries(labels.map((label) => [label, labelText(row[label])])), value);
  }
}

/** A label as text of a bounded length; an ARN of an attacker's making cannot blow up a scrape. */
function labelText(value: unknown): string {
  return value === null || value === undefined
    ? ''
    : Buffer.from(String(value).slice(0, 256)).toString();
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
