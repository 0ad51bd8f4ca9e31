import { analysisInfo, type Row } from '../api-client.ts';
import { axis, chart, plain, theme, tooltip } from '../charts/chart.ts';
import { h } from '../dom.ts';
import { extent } from '../extent.ts';
import { numberText, shortName, valueText } from '../format.ts';
import { analysisPanel } from '../panel.ts';
import { go, state } from '../state.ts';

/** Did a change work: the same groups before and after an instant, per covered hour. */
export function beforeAfterPanel(): HTMLElement | null {
  const info = analysisInfo('before-after');
  if (!info) return null;
  const { selection } = state();
  const { from_ms, to_ms } = extent();
  const middle =
    from_ms === undefined || to_ms === undefined
      ? ''
      : new Date((from_ms + to_ms) / 2).toISOString().slice(0, 10);
  const params = {
    changed_at: selection['changed_at'] ?? middle,
    hours: selection['hours'] ?? '168',
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
        go({ selection: data });
      },
    },
    h('label', {}, 'Changed at', h('input', { name: 'changed_at', value: params.changed_at })),
    h(
      'label',
      {},
      'Hours on each side',
      h('input', { name: 'hours', type: 'number', min: 1, max: 8760, value: params.hours }),
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
    wide: true,
    draw: (answer) => beforeAfterChart(answer.rows),
  });
  panel?.querySelector('header')?.after(form);
  return panel;
}

const groups_max = 10;

function beforeAfterChart(rows: readonly Row[]): HTMLElement | undefined {
  const number = (row: Row, column: string) =>
    typeof row[column] === 'number' ? row[column] : null;
  const shown = rows
    .filter(
      (row) =>
        number(row, 'calls_per_hour_before') !== null ||
        number(row, 'calls_per_hour_after') !== null,
    )
    .slice(0, groups_max)
    .reverse();
  if (shown.length === 0) return undefined;
  const colours = theme();
  const series = (name: string, column: string, colour: string | undefined) => ({
    name,
    type: 'bar',
    itemStyle: { color: colour },
    data: shown.map((row) => number(row, column)),
  });
  return chart({
    height: 70 + 44 * shown.length,
    label: shown
      .map(
        (row) =>
          `${shortName(String(row['group_name']))} ${valueText(row['change_percent'], 'percent')}`,
      )
      .reverse()
      .join(', '),
    option: {
      grid: { left: 8, right: 40, top: 34, bottom: 8, containLabel: true },
      legend: { textStyle: { color: colours.text }, top: 0 },
      tooltip: tooltip((parameters) => {
        const all = parameters as { dataIndex: number; seriesName: string; value: number | null }[];
        const row = shown[all[0]!.dataIndex]!;
        const lines = all.map(
          (one) =>
            `${one.seriesName}: ${one.value === null ? 'not covered' : numberText(one.value)} calls an hour`,
        );
        return plain([String(row['group_name']), ...lines].join('\n'));
      }, 'axis'),
      xAxis: axis({ type: 'value', name: 'calls/h' }),
      yAxis: axis({
        type: 'category',
        data: shown.map((row) => plain(shortName(String(row['group_name'])))),
        axisLabel: { color: colours.text, width: 200, overflow: 'truncate' },
        splitLine: { show: false },
      }),
      series: [
        series('after', 'calls_per_hour_after', colours.series[2]),
        series('before', 'calls_per_hour_before', colours.series[7]),
      ],
    },
  });
}
