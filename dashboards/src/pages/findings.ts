import type { Row } from '../api-client.ts';
import { h } from '../dom.ts';
import { numberText, shortName, usd, valueText } from '../format.ts';
import { filterLink } from '../links.ts';

const cards_shown = 12;

/** Each finding with its calls before and after, what to change, how to check it, what it costs. */
export function findingCards(rows: readonly Row[]): HTMLElement {
  const most = rows.reduce((max, row) => Math.max(max, Number(row['calls'] ?? 0)), 1);
  return h(
    'ol',
    { class: 'findings' },
    ...rows.slice(0, cards_shown).map((row) => card(row, most)),
  );
}

function card(row: Row, most: number): HTMLElement {
  const calls = Number(row['calls'] ?? 0);
  const after = Math.max(0, calls - Number(row['saved_calls'] ?? 0));
  const relieved = row['calls_per_second_relieved'];
  const facts = [
    typeof relieved === 'number' && relieved > 0
      ? `${numberText(relieved)} calls/s off the peak`
      : '',
    typeof row['net_usd_yearly'] === 'number' ? `${usd(row['net_usd_yearly'])} net a year` : '',
    `at ${String(row['parameters'])}`,
    String(row['confidence_reason']),
    typeof row['taken_before'] === 'string' ? `after ${row['taken_before']}` : '',
  ].filter((fact) => fact !== '');
  const bucket = String(row['resource']).startsWith('arn:aws:s3:::');
  return h(
    'li',
    { 'data-finding': String(row['finding']) },
    h(
      'h3',
      {},
      `${String(row['title'])}: `,
      h('span', { title: String(row['resource']) }, shortName(String(row['resource']))),
    ),
    calls > 0 && beforeAfterBars(calls, after, most),
    h('p', {}, String(row['sentence'])),
    h('p', { class: 'muted' }, facts.join(' · ')),
    h(
      'p',
      { class: 'muted' },
      filterLink('account', String(row['account_id'])),
      ' ',
      filterLink('region', String(row['region'])),
      typeof row['key_arn'] === 'string' && !bucket ? ' ' : '',
      typeof row['key_arn'] === 'string' && !bucket ? filterLink('key', row['key_arn']) : null,
    ),
    h(
      'details',
      {},
      h('summary', {}, 'What to change, how to check it, what is lost'),
      h(
        'dl',
        {},
        ...(['change', 'check', 'lost', 'evidence', 'query'] as const).flatMap((name) =>
          row[name] ? [h('dt', {}, name), h('dd', {}, String(row[name]))] : [],
        ),
      ),
    ),
  );
}

/** Two bars on the scale of the largest finding; `meter` needs no style of its own. */
function beforeAfterBars(before: number, after: number, most: number): HTMLElement {
  const bar = (label: string, value: number) => [
    h('span', { class: 'muted' }, label),
    h('meter', { min: 0, max: most, value, 'aria-label': `${label} ${numberText(value)} calls` }),
    h('span', { class: 'number' }, `${valueText(value)} calls`),
  ];
  return h('div', { class: 'bars' }, ...bar('before', before), ...bar('after', after));
}
