import { numberText } from '../format.ts';
import { axis, chart, plain, theme, tooltip } from './chart.ts';

export interface Line {
  name: string;
  /** Points; null leaves a hole. */
  points: readonly (readonly [number | string, number | null])[];
  dashed?: boolean;
}

export interface LinesOptions {
  label: string;
  x: { type: 'time' | 'value' | 'category' | 'log'; name?: string };
  y: string;
  /** A level to compare with. */
  level?: { name: string; value: number };
}

/** Lines over a shared axis. */
export function linesChart(lines: readonly Line[], options: LinesOptions): HTMLElement {
  const colours = theme();
  return chart({
    height: 'high',
    label: options.label,
    option: {
      useUTC: true,
      grid: { left: 64, right: 24, top: 40, bottom: 44 },
      legend: { textStyle: { color: colours.text }, top: 0, type: 'scroll' },
      tooltip: tooltip((parameters) => {
        const all = parameters as { seriesName: string; value: [number | string, number | null] }[];
        const at = all[0]?.value[0];
        const head =
          typeof at === 'number' && options.x.type === 'time'
            ? new Date(at).toISOString().slice(0, 10)
            : String(at ?? '');
        const rows = all.map(
          (one) => `${one.seriesName}: ${one.value[1] === null ? '–' : numberText(one.value[1])}`,
        );
        return plain([head, ...rows].join('\n'));
      }, 'axis'),
      xAxis: axis({
        type: options.x.type,
        name: options.x.name,
        nameLocation: 'middle',
        nameGap: 26,
        splitLine: { show: false },
      }),
      yAxis: axis({ type: 'value', name: options.y, min: 0 }),
      series: lines.map((line, i) => ({
        name: line.name,
        type: 'line',
        showSymbol: line.points.length < 40,
        lineStyle: { type: line.dashed ? 'dashed' : 'solid' },
        data: line.points.map((point) => [...point]),
        ...(i === 0 && options.level
          ? {
              markLine: {
                symbol: 'none',
                lineStyle: { color: colours.bad },
                label: { formatter: options.level.name, color: colours.text },
                data: [{ yAxis: options.level.value }],
              },
            }
          : {}),
      })),
    },
  });
}
