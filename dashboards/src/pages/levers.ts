import type { Row } from '../api-client.ts';
import { cardList } from '../card-list.ts';
import { h } from '../dom.ts';
import { nameOf, numberText, usd } from '../format.ts';
import { filterLink } from '../links.ts';

const cards_shown = 8;

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** Levers ranked as the analysis ranks them; those beyond the first ones are a click away. */
export const leverList = (rows: readonly Row[]): HTMLElement =>
  cardList(rows, leverCard, cards_shown, 'cards levers');

/** One lever: the benefit with its band, the one-off cost, how sure it is and why, what is lost. */
function leverCard(row: Row): HTMLElement {
  const monthly = number(row['saving_usd_monthly']);
  const low = number(row['saving_low_usd_monthly']);
  const high = number(row['saving_high_usd_monthly']);
  const once = number(row['one_time_cost_usd']) ?? 0;
  const yearly = number(row['net_usd_yearly']);
  const relieved = number(row['calls_per_second_relieved']) ?? 0;
  const calls = Number(row['saved_calls'] ?? 0);
  const benefit =
    monthly === undefined
      ? `${usd(Number(row['saving_usd']))} in the range`
      : `${usd(monthly)} a month`;
  const facts: [string, string][] = [
    ['Saves', benefit],
    ...(low !== undefined && high !== undefined && usd(low) !== usd(high)
      ? ([['Band', `${usd(low)} to ${usd(high)} a month`]] as [string, string][])
      : []),
    ['One-off cost', once > 0 ? usd(once) : 'none'],
    ...(yearly !== undefined ? ([['Net in a year', usd(yearly)]] as [string, string][]) : []),
    ...(calls > 0 ? ([['Calls saved', numberText(calls)]] as [string, string][]) : []),
    ...(relieved > 0
      ? ([['Off the peak', `${numberText(relieved)} calls/s`]] as [string, string][])
      : []),
  ];
  const resource = String(row['resource']);
  const detail = (name: string, label: string) =>
    row[name] ? [h('dt', {}, label), h('dd', {}, String(row[name]))] : [];
  return h(
    'li',
    { 'data-finding': String(row['finding']) },
    h('h3', {}, `${String(row['title'])}: `, h('span', { title: resource }, nameOf(resource))),
    h(
      'p',
      { class: 'muted' },
      filterLink('account', String(row['account_id'])),
      ' · ',
      filterLink('region', String(row['region'])),
    ),
    h(
      'dl',
      { class: 'facts' },
      ...facts.flatMap(([label, value]) => [h('div', {}, h('dt', {}, label), h('dd', {}, value))]),
      h(
        'div',
        {},
        h('dt', {}, 'Confidence'),
        h('dd', { 'data-confidence': String(row['confidence']) }, String(row['confidence'])),
      ),
    ),
    h('p', {}, String(row['confidence_reason'] ?? '')),
    h(
      'details',
      {},
      h('summary', {}, 'What to change, how to check it, what is lost'),
      h(
        'dl',
        {},
        ...detail('change', 'Change'),
        ...detail('check', 'Check'),
        ...detail('lost', 'Lost'),
        ...detail('evidence', 'Evidence'),
        ...detail('parameters', 'At'),
        ...detail('taken_before', 'Applied after'),
        ...detail('query', 'Query'),
      ),
    ),
  );
}
