import { run, type Answer } from '../api-client.ts';
import { topBars } from '../charts/bars.ts';
import { heatmap, type HeatCell } from '../charts/heatmap.ts';
import { binFor, ratesChart } from '../charts/rates.ts';
import { h } from '../dom.ts';
import { chosenRange } from '../extent.ts';
import { instantText, numberText, valueText } from '../format.ts';
import { filterLink, link } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { panelParams } from '../params.ts';
import { go, state } from '../state.ts';
import { forecastPanels } from './forecast.ts';
import { otherPanels } from './others.ts';
import { grid } from './overview.ts';
import { whatIfPanel } from './what-if.ts';

const placed = [
  'call-rates',
  'quota-utilisation',
  'quota-forecast',
  'quota-forecast-days',
  'quota-what-if',
  'throttle-hotspots',
  'key-usage',
  'principal-usage',
  'service-usage',
];

/** How near each quota is, when, and who took it. */
export function capacityPage(): Node[] {
  const { from_ms, to_ms } = chosenRange();
  const bin = binFor(from_ms, to_ms);
  const { selection } = state();
  const quota = selection['quota'];
  const limit = Number(selection['limit_per_second']);
  return [
    grid(
      analysisPanel('quota-utilisation', {
        title: 'Peak use of each quota',
        params: { quota },
        wide: true,
        draw: utilisationMap,
      }),
      analysisPanel('call-rates', {
        title: 'Calls per second',
        params: { bin, limit: '100000' },
        wide: true,
        draw: (answer) => ratesChart(answer, bin, limit > 0 ? limit : undefined),
        empty: 'No calls in this range. Zoom out, or remove a filter.',
      }),
      cursorPanel(),
      analysisPanel('throttle-hotspots', {
        title: 'Bursts of throttled seconds',
        wide: true,
        params: { quota },
        empty:
          'No throttled call in this range. CloudTrail logs not every refusal, so this is no proof.',
        cell: burstCell,
      }),
      ...forecastPanels(),
      whatIfPanel(),
      ...(['service-usage', 'principal-usage', 'key-usage'] as const).map((name) =>
        analysisPanel(name, {
          draw: (answer) => topBars(answer.rows, name.replace('-usage', ''), 'calls', 'calls'),
        }),
      ),
      ...(otherPanels(['capacity', 'usage'], placed) as HTMLElement[]),
    ),
  ];
}

interface Scope {
  account: string;
  region: string;
  quota: string;
  limit: number | null;
}

/** Accounts and Regions by quotas; only quotas whose limit is known have a percentage. */
function utilisationMap(answer: Answer): HTMLElement | undefined {
  const scopes = new Map<HeatCell, Scope>();
  for (const row of answer.rows) {
    const percent = row['utilisation_peak_percent'];
    if (typeof percent !== 'number') continue;
    const account = String(row['caller_account_id'] ?? '(unknown)');
    const region = String(row['region'] ?? '(unknown)');
    const cell: HeatCell = {
      x: String(row['quota_id']).replace(/^op_/, ''),
      y: `${account} ${region}`,
      value: percent,
      text: [
        `${account} ${region}`,
        String(row['quota_name']),
        `${valueText(percent, '%')} of ${valueText(row['limit_per_second'])}/s (${String(row['limit_basis'])})`,
        `peak ${valueText(row['accepted_peak'])} at ${instantText(String(row['accepted_peak_at']))}`,
        `throttled ${valueText(row['throttled_calls'])}`,
      ].join('\n'),
    };
    const quota = String(row['quota_id']);
    const known = row['limit_per_second'];
    scopes.set(cell, { account, region, quota, limit: typeof known === 'number' ? known : null });
  }
  // The busiest first: columns and lines come in the order of the rows.
  const cells = [...scopes.keys()].sort((a, b) => b.value - a.value);
  const top = cells[0];
  return heatmap(cells, {
    label: top
      ? `Highest use ${valueText(top.value, '%')}: ${top.y}, ${top.x}`
      : 'No quota is known',
    unit: '% of quota',
    max: 100,
    onclick: (cell) => {
      const scope = scopes.get(cell);
      if (!scope) return;
      const { account, region, quota, limit } = scope;
      go({
        filters: { account, region },
        selection: { quota, limit_per_second: limit === null ? undefined : String(limit) },
      });
    },
  });
}

function burstCell(column: string, row: Readonly<Record<string, unknown>>): Node | undefined {
  const started = row['started_at'];
  const ended = row['ended_at'];
  if (column !== 'started_at' || typeof started !== 'string' || typeof ended !== 'string')
    return undefined;
  const around = (iso: string, s: number) => new Date(Date.parse(iso) + s * 1000).toISOString();
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return link(
    {
      from: around(started, -20),
      to: around(ended, 20),
      filters: { account: text(row['caller_account_id']), region: text(row['region']) },
      selection: {
        at: started,
        quota: text(row['quota_id']),
        limit_per_second:
          typeof row['limit_per_second'] === 'number' ? String(row['limit_per_second']) : undefined,
      },
    },
    instantText(started),
    { title: 'The seconds of this burst' },
  );
}

/** Who called in the selected second. */
function cursorPanel(): HTMLElement | null {
  const at = state().selection['at'];
  const second = at === undefined ? NaN : Math.floor(Date.parse(at) / 1000) * 1000;
  if (Number.isNaN(second)) return null;
  const from = new Date(second).toISOString();
  const to = new Date(second + 1000).toISOString();
  const total = h('p', { 'data-cursor': from }, 'Counting…');
  const { params } = panelParams('call-rates', { from, to, bin: 'second' });
  void run('call-rates', params).then(
    ({ rows }) => {
      const row = rows[0];
      total.textContent = row
        ? `${numberText(row.calls)} calls in this second, ${numberText(row.throttled_calls)} of them throttled.`
        : 'No call in this second.';
    },
    (error: unknown) => (total.textContent = error instanceof Error ? error.message : 'no answer'),
  );
  const dimensions = ['principal', 'key', 'service', 'operation', 'bucket'] as const;
  return h(
    'section',
    { class: 'panel wide', 'aria-label': 'The selected second' },
    h(
      'header',
      {},
      h('h2', {}, `Who called at ${instantText(from)}`),
      h('button', { type: 'button', onclick: () => go({ selection: { at: undefined } }) }, 'Close'),
    ),
    total,
    grid(
      ...dimensions.map((by) =>
        analysisPanel('call-rates', {
          title: `By ${by}`,
          params: { from, to, bin: 'second', by },
          columns: ['group_name', 'calls', 'throttled_calls'],
          cell: (column, row) =>
            column === 'group_name' ? filterLink(by, String(row['group_name'])) : undefined,
          draw: (answer) =>
            topBars(
              answer.rows.map((row) => ({ ...row, [by]: row['group_name'] })),
              by,
              'calls',
              'calls',
            ),
        }),
      ),
    ),
  );
}
