import { daysDrawing } from '../../../charts/days.ts';
import type { Answer, Row } from '../api-client.ts';
import { scaledChart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { nameOf, usd } from '../format.ts';

const lineNames = {
  keys: 'keys',
  requests: 'requests',
  cloudtrail_copies: 'trail copies',
  free_tier: 'free tier',
} as const;

export const billLine = (rows: readonly Row[], line: string): Row | undefined =>
  rows.find((row) => row['account_id'] === '(all)' && row['line'] === line);

/** Which columns of the bill can be told: of a month, or only of the range. */
export function billSpan(rows: readonly Row[]) {
  const total = billLine(rows, 'total');
  const isMonth = typeof total?.['before_usd_monthly'] === 'number';
  return {
    total,
    words: isMonth ? 'a month' : 'in this range (too short for a month)',
    before: isMonth ? 'before_usd_monthly' : 'before_usd',
    high: isMonth ? 'before_high_usd_monthly' : 'before_high_usd',
    saving: isMonth ? 'saving_usd_monthly' : 'saving_usd',
  };
}

/** `$131.26`, or `$131.26 to $140` where prices are uncertain. */
export function usdBand(low: number, high: number): string {
  return usd(low) === usd(high) ? usd(low) : `${usd(low)} to ${usd(high)}`;
}

/** The bill in one sentence: what it is, and what it is made of. */
export function billSentence(rows: readonly Row[]): Node[] {
  const { total, words, before, high, saving } = billSpan(rows);
  if (!total) return [h('span', {}, 'Nothing in this range has a known price.')];
  const parts = (Object.keys(lineNames) as (keyof typeof lineNames)[]).flatMap((line) => {
    const row = billLine(rows, line);
    const value = Number(row?.[before] ?? 0);
    return [`${value < 0 ? '− ' : '+ '}${usd(Math.abs(value))} ${lineNames[line]}`];
  });
  const saved = Number(total[saving] ?? 0);
  return [
    h(
      'span',
      {},
      'About ',
      h('strong', { 'data-figure': 'bill' }, usdBand(Number(total[before]), Number(total[high]))),
      ` ${words} = ${parts.join(' ').replace(/^\+ /, '')}. `,
      saved > 0
        ? `The changes below would take off ${usd(saved)} ${words === 'a month' ? words : 'of it'}.`
        : 'No saving in dollars is provable in this range.',
    ),
  ];
}

const accounts_max = 7;

/** Request cost stacked by account over days. */
export function costDays(answer: Answer): HTMLElement | undefined {
  const bars = new Map<string, { at: string; value: number }[]>();
  for (const row of answer.rows) {
    const day = row['day_from'];
    if (typeof day !== 'string' || row['row_kind'] !== 'group') continue;
    const name = String(row['group_name']);
    const mine = bars.get(name) ?? [];
    mine.push({ at: day, value: Number(row['cost_usd']) });
    bars.set(name, mine);
  }
  const sum = (list: readonly { value: number }[]) => list.reduce((all, bar) => all + bar.value, 0);
  const ordered = [...bars].sort((a, b) => sum(b[1]) - sum(a[1]));
  const series = ordered
    .slice(0, accounts_max)
    .map(([name, list]) => ({ name: nameOf(name), bars: list }));
  const rest = ordered.slice(accounts_max).flatMap(([, list]) => list);
  if (rest.length > 0) {
    const byDay = new Map<string, number>();
    for (const bar of rest) byDay.set(bar.at, (byDay.get(bar.at) ?? 0) + bar.value);
    series.push({ name: 'other accounts', bars: [...byDay].map(([at, value]) => ({ at, value })) });
  }
  return scaledChart((log) =>
    daysDrawing(series, { measure: 'Cost of requests a day, by account', text: usd, log }),
  );
}
