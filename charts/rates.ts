import { axis, inside, legend, levelLines, tooltip, type Drawing } from './look.ts';
import { instantText, numberText, plain, shortNumber } from './words.ts';

export interface RatePoint {
  bin_from: string;
  calls: number;
  throttled_calls: number;
  calls_per_second_peak: number;
  peak_at: string;
}

export interface RatesOptions {
  bin: 'second' | 'minute' | 'hour' | 'day';
  /** The quota that these calls are charged to, in calls a second. */
  quota?: number | undefined;
  /** Days (`2026-10-05`) of which something was read; left out: every day. */
  covered?: ReadonlySet<string> | undefined;
  log?: boolean;
}

export const bin_seconds = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const;

type Value = [at: number, calls: number | null];

/**
 * Bins in order; one without a call is zero when its day was read, and a break in the line when it was
 * not: what nobody read is unknown.
 */
export function withGaps(
  points: readonly RatePoint[],
  bin: keyof typeof bin_seconds,
  covered?: ReadonlySet<string>,
  column: 'calls_per_second_peak' | 'throttled_calls' = 'calls_per_second_peak',
): Value[] {
  const step_ms = bin_seconds[bin] * 1000;
  const line: Value[] = [];
  let before: number | undefined;
  for (const point of points) {
    const at = Date.parse(point.bin_from);
    if (before !== undefined && at - before > step_ms) between(before, at);
    line.push([at, point[column]]);
    before = at;
  }
  return line;

  function between(last: number, next: number): void {
    const days = Math.ceil((next - last) / 86_400_000) + 1;
    let unknown = false;
    if (covered) {
      for (let i = 0; i < days && !unknown; i++) {
        const at = Math.min(last + step_ms + i * 86_400_000, next - step_ms);
        unknown = !covered.has(new Date(at).toISOString().slice(0, 10));
      }
    }
    line.push([last + step_ms, unknown ? null : 0]);
    if (next - last > 2 * step_ms) line.push([next - step_ms, unknown ? null : 0]);
  }
}

/** The busiest second of each bin against its quota, and below on an axis of its own what was throttled. */
export function ratesDrawing(
  points: readonly RatePoint[],
  options: RatesOptions,
): Drawing | undefined {
  if (points.length === 0) return undefined;
  const { bin, quota } = options;
  const top = points.reduce((a, b) => (b.calls_per_second_peak > a.calls_per_second_peak ? b : a));
  const throttled = points.filter((point) => point.throttled_calls > 0);
  const line = withGaps(points, bin, options.covered);
  const broken = line.filter(([, value]) => value === null).length > 0;
  const byBin = new Map(points.map((point) => [Date.parse(point.bin_from), point]));
  const ofQuota = quota === undefined ? '' : `, quota ${numberText(quota)} calls per second`;
  return {
    label: `Peak ${numberText(top.calls_per_second_peak)} calls per second at ${instantText(top.peak_at, true)}, drawn by ${bin}${ofQuota}${broken ? '; the line breaks where nothing was read' : ''}`,
    height: throttled.length > 0 ? 380 : 300,
    option: (look) => {
      const { palette } = look;
      const times = line.map(([at]) => at);
      const ends = { min: times[0], max: Math.max(times.at(-1)!, times[0]! + 1_000) };
      const two = throttled.length > 0;
      const grids = two
        ? [
            { left: 8, right: 16, top: 34, height: 190, ...inside },
            { left: 8, right: 16, top: 250, height: 60, ...inside },
          ]
        : [{ left: 8, right: 16, top: 34, height: 200, ...inside }];
      const time = (gridIndex: number) =>
        axis(look, {
          type: 'time',
          gridIndex,
          ...ends,
          splitLine: { show: false },
          axisLabel: { color: palette.muted, hideOverlap: true },
        });
      const values = (gridIndex: number, more: Record<string, unknown>) =>
        axis(look, {
          type: 'value',
          gridIndex,
          min: 0,
          minInterval: 1,
          axisLabel: { color: palette.muted, formatter: shortNumber, hideOverlap: true },
          ...more,
        });
      return {
        useUTC: look.utc,
        grid: grids,
        axisPointer: { link: [{ xAxisIndex: 'all' }] },
        legend: legend(look),
        tooltip: tooltip(look, 'axis', (parameters) => {
          const first = (parameters as { value: [number, number | null] }[])[0];
          if (!first) return '';
          const point = byBin.get(first.value[0]);
          const when = `${instantText(first.value[0], look.utc)} (${bin})`;
          if (!point)
            return `${when}\n${first.value[1] === null ? 'nothing was read: unknown' : 'no calls'}`;
          return plain(
            `${when}\npeak ${numberText(point.calls_per_second_peak)} calls/s at ${instantText(point.peak_at, look.utc)}\n${numberText(point.calls)} calls, ${numberText(point.throttled_calls)} throttled`,
          );
        }),
        xAxis: grids.map((_, i) => time(i)),
        yAxis: [
          values(0, {
            ...(options.log ? { type: 'log', min: 1 } : {}),
            ...(quota === undefined || options.log
              ? {}
              : { max: Math.ceil(Math.max(quota, top.calls_per_second_peak) * 1.08) }),
          }),
          ...(two ? [values(1, { splitNumber: 2 })] : []),
        ],
        dataZoom: [
          { type: 'inside', xAxisIndex: grids.map((_, i) => i), filterMode: 'none' },
          {
            type: 'slider',
            xAxisIndex: grids.map((_, i) => i),
            filterMode: 'none',
            height: 18,
            bottom: 6,
            borderColor: palette.line,
            brushSelect: false,
            showDetail: false,
          },
        ],
        series: [
          {
            name: 'Busiest second, calls/s',
            type: 'line',
            step: 'end',
            connectNulls: false,
            showSymbol: points.length < 60,
            symbolSize: 6,
            lineStyle: { width: 1.5 },
            areaStyle: options.log ? undefined : { opacity: 0.12 },
            data: options.log ? line.map(([at, v]) => [at, v === 0 ? null : v]) : line,
            ...(quota === undefined
              ? {}
              : {
                  markLine: levelLines(
                    look,
                    [{ name: `quota ${numberText(quota)}/s`, value: quota }],
                    'yAxis',
                  ),
                }),
          },
          ...(two
            ? [
                {
                  name: 'Throttled calls (a lower bound)',
                  type: 'line',
                  step: 'end',
                  symbol: 'none',
                  xAxisIndex: 1,
                  yAxisIndex: 1,
                  itemStyle: { color: palette.bad },
                  lineStyle: { width: 1.5, color: palette.bad },
                  areaStyle: { opacity: 0.5, color: palette.bad },
                  data: withGaps(points, bin, options.covered, 'throttled_calls'),
                },
              ]
            : []),
        ],
      };
    },
  };
}
