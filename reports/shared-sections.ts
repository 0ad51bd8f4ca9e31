import { figureText } from './figure-text.ts';
import type { ReportBuilder } from './report-builder.ts';

type Row = Readonly<Record<string, unknown>>;

/** The figures that every report begins with. */
export async function callFigures(builder: ReportBuilder): Promise<void> {
  const totals = await builder.run('log-totals');
  const first = (label: string, column: string) => totals.figure(label, { kind: 'first', column });
  builder.headline(
    first('KMS calls', 'calls'),
    first('throttled (a lower bound)', 'throttled_calls'),
    first('denied', 'denied_calls'),
    first('events stored', 'events'),
    first('keys', 'keys'),
    first('principals', 'principals'),
    first('accounts', 'accounts'),
    first('Regions', 'regions'),
  );
}

const place = (row: Row) =>
  `${String(row['caller_account_id'] ?? 'accounts of a custom key store')}, ${String(row['region'] ?? 'no Region')}`;

export async function nearQuotas(builder: ReportBuilder, rows_max: number): Promise<void> {
  const answer = await builder.run('quota-utilisation');
  builder.note(...answer.notes);
  const near = answer.rows.filter((row) => Number(row['utilisation_peak_percent']) >= 80);
  const top = answer.rows[0];
  const findings: string[] = [];
  if (top && top['limit_calls'] !== null) {
    findings.push(
      `The busiest second took ${figureText(top['utilisation_peak_percent'], '%')} % of “${String(top['quota_name'])}” (${place(top)}): ${figureText(top['accepted_peak'], 'calls')} of ${figureText(top['limit_calls'], 'calls')} calls at ${String(top['accepted_peak_at'])}.`,
    );
    findings.push(
      near.length === 0
        ? 'No quota came to 80 % of its value in any second.'
        : `${near.length} of ${answer.rows.length} quotas in use came to 80 % of their value or more.`,
    );
  }
  builder.section({
    title: 'Nearest to a request quota',
    question: answer.analysis.question,
    findings,
    charts: [
      answer.chart(
        'Busiest second, percent of the quota',
        'bars',
        'quota_id',
        'utilisation_peak_percent',
        { points_max: rows_max, line: { label: '80 %', value: 80 } },
      ),
    ],
    tables: [
      answer.table(
        'quota-utilisation',
        'Quotas, the fullest first',
        [
          ['caller_account_id', 'account'],
          'region',
          ['quota_id', 'quota'],
          'accepted_peak',
          ['limit_calls', 'quota value'],
          ['utilisation_peak_percent', 'used'],
          ['accepted_peak_at', 'at'],
          'offered_peak',
          ['seconds_80_percent', 'at 80 % or more'],
          ['limit_basis', 'basis'],
        ],
        { rows_max },
      ),
    ],
  });
}

export async function throttleBursts(builder: ReportBuilder, rows_max: number): Promise<void> {
  const answer = await builder.run('throttle-hotspots');
  builder.note(...answer.notes);
  const calls = answer.rows.reduce((sum, row) => sum + Number(row['throttled_calls']), 0);
  builder.section({
    title: 'Throttling',
    question: answer.analysis.question,
    findings: [
      answer.rows.length > 0
        ? `${answer.rows.length} bursts with ${figureText(calls, 'calls')} throttled calls stand in the log; AWS does not log every throttled call.`
        : 'No throttled call stands in the log; AWS does not log every throttled call.',
    ],
    tables: [
      answer.table(
        'throttle-hotspots',
        'Bursts of throttled seconds',
        [
          ['caller_account_id', 'account'],
          'region',
          ['quota_id', 'quota'],
          'started_at',
          ['duration_seconds', 'length'],
          'throttled_calls',
          'accepted_peak',
          'offered_peak',
          ['limit_per_second', 'quota value'],
        ],
        { rows_max },
      ),
    ],
  });
}

/** The busiest second of each day: what an average hides. */
export async function dailyPeaks(builder: ReportBuilder): Promise<void> {
  const answer = await builder.run('call-rates', { bin: 'day' });
  builder.section({
    title: 'Day by day',
    question: answer.analysis.question,
    charts: [
      answer.chart('Busiest second of each day', 'columns', 'bin_from', 'calls_per_second_peak'),
      answer.chart('Calls of each day', 'columns', 'bin_from', 'calls'),
    ],
  });
}

export async function busyKeys(builder: ReportBuilder, rows_max: number): Promise<void> {
  const answer = await builder.run('key-usage');
  builder.section({
    title: 'Busiest keys',
    question: answer.analysis.question,
    tables: [
      answer.table(
        'key-usage',
        'Keys by calls',
        [
          'key',
          'calls',
          ['calls_per_second_peak', 'peak'],
          ['throttled_calls', 'throttled'],
          ['denied_calls', 'denied'],
          'last_used_at',
        ],
        { rows_max },
      ),
    ],
  });
}

export async function busyPrincipals(builder: ReportBuilder, rows_max: number): Promise<void> {
  const answer = await builder.run('principal-usage');
  builder.section({
    title: 'Busiest principals',
    question: answer.analysis.question,
    tables: [
      answer.table(
        'principal-usage',
        'Principals by calls',
        [
          'principal',
          'calls',
          ['calls_per_second_peak', 'peak'],
          ['throttled_calls', 'throttled'],
          ['denied_calls', 'denied'],
          'keys',
        ],
        { rows_max },
      ),
    ],
  });
}
