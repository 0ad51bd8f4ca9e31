import { numberText, shortName } from '../format.ts';
import { axis, chart, plain, theme, tooltip } from './chart.ts';

export interface HeatCell {
  x: string;
  y: string;
  value: number;
  /** Sentences of the tooltip. */
  text: string;
}

/** A heat map of cells; `max` is where the scale ends (the data's largest when left out). */
export function heatmap(
  cells: readonly HeatCell[],
  options: {
    label: string;
    unit: string;
    max?: number;
    /** The x axis when cells do not name every place on it. */
    xs?: readonly string[];
    /** High is good: from pale to green; little is no alarm, as a quiet trail delivers little. */
    good?: boolean;
    onclick?: (cell: HeatCell) => void;
  },
): HTMLElement | undefined {
  if (cells.length === 0) return undefined;
  const xs = [...(options.xs ?? new Set(cells.map((cell) => cell.x)))];
  const ys = [...new Set(cells.map((cell) => cell.y))].reverse();
  const colours = theme();
  const largest = cells.reduce((most, cell) => Math.max(most, cell.value), 0);
  const max = options.max ?? Math.max(1, largest);
  return chart({
    height: Math.min(900, Math.max(180, 110 + ys.length * 22)),
    label: options.label,
    option: {
      grid: { left: 8, right: 16, top: 8, bottom: 44, containLabel: true },
      tooltip: tooltip((parameters) => {
        const { dataIndex } = parameters as { dataIndex: number };
        return plain(cells[dataIndex]!.text);
      }),
      xAxis: axis({
        type: 'category',
        data: xs,
        axisLabel: {
          color: colours.muted,
          interval: xs.length > 16 ? 'auto' : 0,
          rotate: xs.length > 6 && xs.length <= 16 ? 25 : 0,
          width: 150,
          overflow: 'truncate',
          formatter: (name: string) => plain(shortName(name)),
        },
        splitLine: { show: false },
      }),
      yAxis: axis({
        type: 'category',
        data: ys,
        axisLabel: {
          color: colours.text,
          width: 220,
          overflow: 'truncate',
          formatter: (name: string) => plain(shortName(name)),
        },
        splitLine: { show: false },
      }),
      visualMap: {
        type: 'continuous',
        min: 0,
        max,
        orient: 'horizontal',
        left: 'center',
        bottom: 0,
        itemHeight: 160,
        itemWidth: 10,
        text: [`${numberText(max)} ${options.unit}`, '0'],
        textStyle: { color: colours.muted },
        inRange: {
          color: options.good
            ? [colours.low, colours.good]
            : [colours.low, colours.warn, colours.bad],
        },
      },
      series: [
        {
          type: 'heatmap',
          data: cells.map((cell) => ({ value: [cell.x, cell.y, cell.value], name: cell.x })),
          label: {
            show: xs.length <= 14,
            formatter: ({ dataIndex }: { dataIndex: number }) =>
              numberText(Math.round(cells[dataIndex]!.value)),
          },
          itemStyle: { borderColor: colours.panel, borderWidth: 2 },
        },
      ],
    },
    ...(options.onclick
      ? {
          onclick: (target) => {
            const [x, y] = target.value as [string, string];
            const cell = cells.find((one) => one.x === x && one.y === y);
            if (cell) options.onclick?.(cell);
          },
        }
      : {}),
  });
}
