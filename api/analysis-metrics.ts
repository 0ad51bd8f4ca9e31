import type { JsonRow } from '../store/engine.ts';

/** An analysis whose rows become samples. Rows without the value are left out, never zero. */
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
  }[];
}

/** Analyses look at this much before the newest event, so that an old peak stops alerting. */
export const window_ms = 86_400_000;
const inWindow = 'in the 24 hours before the newest event';

const scopeLabels = { account: 'caller_account_id', region: 'region', quota: 'quota_id' };

export const analysisMetrics: readonly AnalysisMetric[] = [
  {
    analysis: 'quota-utilisation',
    labels: scopeLabels,
    metrics: [
      {
        name: 'keymeter_quota_utilisation_peak_percent',
        help: `accepted calls of the busiest second as a share of the quota, ${inWindow}`,
        column: 'utilisation_peak_percent',
        fold: 'max',
      },
      {
        name: 'keymeter_quota_demand_peak_percent',
        help: `offered calls of the busiest second as a share of the quota, ${inWindow}`,
        column: 'demand_peak_percent',
        fold: 'max',
      },
      {
        name: 'keymeter_quota_seconds_80_percent',
        help: `seconds at 80 % of the quota or more, ${inWindow}`,
        column: 'seconds_80_percent',
        fold: 'sum',
      },
      {
        name: 'keymeter_quota_seconds_100_percent',
        help: `seconds at the quota or above, ${inWindow}`,
        column: 'seconds_100_percent',
        fold: 'sum',
      },
    ],
  },
  {
    analysis: 'throttle-hotspots',
    labels: scopeLabels,
    metrics: [
      {
        name: 'keymeter_throttle_bursts',
        help: `bursts of throttled seconds, ${inWindow}`,
        fold: 'count',
      },
      {
        name: 'keymeter_throttle_burst_calls',
        help: `throttled calls in bursts (a lower bound), ${inWindow}`,
        column: 'throttled_calls',
        fold: 'sum',
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
