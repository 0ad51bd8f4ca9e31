import { figureText } from './figure-text.ts';
import type { ReportTable } from './report.ts';
import type { ReportBuilder } from './report-builder.ts';

type Row = Readonly<Record<string, unknown>>;

/** Timelines hold events of other services too, which no KMS figure may count. */
const ofKms = { event_source: 'kms.amazonaws.com' } as const;

const timelineColumns = [
  'first_at',
  'last_at',
  'operation',
  'outcome',
  ['principal_arn', 'principal'],
  'key',
  ['caller_source', 'from'],
  'calls',
  'region',
  ['via_service', 'via'],
  'error_code',
  ['resource_arn', 'resource'],
  'user_agent',
  'event_id',
] as const;

/** The timelines of what was asked for; gives the event ids of their rows. */
export async function timelines(builder: ReportBuilder, subject: Row): Promise<string[]> {
  const tables: ReportTable[] = [];
  const findings: string[] = [];
  const events: string[] = [];
  let question = '';
  for (const [what, name] of [
    ['principal', 'principal-timeline'],
    ['key', 'key-timeline'],
  ] as const) {
    const value = subject[what];
    if (typeof value !== 'string') continue;
    const answer = await builder.run(name, { [what]: value, limit: '100000' });
    builder.note(...answer.notes);
    question = answer.analysis.question;
    const kms = answer.rows.filter((row) => row['event_source'] === ofKms.event_source);
    const sum = (rows: readonly Row[]) => rows.reduce((n, row) => n + Number(row['calls']), 0);
    const calls = sum(kms);
    const beside = sum(answer.rows) - calls;
    const failed = kms.filter((row) => row['outcome'] === 'denied');
    if (answer.rows.length > 0) {
      builder.headline(
        answer.figure(`KMS calls of the ${what}`, { kind: 'sum', column: 'calls', where: ofKms }),
        answer.figure(`denied, of the ${what}`, {
          kind: 'sum',
          column: 'calls',
          where: { ...ofKms, outcome: 'denied' },
        }),
      );
    }
    findings.push(
      answer.rows.length === 0
        ? `No event of the ${what} stands in the logs that were read; that is no proof of no use.`
        : `${figureText(calls, 'calls')} KMS calls${beside > 0 ? ` (and ${figureText(beside, 'calls')} of other services beside)` : ''} in ${answer.truncated ? 'more than ' : ''}${answer.rows.length} runs of like calls, from ${String(answer.rows[0]!['first_at'])} to ${latest(answer.rows)}; ${failed.length} of the runs were denied.`,
    );
    tables.push(answer.table(name, answer.analysis.title, timelineColumns, { rows_max: 500 }));
    events.push(...answer.rows.map((row) => String(row['event_id'])));
  }
  if (question) builder.section({ title: 'What happened, in order', question, findings, tables });
  return events;
}

const latest = (rows: readonly Row[]) =>
  rows.reduce((last, row) => (String(row['last_at']) > last ? String(row['last_at']) : last), '');

/** What a principal reached, by kind. */
export async function reach(builder: ReportBuilder, principal: string): Promise<void> {
  const answer = await builder.run('blast-radius', { principal, limit: '1000000' });
  const kinds = [...new Set(answer.rows.map((row) => String(row['kind'])))];
  builder.section({
    title: 'What was reached',
    question: answer.analysis.question,
    findings: kinds.map((kind) => {
      const of = answer.rows.filter((row) => row['kind'] === kind);
      const calls = of.reduce((sum, row) => sum + Number(row['calls']), 0);
      const least = answer.truncated ? 'at least ' : '';
      return `${least}${figureText(of.length, null)} × ${kind.replaceAll('_', ' ')} (${figureText(calls, 'calls')} calls).`;
    }),
    tables: [
      answer.table(
        'blast-radius',
        answer.analysis.title,
        ['kind', 'name', 'first_at', 'last_at', 'calls', 'denied_calls'],
        { rows_max: 200 },
      ),
    ],
  });
}
