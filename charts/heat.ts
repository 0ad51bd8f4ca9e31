import { axis, inside, tooltip, type Drawing, type Look } from './look.ts';
import { numberText, plain, shortName, shortNumber } from './words.ts';

export interface HeatCell {
  x: string;
  y: string;
  value: number;
  /** Lines of the tooltip. */
  text: string;
}

export interface HeatOptions {
  label: string;
  /** What a value counts, such as `calls`. */
  unit: string;
  /** `count`: colours by order of magnitude, labels as counted. `percent`: alarming at the top. `good`: full is good. */
  scale: 'count' | 'percent' | 'good';
  /** Where the scale ends; the largest value when left out. */
  max?: number;
  /** Places on the x axis when cells do not name every one. */
  xs?: readonly string[];
}

const row_px = 24;

/** Values of two names each. The printed number is the value itself, whatever the colour's scale. */
export function heatDrawing(cells: readonly HeatCell[], options: HeatOptions): Drawing | undefined {
  if (cells.length === 0) return undefined;
  const xs = [...new Set(options.xs ?? cells.map((cell) => cell.x))];
  const ys = [...new Set(cells.map((cell) => cell.y))].reverse();
  const largest = cells.reduce((most, cell) => Math.max(most, cell.value), 0);
  const max = options.max ?? Math.max(1, largest);
  const onScale = (value: number) =>
    options.scale === 'count' ? Math.log10(Math.max(1, value)) : value;
  const end = Math.max(onScale(max), options.scale === 'count' ? 1 : 0);
  return {
    label: options.label,
    height: Math.min(900, Math.max(190, 130 + ys.length * row_px)),
    option: (look) => ({
      grid: { left: 8, right: 16, top: 8, bottom: 44, ...inside },
      tooltip: tooltip(look, 'item', (parameters) =>
        plain(cells[(parameters as { dataIndex: number }).dataIndex]!.text),
      ),
      xAxis: names(look, xs, {
        interval: xs.length > 16 ? 'auto' : 0,
        rotate: xs.length > 4 && xs.length <= 16 ? 30 : 0,
        width: look.width < 600 ? 60 : 110,
      }),
      yAxis: names(look, ys, { width: look.width < 600 ? 110 : 220 }),
      visualMap: {
        type: 'continuous',
        min: 0,
        max: end,
        dimension: 2,
        calculable: false,
        orient: 'horizontal',
        left: 'center',
        bottom: 0,
        itemHeight: 140,
        itemWidth: 10,
        text: [
          `${numberText(max)} ${options.unit}`,
          options.scale === 'count' ? `1 ${options.unit.replace(/s$/, '')}` : '0',
        ],
        textStyle: { color: look.palette.muted },
        inRange: { color: colours(look, options.scale) },
      },
      series: [
        {
          type: 'heatmap',
          data: cells.map((cell) => ({
            value: [cell.x, cell.y, onScale(cell.value)],
            name: cell.x,
          })),
          label: {
            show: xs.length <= 14 && look.width >= 600,
            color: look.palette.text,
            fontSize: 11,
            formatter: ({ dataIndex }: { dataIndex: number }) => {
              const { value } = cells[dataIndex]!;
              return value >= 10_000 ? shortNumber(value) : numberText(Math.round(value));
            },
          },
          itemStyle: { borderColor: look.palette.panel, borderWidth: 2 },
        },
      ],
    }),
  };
}

function colours({ palette }: Look, scale: HeatOptions['scale']): string[] {
  if (scale === 'good') return [palette.heatLow, palette.good];
  if (scale === 'percent') return [palette.heatLow, palette.warn, palette.bad];
  return [palette.heatLow, palette.heatHigh];
}

function names(look: Look, data: readonly string[], label: Record<string, unknown>) {
  return axis(look, {
    type: 'category',
    data,
    axisTick: { show: false },
    axisLabel: {
      color: look.palette.text,
      overflow: 'truncate',
      formatter: (name: string) => plain(shortName(name)),
      ...label,
    },
    splitLine: { show: false },
  });
}
