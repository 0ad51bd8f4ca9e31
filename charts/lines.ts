import { axis, inside, legend, tooltip, type Drawing } from './look.ts';
import { numberText, plain, shortNumber } from './words.ts';

export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

/** Curves over a setting, such as calls saved by how long a key is kept. */
export function curvesDrawing(
  lines: readonly Line[],
  options: { label: string; x: string; y: string },
): Drawing | undefined {
  if (lines.every((line) => line.points.length === 0)) return undefined;
  return {
    label: options.label,
    height: 300,
    option: (look) => ({
      grid: { left: 8, right: 24, top: 48, bottom: 26, ...inside },
      legend: legend(look),
      tooltip: tooltip(look, 'axis', (parameters) => {
        const all = parameters as { seriesName: string; value: [number, number] }[];
        return plain(
          [
            `${numberText(all[0]!.value[0])} ${options.x}`,
            ...all.map((one) => `${one.seriesName}: ${numberText(one.value[1])} ${options.y}`),
          ].join('\n'),
        );
      }),
      xAxis: axis(look, {
        type: 'value',
        name: options.x,
        nameLocation: 'middle',
        nameGap: 26,
        splitLine: { show: false },
        axisLabel: { color: look.palette.muted, formatter: shortNumber },
      }),
      yAxis: axis(look, {
        type: 'value',
        name: options.y,
        min: 0,
        nameTextStyle: { color: look.palette.muted, align: 'left' },
        axisLabel: { color: look.palette.muted, formatter: shortNumber },
      }),
      series: lines.map((line) => ({
        name: line.name,
        type: 'line',
        symbolSize: 6,
        data: line.points.map((point) => [...point]),
      })),
    }),
  };
}
