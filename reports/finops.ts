import type { AnalysisContext } from '../analytics/analysis.ts';
import { billHeadline, billSection } from './bill-section.ts';
import { figureText } from './figure-text.ts';
import type { Report } from './report.ts';
import { ReportBuilder, type ReportOptions } from './report-builder.ts';

const total = { row_kind: 'total' };
const positive = (column: string) => (row: Readonly<Record<string, unknown>>) =>
  Number(row[column]) > 0;

/** For a cost review: what KMS costs, by what, why, and what to change first. */
export async function finopsReport(
  context: AnalysisContext,
  options: ReportOptions = {},
): Promise<Report> {
  const builder = await ReportBuilder.open(context, options);
  await billHeadline(builder);
  await billSection(builder);
  await findings(builder);
  await costs(builder);
  await bucketKeys(builder);
  await clientCaches(builder);
  await serviceLevers(builder);
  await keys(builder);
  await trailCopies(builder);
  return builder.finish('finops', 'KMS cost and savings');
}

async function costs(builder: ReportBuilder): Promise<void> {
  const byKey = await builder.run('request-cost', { by: 'key' });
  const byService = await builder.run('request-cost', { by: 'service' });
  const byPrincipal = await builder.run('request-cost', { by: 'principal' });
  const byClass = await builder.run('request-cost', { by: 'price_class' });
  const perDay = await builder.run('request-cost', { by: 'region', per: 'day', limit: '10000' });
  builder.note(...byKey.notes);
  const first = (label: string, column: string) =>
    byKey.figure(label, { kind: 'first', column, where: total });
  builder.headline(
    first('requests in the range, before the free tier', 'cost_usd'),
    first('requests a month, before the free tier', 'cost_usd_monthly'),
    first('calls priced', 'calls_priced'),
    first('calls without a known price', 'calls_unpriced'),
    first('calls failed, not priced', 'calls_failed'),
  );
  const columns = ['calls_priced', 'cost_usd', 'cost_usd_monthly'] as const;
  const money = (row: Readonly<Record<string, unknown>>) => row['row_kind'] === 'group';
  builder.section({
    title: 'What the requests cost',
    question: byKey.analysis.question,
    charts: [
      byKey.chart('Cost by key, dollars in the range', 'bars', 'group_name', 'cost_usd', {
        points_max: 8,
        keep: money,
      }),
      perDay.chart('Cost of each day, dollars', 'columns', 'day_from', 'cost_usd', { keep: money }),
    ],
    tables: [
      byKey.table('cost-by-key', 'By key', [['group_name', 'key'], ...columns], { rows_max: 15 }),
      byService.table('cost-by-service', 'By calling service', [
        ['group_name', 'service'],
        ...columns,
      ]),
      byPrincipal.table('cost-by-principal', 'By principal', [
        ['group_name', 'principal'],
        ...columns,
      ]),
      byClass.table('cost-by-price-class', 'By price class', [
        ['group_name', 'price class'],
        ...columns,
        ['cost_high_usd', 'at most'],
      ]),
    ],
  });
}

async function findings(builder: ReportBuilder): Promise<void> {
  const found = await builder.run('findings');
  builder.headline(found.figure('findings', { kind: 'rows' }));
  builder.section({
    title: 'What to change first',
    question: found.analysis.question,
    findings: found.rows.slice(0, 8).map((row) => String(row['sentence'])),
    tables: [
      found.table(
        'findings',
        'Findings, by net saving a year',
        [
          'rank',
          ['title', 'cause'],
          'resource',
          'calls',
          'saved_calls',
          ['saving_usd_monthly', 'saving a month'],
          ['saving_high_usd_monthly', 'at most'],
          ['one_time_cost_usd', 'cost, once'],
          ['net_usd_yearly', 'net a year'],
          ['calls_per_second_relieved', 'peak relieved'],
          'confidence',
          'parameters',
        ],
        { rows_max: 20 },
      ),
      found.table('changes', 'Changes to make, and how to check them', [
        'rank',
        'change',
        'check',
        'lost',
      ]),
    ],
  });
}

