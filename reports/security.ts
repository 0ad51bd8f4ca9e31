import type { AnalysisContext } from '../analytics/analysis.ts';
import {
  coverageFacts,
  coverageSentences,
  type CoverageScope,
} from '../analytics/coverage-note.ts';
import { shellWord } from '../core/command-line.ts';
import { parseInstant } from '../core/time.ts';
import { evidenceTables } from './evidence-tables.ts';
import { figureText } from './figure-text.ts';
import type { Report } from './report.ts';
import { ReportBuilder, type ReportOptions } from './report-builder.ts';
import { reach, timelines } from './security-timelines.ts';
import { callFigures } from './shared-sections.ts';

type Row = Readonly<Record<string, unknown>>;

export interface SecurityOptions extends ReportOptions {
  principal?: string | undefined;
  key?: string | undefined;
}

/** Facts of an incident, without a verdict of intent: who used what, when, from where; what is not known. */
export async function securityReport(
  context: AnalysisContext,
  options: SecurityOptions = {},
): Promise<Report> {
  const builder = await ReportBuilder.open(context, options);
  const { principal, key } = options;
  const subject: Record<string, string> = {
    ...(principal ? { principal } : {}),
    ...(key ? { key } : {}),
  };
  if (!principal && !key) await callFigures(builder);
  const events = await timelines(builder, subject);
  if (principal) await reach(builder, principal);
  await access(builder, subject);
  await denials(builder, subject);
  await changes(builder, subject);
  for (const name of ['detections', 'deletion-risk', 'grants', 'cross-account', 'first-seen']) {
    if (builder.has(name)) await further(builder, name, subject);
  }
  if (principal && builder.has('origins')) await further(builder, 'origins', subject);
  await proof(builder, events, options);
  const asked = { ...options.filters, ...subject };
  return builder.finish('security', 'KMS evidence report', asked);
}

async function access(builder: ReportBuilder, subject: Record<string, string>): Promise<void> {
  const answer = await builder.run('access-matrix', subject);
  builder.section({
    title: 'Who used which key',
    question: answer.analysis.question,
    tables: [
      answer.table(
        'access-matrix',
        answer.analysis.title,
        [
          ['principal_arn', 'principal'],
          'key',
          'first_at',
          'last_at',
          'calls',
          ['denied_calls', 'denied'],
          ['decrypt_calls', 'decrypts'],
          ['change_calls', 'changes'],
        ],
        { rows_max: Object.keys(subject).length > 0 ? 100 : 20 },
      ),
    ],
  });
}

async function denials(builder: ReportBuilder, subject: Record<string, string>): Promise<void> {
  const answer = await builder.run('denied-access', subject);
  const calls = answer.rows.reduce((sum, row) => sum + Number(row['denied_calls']), 0);
  const endpoint = answer.rows.reduce((sum, row) => sum + Number(row['endpoint_denials']), 0);
  const later = answer.rows.filter((row) => row['first_success_after_at'] !== null).length;
  builder.section({
    title: 'What was refused',
    question: answer.analysis.question,
    findings:
      answer.rows.length === 0
        ? []
        : [
            `${figureText(calls, 'calls')} denied calls stand in the log; in ${later} of ${answer.rows.length} cases the same call worked afterwards.`,
            ...(endpoint > 0
              ? [
                  `${figureText(endpoint, 'events')} were refused by the policy of a VPC endpoint before they reached KMS.`,
                ]
              : []),
          ],
    tables: [
      answer.table(
        'denied-access',
        answer.analysis.title,
        [
          ['principal_arn', 'principal'],
          'operation',
          'key',
          ['denied_by', 'by'],
          ['denied_calls', 'denied'],
          'first_at',
          'last_at',
          ['a_source', 'from'],
          ['first_success_after_at', 'worked at'],
          'error_message',
        ],
        { rows_max: 25 },
      ),
    ],
  });
}

async function changes(builder: ReportBuilder, subject: Row): Promise<void> {
  const ofKey: Record<string, string> =
    typeof subject['key'] === 'string' ? { key: subject['key'] } : {};
  const mine = (row: Row) =>
    typeof subject['principal'] !== 'string' || row['principal_arn'] === subject['principal'];
  const policies = await builder.run('policy-changes', ofKey);
  const life = await builder.run('key-lifecycle', ofKey);
  builder.note(...policies.notes);
  const judged = policies.rows.filter((row) => mine(row) && row['verdict'] !== 'none');
  builder.section({
    title: 'What was changed',
    question: policies.analysis.question,
    findings: judged
      .slice(0, 10)
      .map(
        (row) =>
          `${String(row['changed_at'])}, ${String(row['key'])}: ${String(row['verdict_detail'])}`,
      ),
    tables: [
      policies.table(
        'policy-changes',
        policies.analysis.title,
        [
          'changed_at',
          'key',
          'verdict',
          'difference',
          ['principal_arn', 'principal'],
          'outcome',
          ['caller_source', 'from'],
        ],
        {
          rows_max: 50,
          keep: (row) => mine(row) && row['difference'] !== 'the first policy of the key',
        },
      ),
      life.table(
        'key-lifecycle',
        life.analysis.title,
        ['changed_at', 'key', 'operation', 'detail', ['principal_arn', 'principal'], 'outcome'],
        { rows_max: 50, keep: mine },
      ),
    ],
  });
}

/** Columns of analyses that are best read in another order than their own, or in part. */
const chosenColumns: Readonly<Record<string, readonly string[]>> = {
  detections: [
    'severity',
    'verdict',
    'rule',
    'first_at',
    'finding',
    'principal_arn',
    'key',
    'events',
    'region',
    'decision',
    'decision_reason',
  ],
};

/** An analysis with the columns that hold something; of a subject only the rows that name it. */
async function further(
  builder: ReportBuilder,
  name: string,
  subject: Record<string, string>,
): Promise<void> {
  const answer = await builder.run(name, builder.known(name, subject));
  const wanted = Object.values(subject);
  const keep = (row: Row) =>
    wanted.length === 0 ||
    Object.values(row).some((value) => wanted.some((text) => String(value).includes(text)));
  const rows = answer.rows.filter(keep);
  const columns =
    chosenColumns[name] ??
    Object.keys(answer.analysis.row.shape)
      .filter((column) => rows.some((row) => row[column] !== null && row[column] !== ''))
      .slice(0, 12);
  const { title, question } = answer.analysis;
  builder.section({
    title,
    question,
    tables: [answer.table(name, title, columns, { rows_max: 25, keep })],
  });
}

/** What the answers rest on: coverage, the objects with their hashes, and what verification proved. */
async function proof(
  builder: ReportBuilder,
  events: readonly string[],
  options: SecurityOptions,
): Promise<void> {
  const { from, to, account, region } = options.filters ?? {};
  const now = new Date();
  const scope: CoverageScope = {
    from: (from && parseInstant(from, now)) || undefined,
    to: (to && parseInstant(to, now)) || undefined,
    account,
    region,
  };
  const facts = await coverageFacts(builder.context, scope);
  const { tables, findings, sources } = await evidenceTables(builder, events, scope);
  builder.section({
    title: 'What this rests on',
    question: 'Which hours do the logs cover, which files hold these events, and are they whole?',
    findings: [
      ...coverageSentences(facts),
      ...findings,
      ...sources.map(
        (source) =>
          `This report shows what was verified before, and checks nothing itself. To verify: keymeter verify ${shellWord(source)} --db FILE`,
      ),
    ],
    tables,
  });
}
