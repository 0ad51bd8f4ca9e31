import { forecastDrawing, type ForecastDay } from '../../../charts/forecast.ts';
import type { Answer, Params, Row } from '../api-client.ts';
import { block } from '../block.ts';
import { chart } from '../charts/chart.ts';
import { h, replace } from '../dom.ts';
import { analysisPanel } from '../panel.ts';
import { ask } from '../params.ts';
import { state } from '../state.ts';

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

const scopeName = (row: Row) =>
  [row['caller_account_id'], row['region'], row['quota_id']].filter(Boolean).join(' ');

const scopeParams = (row: Row): Params => ({
  account: text(row['caller_account_id']),
  region: text(row['region']),
  quota: text(row['quota_id']),
});

/** The days of one quota, what is expected, and a picker for the others. */
export function forecastPanel(): HTMLElement {
  const { quota } = state().selection;
  return block(
    { name: 'forecast', waiting: 'how the busiest second of each day grows' },
    async (waits) => {
      const { rows } = await ask('quota-forecast', { quota }, waits);
      const loads = rows
        .filter((row) => row['status'] === 'forecast' && typeof row['limit_calls'] === 'number')
        .sort((a, b) => growthShare(b) - growthShare(a));
      if (loads.length === 0) {
        const none = 'Too little history, or no quota of these calls is known.';
        return [h('p', { class: 'empty' }, none)];
      }
      const place = h('div');
      const show = (load: Row) => replace(place, daysPanel(load));
      const select = h(
        'select',
        { onchange: () => show(loads[Number(select.value)]!) },
        ...loads.map((load, i) => h('option', { value: i }, scopeName(load))),
      );
      show(loads[0]!);
      return [h('label', { class: 'picker' }, 'Account, Region and quota ', select), place];
    },
  );
}

/**
 * How full a quota is expected to be at the horizon: a trend, so that a burst of a single day does not
 * come first.
 */
const growthShare = (row: Row) =>
  Number(row['expected_calls_at_horizon'] ?? 0) / Number(row['limit_calls']);

function daysPanel(load: Row): HTMLElement | null {
  return analysisPanel('quota-forecast-days', {
    title: 'Busiest second of each day, and the days to come',
    params: scopeParams(load),
    draw: (answer) => forecastPicture(answer, scopeName(load)),
  });
}

function forecastPicture(answer: Answer, scope: string): HTMLElement | undefined {
  const limit = answer.rows.map((row) => row['limit_calls']).find((one) => typeof one === 'number');
  const drawing = forecastDrawing(scope, answer.rows as unknown as ForecastDay[], limit);
  return drawing && chart(drawing);
}
