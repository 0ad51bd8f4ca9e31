import { barsDrawing } from '../../../charts/bars.ts';
import { ratesDrawing, type RatePoint } from '../../../charts/rates.ts';
import type { Answer } from '../api-client.ts';
import { chart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { binFor, chosenRange } from '../extent.ts';
import { counted, instantText, numberText } from '../format.ts';
import { filterLink, filterOf, narrow } from '../links.ts';
import { analysisPanel } from '../panel.ts';
import { panelParams } from '../params.ts';
import { runAny, type Row } from '../api-client.ts';
import { go, state } from '../state.ts';

const bars_max = 12;

/** The largest groups as bars; a click narrows the page to that value. */
export function groupBars(
  rows: readonly Row[],
  category: string,
  filter = category,
): HTMLElement | undefined {
  const known = rows
    .map((row) => ({ name: String(row[category] ?? '(unknown)'), value: Number(row['calls']) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, bars_max);
  const drawing = barsDrawing(known, { measure: `Calls by ${filter}`, text: numberText });
  if (!drawing) return undefined;
  const name = filterOf(filter);
  return chart(drawing, {
    onclick: name ? (target) => narrow(name, target.name) : undefined,
  });
}

/** Calls per second over the chosen range, against the quota that was chosen. */
export function ratesPanel(covered?: ReadonlySet<string>, title = 'Busiest second over time') {
  const { from_ms, to_ms } = chosenRange();
  const bin = binFor(from_ms, to_ms);
  const limit = Number(state().selection['limit_per_second']);
  return analysisPanel('call-rates', {
    title,
    params: { bin, limit: '100000' },
    draw: (answer) => ratesChart(answer, bin, limit > 0 ? limit : undefined, covered),
    empty: 'No calls in this range. Zoom out, or remove a filter.',
  });
}

function ratesChart(
  answer: Answer,
  bin: ReturnType<typeof binFor>,
  quota: number | undefined,
  covered: ReadonlySet<string> | undefined,
): HTMLElement | undefined {
  const points = answer.rows as unknown as RatePoint[];
  const drawing = ratesDrawing(points, { bin, quota, covered });
  if (!drawing) return undefined;
  const byBin = new Map(points.map((point) => [Date.parse(point.bin_from), point]));
  return chart(drawing, {
    onclick: ({ value }) => {
      const point = byBin.get(Array.isArray(value) ? Number(value[0]) : NaN);
      if (point) go({ path: '/capacity', selection: { at: point.peak_at } });
    },
    onzoom: (from_ms, to_ms) => {
      const iso = (ms: number) => new Date(Math.round(ms / 1000) * 1000).toISOString();
      go({ from: iso(from_ms), to: iso(Math.max(to_ms, from_ms + 1000)) });
    },
  });
}

/** Who called in the selected second, and the seconds around it. */
export function secondPanel(): HTMLElement | null {
  const at = state().selection['at'];
  const second = at === undefined ? NaN : Math.floor(Date.parse(at) / 1000) * 1000;
  if (Number.isNaN(second)) return null;
  const from = new Date(second).toISOString();
  const to = new Date(second + 1000).toISOString();
  const total = h('p', { class: 'sentence', 'data-cursor': from, role: 'status' }, 'Counting…');
  const { params } = panelParams('call-rates', { from, to, bin: 'second' });
  void runAny('call-rates', params).then(
    ({ rows: [row] }) => {
      total.textContent = row
        ? `${counted(Number(row['calls']), 'call')} in this second, ${numberText(Number(row['throttled_calls']))} of them throttled.`
        : 'No call in this second.';
    },
    (error: unknown) => (total.textContent = error instanceof Error ? error.message : 'no answer'),
  );
  const dimensions = ['principal', 'key', 'service', 'operation'] as const;
  return h(
    'section',
    { class: 'block', 'aria-label': 'The selected second' },
    h(
      'header',
      {},
      h('h2', {}, `Who called at ${instantText(from)}`),
      h('button', { type: 'button', onclick: () => go({ selection: { at: undefined } }) }, 'Close'),
    ),
    total,
    ratesPanel(undefined, 'The seconds around it'),
    h(
      'div',
      { class: 'grid' },
      ...dimensions.map((by) =>
        analysisPanel('call-rates', {
          title: `By ${by}`,
          params: { from, to, bin: 'second', by },
          columns: ['group_name', 'calls', 'throttled_calls'],
          cell: (column, row) =>
            column === 'group_name' ? filterLink(by, String(row['group_name'])) : undefined,
          draw: (answer) => groupBars(answer.rows, 'group_name', by),
        }),
      ),
    ),
  );
}
