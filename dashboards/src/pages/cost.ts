import { analysisInfo, type Answer, type Row } from '../api-client.ts';
import { linesChart, type Line } from '../charts/lines.ts';
import { costTreemap } from '../charts/treemap.ts';
import { h } from '../dom.ts';
import { columnTitle, usd } from '../format.ts';
import { filterOf, link } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { go, state, type FilterName } from '../state.ts';
import { beforeAfterPanel } from './before-after.ts';
import { findingCards } from './findings.ts';
import { savingsPanel } from './savings-curve.ts';
import { otherPanels } from './others.ts';
import { grid } from './overview.ts';

const placed = [
  'request-cost',
  'findings',
  'before-after',
  'bucket-key-savings',
  'data-key-cache-savings',
];

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

/** What the calls cost, and what would cost less. */
export function costPage(): Node[] {
  const chosen = state().selection['by'];
  const by = chosen !== undefined && dimensions.includes(chosen) ? chosen : 'service';
  return [
    grid(
      analysisPanel('request-cost', {
        title: `Request cost by ${columnTitle(by).toLowerCase()}`,
        params: { by, limit: '1000' },
        wide: true,
        controls: [dimensionPicker(by)],
        draw: (answer) => costDrawing(answer, by),
        cell: (column, row) => groupCell(column, row, by),
      }),
      analysisPanel('findings', {
        title: 'Findings: before and after',
        wide: true,
        draw: (answer) => findingCards(answer.rows),
        empty: 'No saving of 50 calls or more is provable in this range.',
      }),
      analysisPanel('request-cost', {
        title: 'Cost per day',
        params: { by: 'account', per: 'day', limit: '10000' },
        wide: true,
        draw: (answer) => dailyCost(answer.rows),
      }),
      savingsPanel(),
      analysisPanel('bucket-key-savings', {
        title: 'S3 Bucket Keys: what each bucket would save',
        wide: true,
      }),
      analysisPanel('data-key-cache-savings', {
        title: 'Data key caching: what each application would save',
        wide: true,
      }),
      beforeAfterPanel(),
      ...(otherPanels(['finops'], placed) as HTMLElement[]),
    ),
  ];
}

function dimensionPicker(by: string): HTMLElement {
  const known = analysisInfo('request-cost')?.params.properties?.['by']?.enum ?? dimensions;
  return h(
    'label',
    { class: 'picker' },
    'by ',
    h(
      'select',
      {
        onchange: (event) =>
          go({ selection: { by: (event.target as HTMLSelectElement).value } }, 'replace'),
      },
      ...known.map((one) => h('option', { value: one, selected: one === by }, columnTitle(one))),
    ),
  );
}

/** Where a click goes on: from a service to its resources, from those to keys, to principals. */
const next: Readonly<Record<string, string>> = {
  service: 'resource',
  account: 'service',
  region: 'service',
  key: 'principal',
  principal: 'key',
};

function costDrawing(answer: Answer, by: string): HTMLElement | undefined {
  const groups = answer.rows.filter((row) => row['row_kind'] === 'group');
  const total = answer.rows.find((row) => row['row_kind'] === 'total');
  const map = costTreemap(
    groups.map((row) => ({ name: String(row['group_name']), usd: Number(row['cost_usd']) })),
    (name) => {
      const filter = filterOf(by);
      if (filter && !name.startsWith('(')) {
        go({ filters: { [filter]: name }, selection: { by: next[by] ?? by } });
      }
    },
  );
  if (!map) return undefined;
  const monthly = total?.['cost_usd_monthly'];
  return h(
    'div',
    {},
    total
      ? h(
          'p',
          {},
          h(
            'strong',
            { 'data-total-cost': String(total['cost_usd']) },
            usd(Number(total['cost_usd'])),
          ),
          ` in the range before the free tier${typeof monthly === 'number' ? `, ${usd(monthly)} a month` : ''}`,
        )
      : null,
    map,
  );
}

function groupCell(column: string, row: Row, by: string): Node | undefined {
  const filter: FilterName | undefined = filterOf(by);
  const name = row['group_name'];
  if (
    column !== 'group_name' ||
    !filter ||
    typeof name !== 'string' ||
    row['row_kind'] !== 'group' ||
    name.startsWith('(')
  )
    return undefined;
  return link({ filters: { [filter]: name } }, name);
}

function dailyCost(rows: readonly Row[]): HTMLElement | undefined {
  const lines = new Map<string, [number, number][]>();
  for (const row of rows) {
    const day = row['day_from'];
    if (typeof day !== 'string' || row['row_kind'] !== 'group') continue;
    const name = String(row['group_name']);
    const points = lines.get(name) ?? [];
    points.push([Date.parse(day), Number(row['cost_usd'])]);
    lines.set(name, points);
  }
  const drawn: Line[] = [...lines].slice(0, 8).map(([name, points]) => ({
    name,
    points: points.sort((a, b) => a[0] - b[0]),
  }));
  if (drawn.length === 0) return undefined;
  return linesChart(drawn, {
    label: `Cost per day of ${drawn.length} accounts`,
    x: { type: 'time' },
    y: 'USD a day',
  });
}
