import { analysisInfo, type Row } from '../api-client.ts';
import { beforeAfterDrawing } from '../../../charts/before-after.ts';
import { chart } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { chosenRange } from '../extent.ts';
import { nameOf, numberText, valueText } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { go, state } from '../state.ts';

/** Did a change work: the same groups before and after an instant, per covered hour. */
export function beforeAfterPanel(): HTMLElement | null {
  const info = analysisInfo('before-after');
  if (!info) return null;
  const { selection } = state();
  const halves = halvesOf(chosenRange());
  const params = {
    changed_at: selection['changed_at'] ?? halves.changed_at,
    hours: selection['hours'] ?? halves.hours,
    by: selection['compare_by'] ?? 'operation',
  };
  const known = info.params.properties?.['by']?.enum ?? [];
  const form = h(
    'form',
    {
      class: 'params',
      'aria-label': 'Ranges to compare',
      onsubmit: (event) => {
        event.preventDefault();
        const data = Object.fromEntries(
          [...new FormData(form)].map(([name, value]) => [name, String(value)]),
        );
        go({ selection: { ...data, open: 'compare' } });
      },
    },
    h(
      'label',
      { title: 'An instant in UTC, such as 2026-10-12 or 2026-10-12T14:00:00Z' },
      'Changed at (UTC)',
      h('input', {
        name: 'changed_at',
        value: params.changed_at,
        placeholder: '2026-10-12T14:00:00Z',
        required: true,
        autocomplete: 'off',
      }),
    ),
    h(
      'label',
      {},
      'Hours on each side',
      h('input', { name: 'hours', type: 'number', min: 1, max: hours_max, value: params.hours }),
    ),
    h(
      'label',
      {},
      'by',
      h(
        'select',
        { name: 'compare_by' },
        ...known.map((one) => h('option', { value: one, selected: one === params.by }, one)),
      ),
    ),
    h('button', { type: 'submit' }, 'Compare'),
  );
  const panel = analysisPanel('before-after', {
    title: 'Before and after a change',
    params,
    draw: (answer) => beforeAfterChart(answer.rows),
  });
  panel?.querySelector('header')?.after(form);
  return panel;
}

const hours_max = 8_784;
const hour_ms = 3_600_000;

/** The two halves of a range, on a full hour: what is compared until somebody names a change. */
function halvesOf({ from_ms, to_ms }: { from_ms: number; to_ms: number }) {
  const middle = Math.round((from_ms + to_ms) / 2 / hour_ms) * hour_ms;
  const hours = Math.ceil((to_ms - from_ms) / 2 / hour_ms);
  return {
    changed_at: `${new Date(middle).toISOString().slice(0, 19)}Z`,
    hours: String(Math.min(hours_max, Math.max(1, hours))),
  };
}

const groups_max = 10;

function beforeAfterChart(rows: readonly Row[]): HTMLElement | undefined {
  const number = (row: Row, column: string) =>
    typeof row[column] === 'number' ? row[column] : null;
  const drawing = beforeAfterDrawing(
    rows.slice(0, groups_max).map((row) => ({
      name: `${nameOf(String(row['group_name']))} ${valueText(row['change_percent'], 'percent')}`,
      before: number(row, 'calls_per_hour_before'),
      after: number(row, 'calls_per_hour_after'),
    })),
    { measure: 'Calls an hour', text: (value) => `${numberText(value)}/h` },
  );
  return drawing && chart(drawing);
}
