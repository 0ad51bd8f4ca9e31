import { plural, usdRange, usdText } from '../core/words.ts';
import type { ReportBuilder } from './report-builder.ts';

type Row = Readonly<Record<string, unknown>>;

const where = { account_id: '(all)', line: 'total' };

/** The bill in the headline: what KMS costs in all, and what it would cost after the findings. */
export async function billHeadline(builder: ReportBuilder): Promise<void> {
  const bill = await builder.run('bill');
  const total = bill.rows.find((row) => row['account_id'] === '(all)' && row['line'] === 'total');
  const first = (label: string, column: string) =>
    bill.figure(label, { kind: 'first', column, where });
  const isRange = total?.['before_usd_monthly'] !== total?.['before_high_usd_monthly'];
  builder.headline(
    first('KMS bill a month', 'before_usd_monthly'),
    ...(isRange ? [first('KMS bill a month, at most', 'before_high_usd_monthly')] : []),
    first('KMS bill a month after the findings', 'after_usd_monthly'),
    first('saved a month by the findings', 'saving_usd_monthly'),
    first('once, for the findings', 'one_time_cost_usd'),
  );
}

/** The bill line by line, in all and by account. */
export async function billSection(builder: ReportBuilder): Promise<void> {
  const bill = await builder.run('bill');
  builder.note(...bill.notes);
  const columns = [
    ['line', 'line of the bill'],
    ['calls_before', 'requests or copies'],
    ['before_usd', 'in the range'],
    ['before_usd_monthly', 'a month'],
    ['before_high_usd_monthly', 'a month, at most'],
    ['after_usd_monthly', 'a month after'],
    ['saving_usd_monthly', 'saved a month'],
  ] as const;
  const isAll = (row: Row) => row['account_id'] === '(all)';
  builder.section({
    title: 'The bill',
    question: bill.analysis.question,
    findings: billSentences(bill.rows),
    tables: [
      bill.table('bill', 'The bill of all accounts', columns, { keep: isAll }),
      bill.table(
        'bill-by-account',
        'The bill by account',
        [['account_id', 'account'], ...columns.slice(2)],
        {
          rows_max: 20,
          keep: (row) => !isAll(row) && row['line'] === 'total',
        },
      ),
    ],
  });
}

/** The bill in sentences: a month where it is known, else the range. */
export function billSentences(rows: readonly Row[]): string[] {
  const line = (name: string) =>
    rows.find((row) => row['account_id'] === '(all)' && row['line'] === name);
  const total = line('total');
  if (!total) return [];
  const number = (row: Row | undefined, column: string) => Number(row?.[column] ?? 0);
  const isMonth = total['before_usd_monthly'] !== null;
  const [unit, end] = isMonth ? ['_usd_monthly', 'a month'] : ['_usd', 'in the range'];
  const range = (name: string) =>
    usdRange(
      number(line(name), `before${unit}`),
      number(line(name), isMonth ? 'before_high_usd_monthly' : 'before_high_usd'),
    );
  const free = -number(line('free_tier'), `before${unit}`);
  const sentences = [
    `KMS costs ${range('total')} ${end}: ${range('requests')} for requests, ${range('keys')} for keys, ${range('cloudtrail_copies')} for events that further trails log again, less ${usdText(free)} of free tier.`,
  ];
  const saving = number(total, `saving${unit}`);
  const once = number(total, 'one_time_cost_usd');
  sentences.push(
    saving > 0
      ? `The findings take ${usdText(saving)} off it${once > 0 ? `, and cost ${usdText(once)} once` : ''}.`
      : 'No finding takes anything off it.',
  );
  const accounts = rows.filter(
    (row) => row['line'] === 'total' && row['account_id'] !== '(all)',
  ).length;
  if (!isMonth) {
    sentences.push(
      `No month is shown: fewer than 24 hours are covered of ${accounts === 1 ? 'the account' : `each of ${plural(accounts, 'account')}`}.`,
    );
  }
  return sentences;
}
