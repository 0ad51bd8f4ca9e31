import type { AnalysisContext } from '../analytics/analysis.ts';
import { ReportBuilder, type Report, type ReportSection } from './report.ts';

const totalsSql = `
  SELECT min(event_time) AS first_at, max(event_time) AS last_at, count(*) AS events,
    count_if(counted) AS calls, count_if(counted AND outcome = 'throttled') AS throttled,
    count_if(counted AND outcome = 'denied') AS denied,
    count(DISTINCT key_arn) AS keys, count(DISTINCT principal_arn) AS principals,
    count(DISTINCT caller_account_id) AS accounts, count(DISTINCT region) AS regions
  FROM kms_events`;

/** The first look at a trail: what is in it, what is near its quota, who makes the load, what to save. */
export async function overviewReport(context: AnalysisContext, flags = ''): Promise<Report> {
  const builder = await ReportBuilder.open(context, flags);
  const [totals] = await context.engine.rows(totalsSql, {}, context);
  const number = (name: string) => Number(totals?.[name] ?? 0);
  const sections = [
    await quotaSection(builder),
    await throttleSection(builder),
    await keySection(builder),
    await principalSection(builder),
    await savingsSection(builder),
    await costSection(builder),
  ];
  return {
    name: 'overview',
    title: 'Overview of KMS use',
    range: {
      from: (totals?.['first_at'] as string | null) ?? null,
      to: (totals?.['last_at'] as string | null) ?? null,
    },
    headline: [
      { label: 'KMS calls', value: number('calls'), unit: 'calls' },
      { label: 'throttled (a lower bound)', value: number('throttled'), unit: 'calls' },
      { label: 'denied', value: number('denied'), unit: 'calls' },
      { label: 'events stored', value: number('events'), unit: 'events' },
      { label: 'keys', value: number('keys'), unit: 'keys' },
      { label: 'principals', value: number('principals'), unit: 'principals' },
      { label: 'accounts', value: number('accounts'), unit: 'accounts' },
      { label: 'Regions', value: number('regions'), unit: 'Regions' },
    ],
    sections,
  };
}

async function quotaSection(builder: ReportBuilder): Promise<ReportSection> {
  const { table, notes, analysis, rows } = await builder.run('quota-utilisation');
  const top = rows[0];
  const percent = Number(top?.['utilisation_peak_percent'] ?? 0);
  return {
    title: 'Nearest to a request quota',
    question: analysis.question,
    findings: top
      ? [
          `The busiest second took ${percent.toFixed(0)} % of ${String(top['quota_name'])} in ${String(top['region'] ?? 'a custom key store')} (${String(top['accepted_peak'])} of ${String(top['limit_calls'])} calls at ${String(top['accepted_peak_at'])}).`,
        ]
      : [],
    tables: [
      table(
        [
          'caller_account_id',
          'region',
          'quota_id',
          'limit_per_second',
          'limit_basis',
          'accepted_peak',
          'offered_peak',
          'utilisation_peak_percent',
          'accepted_peak_at',
        ],
        8,
      ),
    ],
    notes,
  };
}

async function throttleSection(builder: ReportBuilder): Promise<ReportSection> {
  const { table, notes, analysis, rows } = await builder.run('throttle-hotspots');
  return {
    title: 'Throttling',
    question: analysis.question,
    findings: [
      rows.length > 0
        ? `${rows.length} bursts of throttled seconds stand in the log; CloudTrail does not log every throttled call.`
        : 'No throttled call stands in the log; CloudTrail does not log every throttled call.',
    ],
    tables: [table(Object.keys(analysis.row.shape).slice(0, 9), 5)],
    notes,
  };
}

async function keySection(builder: ReportBuilder): Promise<ReportSection> {
  const { table, notes, analysis } = await builder.run('key-usage');
  return {
    title: 'Busiest keys',
    question: analysis.question,
    findings: [],
    tables: [
      table(
        ['key', 'calls', 'calls_per_second_peak', 'peak_at', 'throttled_calls', 'last_used_at'],
        5,
      ),
    ],
    notes,
  };
}

async function principalSection(builder: ReportBuilder): Promise<ReportSection> {
  const { table, notes, analysis } = await builder.run('principal-usage');
  return {
    title: 'Busiest principals',
    question: analysis.question,
    findings: [],
    tables: [
      table(
        ['principal', 'calls', 'calls_per_second_peak', 'throttled_calls', 'denied_calls', 'keys'],
        5,
      ),
    ],
    notes,
  };
}

async function savingsSection(builder: ReportBuilder): Promise<ReportSection> {
  const buckets = await builder.run('bucket-key-savings');
  const caches = await builder.run('data-key-cache-savings');
  return {
    title: 'What could be saved',
    question: buckets.analysis.question,
    findings: [],
    tables: [
      buckets.table(
        [
          's3_bucket',
          'scope',
          'bucket_state',
          'calls',
          'saved_calls_day_one',
          'saved_calls_rewritten',
        ],
        6,
      ),
      caches.table(['key_arn', 'principal_arn', 'calls', 'calls_after', 'saving_usd_monthly'], 5),
    ],
    notes: [...buckets.notes, ...caches.notes],
  };
}

async function costSection(builder: ReportBuilder): Promise<ReportSection> {
  const { table, notes, analysis } = await builder.run('request-cost');
  return {
    title: 'What the requests cost',
    question: analysis.question,
    findings: [],
    tables: [
      table(['group_name', 'calls_priced', 'calls_failed', 'cost_usd', 'cost_usd_monthly'], 8),
    ],
    notes,
  };
}
