import { barsDrawing } from '../../../charts/bars.ts';
import type { Answer, Row } from '../api-client.ts';
import { chart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { counted, instantText, nameOf, numberText, percentText } from '../format.ts';
import { link } from '../links.ts';
import type { Change } from '../state.ts';

const bars_max = 10;

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** Where a row of a quota is, in words. */
export function placeOf(row: Row): string {
  const account = text(row['caller_account_id']);
  const region = text(row['region']);
  const where = [account && nameOf(account), region].filter(Boolean).join(', ');
  return where || 'a shared custom key store';
}

/** `CreateGrant request rate` is CreateGrant here: the bar says that it is a rate. */
const quotaName = (row: Row) =>
  String(row['quota_name'] ?? row['quota_id']).replace(/ request rate$/, '');

/** `Cryptographic operations (symmetric)` is symmetric where there is little room. */
const shortQuota = (row: Row) => /\(([^)]+)\)/.exec(quotaName(row))?.[1] ?? quotaName(row);

/** The second around an instant, for one account and Region. */
export function secondsAround(row: Row, at: string): Change {
  const ms = Date.parse(at);
  return {
    path: '/capacity',
    from: new Date(ms - 30_000).toISOString(),
    to: new Date(ms + 31_000).toISOString(),
    filters: { account: text(row['caller_account_id']), region: text(row['region']) },
    selection: {
      at: new Date(ms).toISOString(),
      quota: text(row['quota_id']),
      limit_per_second: number(row['limit_per_second'] ?? row['current_value'])?.toString(),
    },
  };
}

/** Rows of quota-utilisation whose quota is known, the fullest first. */
export const knownQuotas = (rows: readonly Row[]): Row[] =>
  rows.filter((row) => typeof row['utilisation_peak_percent'] === 'number');

/** The fullest quota in a sentence: the worst second against its own quota, not the largest number. */
export function fullestSentence(rows: readonly Row[]): Node[] {
  const [top] = knownQuotas(rows);
  if (!top) return [h('span', {}, 'No quota of these calls has a known value.')];
  const percent = Number(top['utilisation_peak_percent']);
  const at = String(top['accepted_peak_at']);
  const near = knownQuotas(rows).filter((row) => Number(row['utilisation_peak_percent']) >= 80);
  const throttled = rows.reduce((sum, row) => sum + Number(row['throttled_calls'] ?? 0), 0);
  return [
    h(
      'span',
      {},
      'The fullest quota reached ',
      h('strong', { 'data-figure': 'quota-peak' }, percentText(percent)),
      `: ${numberText(Number(top['accepted_peak']))} of ${numberText(Number(top['limit_calls'] ?? top['limit_per_second']))} calls at `,
      link(secondsAround(top, at), instantText(at), { title: 'Who called in that second' }),
      ` (${quotaName(top)}, ${placeOf(top)}). ${near.length === 0 ? 'No quota came to 80\u202f% in any second.' : `${counted(near.length, 'quota')} came to 80\u202f% or more.`} `,
      throttled > 0
        ? `${counted(throttled, 'call was', 'calls were')} throttled, at least.`
        : 'No throttled call is in the log.',
    ),
  ];
}

/** How full each quota was in its worst second; a click narrows the page to its account and Region. */
export function fullestPicture(answer: Answer, go: (row: Row) => void): HTMLElement | undefined {
  const rows = knownQuotas(answer.rows).slice(0, bars_max);
  const names = rows.map((row) => `${placeOf(row)} · ${shortQuota(row)}`);
  const drawing = barsDrawing(
    rows.map((row, i) => ({
      // Bars of one name would fall together on the axis.
      name: names.indexOf(names[i]!) === i ? names[i]! : `${names[i]} (${i + 1})`,
      value: Number(row['utilisation_peak_percent']),
      detail: [
        quotaName(row),
        `${numberText(Number(row['accepted_peak']))} calls, quota ${numberText(Number(row['limit_per_second']))}/s (${String(row['limit_basis'])})`,
        `at ${instantText(String(row['accepted_peak_at']))}`,
        `${numberText(Number(row['throttled_calls']))} throttled`,
      ].join('\n'),
    })),
    {
      measure: 'Busiest second in percent of its quota',
      text: percentText,
      levels: [
        { name: '80 %', value: 80 },
        { name: 'quota', value: 100 },
      ],
      warn: 80,
      bad: 100,
    },
  );
  if (!drawing) return undefined;
  return chart(drawing, {
    onclick: ({ dataIndex }) => {
      const row = rows[rows.length - 1 - dataIndex];
      if (row) go(row);
    },
  });
}
