import type { Row } from '../api-client.ts';
import { linesChart } from '../charts/lines.ts';
import { h } from '../dom.ts';
import { numberText } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { state } from '../state.ts';

const forecastColumns = [
  'caller_account_id',
  'region',
  'quota_id',
  'status',
  'limit_calls',
  'calls_most',
  'calls_most_on',
  'growth_calls_per_day',
  'expected_80_percent_on',
  'expected_100_percent_on',
  'earliest_100_percent_on',
  'latest_100_percent_on',
  'days_of_history',
  'backtest_error_median_percent',
];

/** When each quota is expected to be reached, and the days of the one that comes first. */
export function forecastPanels(): (HTMLElement | null)[] {
  const { quota } = state().selection;
  return [
    analysisPanel('quota-forecast', {
      title: 'When quotas are reached',
      wide: true,
      params: { quota },
      columns: forecastColumns,
      empty: 'Too little history, or no quota of these calls is known.',
    }),
    analysisPanel('quota-forecast-days', {
      title: 'Busiest second of each day, and the days to come',
      wide: true,
      params: { quota },
      draw: (answer) => forecastChart(answer.rows),
    }),
  ];
}

const scopeOf = (row: Row) =>
  [row['caller_account_id'], row['region'], row['quota_id'], row['custom_key_store_id']]
    .filter((part) => typeof part === 'string')
    .join(' ');

/** The scope that is expected to come nearest to its limit; others are a filter away. */
function nearest(rows: readonly Row[]): string | undefined {
  let best: { scope: string; share: number } | undefined;
  for (const row of rows) {
    const load = row['expected_calls'];
    const limit = row['limit_calls'];
    if (typeof load !== 'number' || typeof limit !== 'number' || limit <= 0) continue;
    const share = load / limit;
    if (!best || share > best.share) best = { scope: scopeOf(row), share };
  }
  return best?.scope ?? (rows[0] ? scopeOf(rows[0]) : undefined);
}

function forecastChart(rows: readonly Row[]): HTMLElement | undefined {
  const scope = nearest(rows);
  if (scope === undefined) return undefined;
  const mine = rows.filter((row) => scopeOf(row) === scope);
  const line = (name: string, column: string, dashed = false) => ({
    name,
    dashed,
    points: mine.map((row) => {
      const value = row[column];
      return [Date.parse(String(row['day'])), typeof value === 'number' ? value : null] as const;
    }),
  });
  const limit = mine.find((row) => typeof row['limit_calls'] === 'number')?.['limit_calls'];
  const expected = mine.filter((row) => typeof row['expected_calls'] === 'number').at(-1);
  return h(
    'div',
    {},
    h(
      'p',
      { class: 'muted' },
      `${scope}: the one that is nearest to its limit. Filter by account and Region for others.`,
    ),
    linesChart(
      [
        line('seen', 'calls'),
        line('expected', 'expected_calls', true),
        line('low', 'expected_low', true),
        line('high', 'expected_high', true),
      ],
      {
        label: `${scope}: ${expected ? `expected ${numberText(Number(expected['expected_calls']))} on ${String(expected['day']).slice(0, 10)}` : 'no forecast'}`,
        x: { type: 'time' },
        y: 'calls in the busiest second',
        ...(typeof limit === 'number'
          ? { level: { name: `quota ${numberText(limit)}`, value: limit } }
          : {}),
      },
    ),
  );
}
