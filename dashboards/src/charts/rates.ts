import type { Answer } from '../api-client.ts';
import type { Analyses } from '../generated/api-types.ts';
import { instantText, numberText } from '../format.ts';
import { go, state } from '../state.ts';
import { axis, chart, plain, theme, tooltip } from './chart.ts';

export type RateRow = Analyses['call-rates']['row'];

export type Bin = NonNullable<Analyses['call-rates']['params']['bin']>;

const bin_seconds: Readonly<Record<Bin, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
};
/** More bins than this on a line are finer than the screen. */
const bins_max = 3_000;

/**
 * The finest bin that a range can be drawn with. Whatever the bin, the server gives the busiest
 * second in it, so no peak is lost by looking from further away.
 */
export function binFor(from_ms: number, to_ms: number): Bin {
  const seconds = Math.max(1, (to_ms - from_ms) / 1000);
  for (const bin of ['second', 'minute', 'hour'] as const) {
    if (seconds / bin_seconds[bin] <= bins_max) return bin;
  }
  return 'day';
}

/** Rows of bins without a call in between: a gap is zero calls, drawn as such. */
export function withGaps(rows: readonly RateRow[], bin: Bin): (RateRow | { bin_from: string })[] {
  const step_ms = bin_seconds[bin] * 1000;
  const filled: (RateRow | { bin_from: string })[] = [];
  let before: number | undefined;
  for (const row of rows) {
    const at = Date.parse(row.bin_from);
    if (before !== undefined && at - before > step_ms) {
      filled.push({ bin_from: new Date(before + step_ms).toISOString() });
      if (at - before > 2 * step_ms)
        filled.push({ bin_from: new Date(at - step_ms).toISOString() });
    }
    filled.push(row);
    before = at;
  }
  return filled;
}

/** Peak calls per second and throttled calls over time; click selects, zoom narrows the page. */
export function ratesChart(answer: Answer, bin: Bin, quota?: number): HTMLElement {
  const rows = answer.rows as unknown as RateRow[];
  const colours = theme();
  const points = withGaps(rows, bin);
  const value = (row: Partial<RateRow>, name: 'calls_per_second_peak' | 'throttled_calls') =>
    [Date.parse(row.bin_from!), row[name] ?? 0] as const;
  const top = rows.reduce((a, b) => (b.calls_per_second_peak > a.calls_per_second_peak ? b : a));
  const byBin = new Map(rows.map((row) => [Date.parse(row.bin_from), row]));
  const utc = state().zone === 'utc';
  return chart({
    height: 'high',
    label: `Peak ${numberText(top.calls_per_second_peak)} calls per second at ${instantText(top.peak_at)}, drawn by ${bin}`,
    option: {
      useUTC: utc,
      grid: { left: 56, right: 56, top: 36, bottom: 64 },
      legend: { textStyle: { color: colours.text }, top: 0 },
      tooltip: tooltip((parameters) => {
        const first = (parameters as { value: [number, number] }[])[0];
        const row = first && byBin.get(first.value[0]);
        if (!row)
          return first ? `${instantText(new Date(first.value[0]).toISOString())}\nno calls` : '';
        return plain(
          `${instantText(row.bin_from)} (${bin})\npeak ${numberText(row.calls_per_second_peak)} calls/s at ${instantText(row.peak_at)}\n${numberText(row.calls)} calls, ${numberText(row.throttled_calls)} throttled`,
        );
      }, 'axis'),
      xAxis: axis({ type: 'time', splitLine: { show: false } }),
      yAxis: [
        axis({ type: 'value', name: 'calls/s, peak', min: 0 }),
        axis({
          type: 'value',
          name: 'throttled',
          min: 0,
          minInterval: 1,
          splitLine: { show: false },
        }),
      ],
      dataZoom: [
        { type: 'inside', filterMode: 'none' },
        { type: 'slider', filterMode: 'none', height: 22, bottom: 10, borderColor: colours.line },
      ],
      series: [
        {
          name: 'Peak calls per second',
          type: 'line',
          step: 'end',
          showSymbol: rows.length < 60,
          symbolSize: 6,
          // No sampling: each bin's maximum is drawn.
          sampling: undefined,
          lineStyle: { width: 1.5 },
          areaStyle: { opacity: 0.12 },
          data: points.map((row) => value(row, 'calls_per_second_peak')),
          ...(quota === undefined
            ? {}
            : {
                markLine: {
                  symbol: 'none',
                  lineStyle: { color: colours.bad },
                  label: {
                    formatter: `quota ${numberText(quota)}`,
                    position: 'insideEndTop',
                    color: colours.text,
                  },
                  data: [{ yAxis: quota }],
                },
              }),
        },
        {
          name: 'Throttled calls',
          type: 'bar',
          yAxisIndex: 1,
          barWidth: 3,
          itemStyle: { color: colours.bad },
          data: rows
            .filter((row) => row.throttled_calls > 0)
            .map((row) => value(row, 'throttled_calls')),
        },
      ],
    },
    onclick: (target) => {
      const at = Array.isArray(target.value) ? Number(target.value[0]) : NaN;
      const row = byBin.get(at);
      if (row) go({ path: '/capacity', selection: { at: row.peak_at } });
    },
    onzoom: (from_ms, to_ms) => {
      const iso = (ms: number) => new Date(Math.round(ms / 1000) * 1000).toISOString();
      go({ from: iso(from_ms), to: iso(Math.max(to_ms, from_ms + 1000)) });
    },
  });
}
