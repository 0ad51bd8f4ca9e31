import { axis, inside, legend, levelLines, tooltip, type Drawing, type Level } from './look.ts';
import { instantText, numberText, plain, shortName, shortNumber } from './words.ts';

export interface DayBar {
  /** Start of the day or bin, an ISO instant. */
  at: string;
  value: number;
}

export interface DaySeries {
  name: string;
  bars: readonly DayBar[];
}

export interface DaysOptions {
  /** What is drawn, such as `Cost a day`. */
  measure: string;
  text: (value: number) => string;
  levels?: readonly Level[];
  log?: boolean;
}

const day_ms = 86_400_000;

/** Columns over time, stacked by name. A day without a value has no column: unknown is not zero. */
export function daysDrawing(
  series: readonly DaySeries[],
  options: DaysOptions,
): Drawing | undefined {
  const sums = new Map<number, number>();
  for (const { bars } of series) {
    for (const bar of bars) {
      // Not every text that Date.parse takes is an instant.
      const at = /^\d{4}-\d{2}-\d{2}/.test(bar.at) ? Date.parse(bar.at) : NaN;
      if (Number.isNaN(at)) continue;
      sums.set(at, (sums.get(at) ?? 0) + bar.value);
    }
  }
  if (sums.size === 0) return undefined;
  const times = [...sums.keys()].sort((a, b) => a - b);
  const top = times.reduce((best, at) => (sums.get(at)! > sums.get(best)! ? at : best));
  const step = times.reduce(
    (least, at, i) => (i === 0 ? least : Math.min(least, at - times[i - 1]!)),
    day_ms,
  );
  const span = (times.at(-1)! - times[0]!) / step + 1;
  const whole = step >= day_ms;
  const named = (at: number, utc: boolean) => {
    const text = instantText(at, utc || whole);
    return whole ? text.slice(0, 10) : text;
  };
  const levels = options.levels ?? [];
  const highest = Math.max(sums.get(top)!, ...levels.map((level) => level.value));
  return {
    label: `${options.measure}, ${numberText(times.length)} days; most ${options.text(sums.get(top)!)} on ${named(top, true)}`,
    height: 260,
    option: (look) => ({
      useUTC: look.utc || whole,
      grid: { left: 8, right: 16, top: series.length > 1 ? 34 : 20, bottom: 8, ...inside },
      ...(series.length > 1
        ? { legend: legend(look, { formatter: (name: string) => plain(shortName(name)) }) }
        : {}),
      tooltip: tooltip(look, 'axis', (parameters) => {
        const all = parameters as { seriesName: string; value: [number, number] }[];
        const at = all[0]!.value[0];
        const lines = all
          .filter((one) => one.value[1] !== 0)
          .map((one) =>
            series.length > 1
              ? `${shortName(one.seriesName)}: ${options.text(one.value[1])}`
              : options.text(one.value[1]),
          );
        if (series.length > 1) lines.push(`in all: ${options.text(sums.get(at) ?? 0)}`);
        return plain([named(at, look.utc), ...lines].join('\n'));
      }),
      xAxis: axis(look, {
        type: 'time',
        min: times[0]! - step / 2,
        max: times.at(-1)! + step / 2,
        minInterval: step,
        splitLine: { show: false },
        axisLabel: { color: look.palette.muted, hideOverlap: true },
      }),
      yAxis: axis(look, {
        type: options.log && series.length === 1 ? 'log' : 'value',
        ...(options.log ? {} : { min: 0 }),
        ...(levels.length > 0 && !options.log ? { max: highest * 1.08 } : {}),
        axisLabel: {
          color: look.palette.muted,
          formatter: (value: number) =>
            options.text(value).startsWith('$') ? options.text(value) : shortNumber(value),
        },
      }),
      series: series.map(({ name, bars }, i) => ({
        name,
        type: 'bar',
        stack: 'all',
        barWidth: `${Math.max(10, Math.min(70, 4_000 / span))}%`,
        barMaxWidth: 28,
        barMinWidth: 1,
        // Stacked by position: every series has every day on which any of them has a value.
        data: stacked(bars, series.length > 1 ? times : undefined),
        ...(i === 0 && levels.length > 0 ? { markLine: levelLines(look, levels, 'yAxis') } : {}),
      })),
    }),
  };
}

function stacked(bars: readonly DayBar[], times: readonly number[] | undefined): number[][] {
  const values = new Map<number, number>();
  for (const bar of bars) {
    const at = Date.parse(bar.at);
    if (!Number.isNaN(at)) values.set(at, (values.get(at) ?? 0) + bar.value);
  }
  return (times ?? [...values.keys()]).map((at) => [at, values.get(at) ?? 0]);
}