async function bucketKeys(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('bucket-key-savings');
  const saved = answer.rows.filter(positive('saved_calls_rewritten'));
  builder.note(...answer.notes);
  if (saved.length === 0) return;
  const top = saved[0]!;
  builder.section({
    title: 'S3 Bucket Keys',
    question: answer.analysis.question,
    findings: [
      `Bucket ${String(top['s3_bucket'])}: ${figureText(top['saved_calls_day_one'], 'calls')} of ${figureText(top['calls'], 'calls')} calls fall away from the first day, ${figureText(top['saved_calls_rewritten'], 'calls')} once older objects are rewritten (reuse time ${String(top['window_seconds'])} s, by ${String(top['requester'])}).`,
    ],
    tables: [
      answer.table(
        'bucket-key-savings',
        'Buckets by what a bucket key saves',
        [
          's3_bucket',
          'calls',
          ['saved_calls_day_one', 'saved on day one'],
          ['saved_calls_rewritten', 'saved after a rewrite'],
          ['saved_calls_rewritten_band_low', 'least'],
          ['saved_calls_rewritten_band_high', 'most'],
          ['saving_rewritten_usd_monthly', 'saving a month'],
          ['rewrite_cost_usd', 'rewrite, once'],
          ['calls_per_second_peak', 'peak'],
          ['calls_per_second_peak_rewritten', 'peak after'],
        ],
        { rows_max: 15, keep: positive('saved_calls_rewritten') },
      ),
    ],
  });
}

async function clientCaches(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('data-key-cache-savings');
  builder.section({
    title: 'Data-key caching in clients',
    question: answer.analysis.question,
    tables: [
      answer.table(
        'data-key-cache-savings',
        'Clients by what a cache saves',
        [
          ['principal_arn', 'principal'],
          'scope',
          'calls',
          'calls_after',
          'saved_calls',
          ['saving_usd_monthly', 'saving a month'],
          ['max_age_seconds', 'age at most'],
          ['key_arn', 'key'],
        ],
        { keep: positive('saved_calls') },
      ),
    ],
  });
}

async function serviceLevers(builder: ReportBuilder): Promise<void> {
  if (!builder.has('service-levers')) return;
  const answer = await builder.run('service-levers');
  builder.note(...answer.notes);
  builder.section({
    title: 'Settings of services',
    question: answer.analysis.question,
    tables: [
      answer.table(
        'service-levers',
        'Levers by calls spared',
        [
          'lever',
          'resource',
          'calls',
          ['calls_after_high', 'left'],
          ['calls_after_low', 'left at best'],
          'saved_calls',
          ['saving_usd_monthly', 'saving a month'],
          'change',
        ],
        { rows_max: 15, keep: positive('saved_calls') },
      ),
    ],
  });
}

async function keys(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('key-cost', { limit: '10000' });
  builder.note(...answer.notes);
  builder.headline(
    answer.figure('keys that look idle', {
      kind: 'rows',
      where: { idle_state: 'idle_candidate' },
    }),
  );
  const columns = [
    ['key_arn', 'key'],
    'kind',
    ['charge_usd_monthly', 'charge a month'],
    ['charge_high_usd_monthly', 'at most'],
    'uses',
    'last_use_at',
    ['idle_state', 'state of use'],
    ['users_count', 'users'],
  ] as const;
  builder.section({
    title: 'What the keys cost',
    question: answer.analysis.question,
    tables: [
      answer.table('key-cost', 'Keys, most expensive first', columns),
      answer.table('idle-keys', 'Keys that look idle', columns, {
        rows_max: 20,
        keep: (row) => row['idle_state'] === 'idle_candidate',
      }),
    ],
  });
}

async function trailCopies(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('cloudtrail-cost');
  builder.section({
    title: 'What CloudTrail charges for KMS events',
    question: answer.analysis.question,
    tables: [
      answer.table('cloudtrail-cost', 'Additional copies', [
        ['account_id', 'account'],
        'region',
        'kms_events',
        'additional_copies',
        ['cost_copies_usd_monthly', 'copies a month'],
        ['cost_one_more_copy_usd_monthly', 'one more trail a month'],
      ]),
    ],
  });
}
