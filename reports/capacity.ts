import type { AnalysisContext } from '../analytics/analysis.ts';
import { figureText } from './figure-text.ts';
import type { Report, ReportTable } from './report.ts';
import { ReportBuilder, type Answer, type ReportOptions } from './report-builder.ts';
import { callFigures, dailyPeaks, nearQuotas, throttleBursts } from './shared-sections.ts';

type Row = Readonly<Record<string, unknown>>;

/** A quota from this share of its value on is worth a section of its own. */
const near_percent = 50;
const quotas_told_max = 6;
const bursts_told_max = 3;

/** For a quota review: how full each quota is, who fills it, what was refused, what to ask for. */
export async function capacityReport(
  context: AnalysisContext,
  options: ReportOptions = {},
): Promise<Report> {
  const builder = await ReportBuilder.open(context, options);
  await callFigures(builder);
  await nearQuotas(builder, 20);
  if (builder.has('quota-request')) await requests(builder);
  if (builder.has('quota-contributors')) await contributors(builder);
  await throttleBursts(builder, 10);
  if (builder.has('throttle-contributors')) await burstContributors(builder);
  for (const name of ['retry-storms', 'suspected-throttling', 'hot-keys', 'quota-forecast']) {
    if (builder.has(name)) await wholeTable(builder, name);
  }
  await dailyPeaks(builder);
  return builder.finish('capacity', 'KMS request quotas');
}

/** Who fills the fullest quotas in their busiest seconds, one table a quota. */
async function contributors(builder: ReportBuilder): Promise<void> {
  const loads = await builder.run('quota-utilisation');
  const full = loads.rows
    .filter((row) => Number(row['utilisation_peak_percent']) >= near_percent)
    .filter((row) => row['caller_account_id'] !== null && row['region'] !== null)
    .slice(0, quotas_told_max);
  const tables: ReportTable[] = [];
  const findings: string[] = [];
  for (const row of full) {
    const [account, region, quota] = ['caller_account_id', 'region', 'quota_id'].map((name) =>
      String(row[name]),
    ) as [string, string, string];
    const answer = await builder.run('quota-contributors', { account, region, quota });
    const mine = (one: Row) => one['custom_key_store_id'] === row['custom_key_store_id'];
    const top = answer.rows.find(mine);
    if (!top) continue;
    findings.push(
      `${quota} of ${account} in ${region}: ${String(top['group_name'])} made ${share(top['share_at_peak'])} % of the busiest second.`,
    );
    tables.push(
      answer.table(
        `contributors-${quota}-${account}-${region}`,
        `${quota} of ${account} in ${region}: who fills the busiest seconds`,
        [
          ['group_name', 'principal'],
          'calls_at_peak',
          'share_at_peak',
          ['calls', 'calls in the busiest seconds'],
          'share',
        ],
        { rows_max: 5, keep: mine },
      ),
    );
  }
  builder.section({
    title: 'Who fills the quotas',
    question: 'Who makes up the load in the busiest seconds?',
    findings,
    tables,
  });
}

async function burstContributors(builder: ReportBuilder): Promise<void> {
  const bursts = await builder.run('throttle-hotspots');
  const tables: ReportTable[] = [];
  const findings: string[] = [];
  for (let burst = 1; burst <= Math.min(bursts_told_max, bursts.rows.length); burst++) {
    const answer = await builder.run('throttle-contributors', { burst: String(burst) });
    const [first] = answer.rows;
    if (!first) continue;
    findings.push(...burstSentences(answer));
    tables.push(
      answer.table(
        `throttle-contributors-${burst}`,
        `Burst of ${String(first['started_at'])}, ${String(first['quota_id'])} of ${String(first['caller_account_id'])} in ${String(first['region'])}`,
        [
          ['group_name', 'principal'],
          'role',
          'accepted_calls',
          'accepted_share',
          'throttled_calls',
          'throttled_share',
        ],
        { rows_max: 8 },
      ),
    );
  }
  builder.section({
    title: 'Who took the quota, who was refused',
    question: 'In the seconds when others were throttled, who had the quota?',
    findings,
    tables,
  });
}

function burstSentences(answer: Answer): string[] {
  const names = (role: string) =>
    answer.rows.filter((row) => row['role'] === role).map((row) => String(row['group_name']));
  const culprits = answer.rows.filter((row) => row['role'] === 'culprit');
  const at = String(answer.rows[0]!['started_at']);
  const victims = names('only_victim');
  return [
    ...culprits.map(
      (row) =>
        `At ${at} ${String(row['group_name'])} took ${share(row['accepted_share'])} % of the accepted calls.`,
    ),
    ...(victims.length > 0 ? [`At ${at} refused altogether: ${victims.join(', ')}.`] : []),
  ];
}

/** What AWS Support asks for with a request: values, peak, trend, cause, what was reduced already. */
async function requests(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('quota-request');
  builder.note(...answer.notes);
  const raised = answer.rows.filter(
    (row) =>
      row['adjustable'] === true && Number(row['desired_value']) > Number(row['current_value']),
  );
  builder.section({
    title: 'Requests to AWS',
    question: answer.analysis.question,
    findings: raised.map(
      (row) =>
        `${place(row)}: raise ${String(row['quota_name'])} (${String(row['quota_code'] ?? row['quota_id'])}) from ${figureText(row['current_value'], null)} to ${figureText(row['desired_value'], null)} calls a second. Peak ${figureText(row['peak_calls'], 'calls')} at ${String(row['peak_at'])}, ${figureText(row['throttled_calls'], 'calls')} throttled. Trend: ${String(row['trend'])}. Cause: ${String(row['cause'])}. Reduced: ${String(row['reduced'])}.`,
    ),
    tables: [
      answer.table(
        'quota-request',
        'Values to ask for, and the evidence',
        [
          ['caller_account_id', 'account'],
          'region',
          ['quota_id', 'quota'],
          ['current_value', 'value now'],
          ['desired_value', 'value to ask for'],
          ['peak_calls', 'peak'],
          'peak_at',
          ['peak_percent', 'of the value'],
          ['throttled_calls', 'throttled'],
          'trend',
          'cause',
          'reduced',
        ],
        { rows_max: 20 },
      ),
    ],
  });
}

/** An analysis with all its columns but those that are empty in every row. */
async function wholeTable(builder: ReportBuilder, name: string): Promise<void> {
  const answer = await builder.run(name);
  const columns = Object.keys(answer.analysis.row.shape).filter((column) =>
    answer.rows.some((row) => row[column] !== null && row[column] !== ''),
  );
  builder.section({
    title: answer.analysis.title,
    question: answer.analysis.question,
    tables: [answer.table(name, answer.analysis.title, columns.slice(0, 12))],
  });
}

const place = (row: Row) => `${String(row['caller_account_id'])} in ${String(row['region'])}`;
const share = (value: unknown) => figureText(100 * Number(value), '%');
