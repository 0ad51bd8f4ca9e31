import type { Analysis } from '../../analytics/analysis.ts';
import type { Config } from '../../core/config.ts';
import type { Engine, JsonRow } from '../../store/engine.ts';
import { series_max, type MetricFamily } from './family.ts';

/** An analysis whose rows become samples. Rows without the value are left out, unless `zeroFor` says zero. */
export interface AnalysisMetric {
  analysis: string;
  params?: Readonly<Record<string, string>>;
  /** Label of the metric and the column it is read from. */
  labels: Readonly<Record<string, string>>;
  /** Over all of the data, not only the window before its end. */
  whole?: boolean;
  /** Only these rows. */
  where?: (row: JsonRow) => boolean;
  /** How rows with the same labels become one sample; `count` needs no column. */
  metrics: readonly {
    name: string;
    help: string;
    column?: string;
    fold: 'max' | 'sum' | 'count';
    /** The column is divided by this: percents become ratios. */
    divisor?: number;
    /** Zero for each scope that has calls and no row: nothing was found there. */
    zeroForScopes?: boolean;
  }[];
}

/** Analyses look at this much before the newest event, so that an old peak stops alerting. */
export const window_ms = 86_400_000;
const inWindow = 'in the 24 hours before the newest event';

const byScope = { account: 'caller_account_id', region: 'region', quota: 'quota_id' };

export const analysisMetrics: readonly AnalysisMetric[] = [
  {
    analysis: 'quota-utilisation',
    labels: byScope,
    metrics: [
      {
        name: 'keymeter_quota_limit_calls_per_second',
        help: `the quota, ${inWindow}`,
        column: 'limit_per_second',
        fold: 'max',
      },
      {
        name: 'keymeter_quota_utilisation_peak_ratio',
        help: `accepted calls of the busiest second as a share of the quota (1 is the whole), ${inWindow}`,
        column: 'utilisation_peak_percent',
        divisor: 100,
        fold: 'max',
      },
      {
        name: 'keymeter_quota_demand_peak_ratio',
        help: `offered calls of the busiest second as a share of the quota, ${inWindow}`,
        column: 'demand_peak_percent',
        divisor: 100,
        fold: 'max',
      },
      {
        name: 'keymeter_quota_busy_seconds',
        help: `seconds at 80 % of the quota or more, ${inWindow}`,
        column: 'seconds_80_percent',
        fold: 'sum',
      },
      {
        name: 'keymeter_quota_full_seconds',
        help: `seconds at the quota or above, ${inWindow}`,
        column: 'seconds_100_percent',
        fold: 'sum',
      },
    ],
  },
  {
    analysis: 'throttle-hotspots',
    labels: byScope,
    metrics: [
      {
        name: 'keymeter_throttle_bursts',
        help: `bursts of throttled seconds, ${inWindow}`,
        fold: 'count',
        zeroForScopes: true,
      },
      {
        name: 'keymeter_throttle_burst_calls',
        help: `throttled calls in bursts (a lower bound), ${inWindow}`,
        column: 'throttled_calls',
        fold: 'sum',
        zeroForScopes: true,
      },
    ],
  },
  {
    analysis: 'request-cost',
    params: { by: 'account' },
    labels: { account: 'group_name' },
    where: (row) => row['row_kind'] === 'group',
    metrics: [
      {
        name: 'keymeter_request_cost_usd_per_day',
        help: `list price of the requests before the free tier, ${inWindow}`,
        column: 'cost_usd',
        fold: 'sum',
      },
    ],
  },
  {
    analysis: 'bill',
    labels: { account: 'account_id', line: 'line' },
    where: (row) => row['account_id'] !== '(all)',
    whole: true,
    metrics: [
      {
        name: 'keymeter_bill_usd_per_month',
        help: 'list price of a month of requests, keys and CloudTrail copies less the free tier, lower end',
        column: 'before_usd_monthly',
        fold: 'sum',
      },
      {
        name: 'keymeter_bill_high_usd_per_month',
        help: 'the same at the upper end of uncertain prices',
        column: 'before_high_usd_monthly',
        fold: 'sum',
      },
      {
        name: 'keymeter_bill_after_findings_usd_per_month',
        help: 'keymeter_bill_usd_per_month after every finding',
        column: 'after_usd_monthly',
        fold: 'sum',
      },
    ],
  },
  {
    analysis: 'detections',
    labels: { rule: 'rule', severity: 'severity', verdict: 'verdict' },
    where: (row) => row['decision'] !== 'suppressed',
    metrics: [
      {
        name: 'keymeter_detections',
        help: `findings that are not suppressed, by verdict: found, or not_judged for want of history, ${inWindow}`,
        fold: 'count',
      },
    ],
  },
];

/** The metrics of one analysis; rejects when the analysis does. `scopes` are those that have calls. */
export async function collectAnalysis(
  metric: AnalysisMetric,
  analysis: Analysis,
  context: { engine: Engine; config: Config; signal: AbortSignal },
  data: { end_s: number; scopes: readonly JsonRow[] },
): Promise<MetricFamily[]> {
  const from = new Date(data.end_s * 1000 - window_ms).toISOString();
  const raw = { ...metric.params, ...(metric.whole ? {} : { from }) };
  const { rows } = await analysis.execute(raw, context);
  const chosen = metric.where ? rows.filter(metric.where) : rows;
  return metric.metrics.map(({ name, help, column, fold, divisor = 1, zeroForScopes }) => {
    const labels = Object.keys(metric.labels);
    const folded = foldRows(chosen, metric.labels, column, fold);
    const found = folded.map((row) => ({ ...row, value: Number(row['value']) / divisor }));
    const more = zeroForScopes ? missingScopes(data.scopes, found, labels) : [];
    return { name, help, type: 'gauge', labels, rows: [...found, ...more].slice(0, series_max) };
  });
}

function missingScopes(
  scopes: readonly JsonRow[],
  found: readonly JsonRow[],
  labels: readonly string[],
): JsonRow[] {
  const keyOf = (row: JsonRow) => JSON.stringify(labels.map((label) => row[label]));
  const known = new Set(found.map(keyOf));
  return scopes.filter((row) => !known.has(keyOf(row))).map((row) => ({ ...row, value: 0 }));
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
