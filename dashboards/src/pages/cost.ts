import { barsDrawing } from '../../../charts/bars.ts';
import { analysisInfo, type Answer, type Row } from '../api-client.ts';
import { block } from '../block.ts';
import { chart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { evidenceList, type Evidence } from '../evidence.ts';
import { paramTitle, usd } from '../format.ts';
import { filterLink, filterOf } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { ask } from '../params.ts';
import { go, state } from '../state.ts';
import { beforeAfterPanel } from './before-after.ts';
import { billSentence, costDays } from './bill-view.ts';
import { leverList } from './levers.ts';
import { savingsPanel } from './savings-curve.ts';

/** What KMS costs, what would cost less, and where it comes from. */
export function costPage(): Node[] {
  return [
    block(
      { name: 'answer', class: 'answer', waiting: 'the bill and what it is made of' },
      async (waits) => {
        const [bill, days] = await Promise.all([
          ask('bill', {}, waits),
          ask('request-cost', { by: 'account', per: 'day', limit: '10000' }, waits),
        ]);
        return [
          h('p', { class: 'sentence' }, ...billSentence(bill.rows)),
          h(
            'h3',
            {},
            'Requests by account and day ',
            h('span', { class: 'muted' }, '(keys and copies are charged by the month)'),
          ),
          costDays(days),
        ];
      },
    ),
    block(
      {
        name: 'levers',
        heading: 'What to change, best first',
        waiting: 'what each change would save: the calls are replayed',
      },
      async (waits) => {
        const { rows } = await ask('findings', {}, waits);
        return rows.length > 0
          ? [leverList(rows)]
          : [
              h(
                'p',
                { class: 'empty' },
                'No saving of 50 calls or more is provable in this range.',
              ),
            ];
      },
    ),
    evidenceList('Evidence', costEvidence()),
  ];
}

function costEvidence(): Evidence[] {
  const of = (name: string) => analysisInfo(name)?.question ?? '';
  return [
    {
      name: 'from',
      title: 'Where the money goes',
      question: 'By service, resource, key, principal, account, Region, operation or price class.',
      panel: () => [costPanel()],
    },
    {
      name: 'bill',
      title: 'The bill, line by line',
      question: of('bill'),
      panel: () => [analysisPanel('bill')],
    },
    {
      name: 'buckets',
      title: 'Which bucket',
      question: of('bucket-key-savings'),
      panel: () => [
        analysisPanel('bucket-key-savings', { title: 'S3 Bucket Keys, by bucket' }),
        analysisPanel('bucket-rewrite-curve'),
      ],
    },
    {
      name: 'caching',
      title: 'Caching',
      question: of('data-key-cache-savings'),
      panel: () => [
        analysisPanel('data-key-cache-savings'),
        analysisPanel('service-levers'),
        savingsPanel(),
      ],
    },
    {
      name: 'keys',
      title: 'Keys and idle keys',
      question: of('key-cost'),
      panel: () => [analysisPanel('key-cost')],
    },
    {
      name: 'copies',
      title: 'Copies on further trails',
      question: of('cloudtrail-cost'),
      panel: () => [analysisPanel('cloudtrail-cost')],
    },
    {
      name: 'compare',
      title: 'Before and after a change',
      question: of('before-after'),
      panel: () => [beforeAfterPanel()],
    },
    {
      name: 'reconcile',
      title: 'Compared with the bill of AWS',
      question: of('cost-reconciliation'),
      panel: () => [analysisPanel('cost-reconciliation')],
    },
  ];
}

const dimensions = [
  'service',
  'resource',
  'key',
  'principal',
  'account',
  'region',
  'operation',
  'price_class',
];

function costPanel(): HTMLElement | null {
  const chosen = state().selection['by'];
  const by = chosen !== undefined && dimensions.includes(chosen) ? chosen : 'resource';
  return analysisPanel('request-cost', {
    title: `Cost of requests by ${paramTitle(by).toLowerCase()}`,
    params: { by, limit: '1000' },
    controls: [dimensionPicker(by)],
    draw: (answer) => costBars(answer, by),
    cell: (column, row) => groupCell(column, row, by),
  });
}

function dimensionPicker(by: string): HTMLElement {
  const known = analysisInfo('request-cost')?.params.properties?.['by']?.enum ?? dimensions;
  const select = h(
    'select',
    { onchange: () => go({ selection: { by: select.value } }, 'replace') },
    ...known.map((one) => h('option', { value: one, selected: one === by }, paramTitle(one))),
  );
  return h('label', { class: 'picker' }, 'by ', select);
}

/** Where a click goes on: from a service to its resources, from those to keys, to principals. */
const next: Readonly<Record<string, string>> = {
  service: 'resource',
  account: 'service',
  region: 'service',
  key: 'principal',
  principal: 'key',
};
const bars_max = 12;

function costBars(answer: Answer, by: string): HTMLElement | undefined {
  const groups = answer.rows.filter((row) => row['row_kind'] === 'group').slice(0, bars_max);
  const total = answer.rows.find((row) => row['row_kind'] === 'total');
  const drawing = barsDrawing(
    groups.map((row) => ({ name: String(row['group_name']), value: Number(row['cost_usd']) })),
    { measure: `Cost by ${by}`, text: usd },
  );
  if (!drawing) return undefined;
  const filter = filterOf(by);
  const monthly = total?.['cost_usd_monthly'];
  return h(
    'div',
    {},
    total &&
      h(
        'p',
        {},
        h(
          'strong',
          { 'data-total-cost': String(total['cost_usd']) },
          usd(Number(total['cost_usd'])),
        ),
        ` for requests in the range, before the free tier${typeof monthly === 'number' ? `; ${usd(monthly)} a month` : ''}`,
      ),
    chart(drawing, {
      onclick: ({ name }) => {
        if (filter && !name.startsWith('(')) {
          go({ filters: { [filter]: name }, selection: { by: next[by] ?? by } });
        }
      },
    }),
  );
}

function groupCell(column: string, row: Row, by: string): Node | undefined {
  const filter = filterOf(by);
  const name = row['group_name'];
  if (column !== 'group_name' || !filter || typeof name !== 'string') return undefined;
  return row['row_kind'] === 'group' ? filterLink(filter, name) : undefined;
}
