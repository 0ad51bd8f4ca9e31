import type { Row } from '../api-client.ts';
import { showEvent } from '../drawer.ts';
import { instantText, numberText } from '../format.ts';
import { state } from '../state.ts';
import { axis, chart, plain, theme, tooltip } from './chart.ts';

/** Events over time, a line an operation, coloured by outcome; a click opens the first event. */
export function timelineChart(rows: readonly Row[]): HTMLElement | undefined {
  if (rows.length === 0) return undefined;
  const colours = theme();
  const operations = [...new Set(rows.map((row) => String(row['operation'])))].reverse();
  const outcomes = [...new Set(rows.map((row) => String(row['outcome'])))];
  const colour: Record<string, string> = {
    success: colours.good,
    denied: colours.bad,
    throttled: colours.warn,
  };
  return chart({
    height: operations.length > 6 ? 'high' : 'low',
    label: `${rows.length} events of ${operations.length} operations from ${instantText(String(rows[0]!['first_at']))}`,
    option: {
      useUTC: state().zone === 'utc',
      grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
      legend: { textStyle: { color: colours.text }, top: 0 },
      tooltip: tooltip((parameters) => {
        const { data } = parameters as { data: { row: Row } };
        const { row } = data;
        return plain(
          [
            `${instantText(String(row['first_at']))} ${String(row['operation'])} ${String(row['outcome'])}`,
            `${numberText(Number(row['events'] ?? 1))} events`,
            String(row['principal_arn'] ?? ''),
            String(row['caller_source'] ?? ''),
          ].join('\n'),
        );
      }),
      xAxis: axis({ type: 'time', splitLine: { show: false } }),
      yAxis: axis({ type: 'category', data: operations }),
      series: outcomes.map((outcome) => ({
        name: outcome,
        type: 'scatter',
        itemStyle: { color: colour[outcome] ?? colours.series[7], opacity: 0.75 },
        symbolSize: (_: unknown, { data }: { data: { row: Row } }) =>
          Math.min(26, 7 + 2 * Math.log2(Number(data.row['events'] ?? 1))),
        data: rows
          .filter((row) => row['outcome'] === outcome)
          .map((row) => ({
            value: [Date.parse(String(row['first_at'])), String(row['operation'])],
            row,
          })),
      })),
    },
    onclick: (target) => {
      const { row } = target.data as { row?: Row };
      const id = row?.['event_id'];
      if (typeof id === 'string') void showEvent(id);
    },
  });
}
