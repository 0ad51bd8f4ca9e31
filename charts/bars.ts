import { axis, inside, levelLines, tooltip, type Drawing, type Level } from './look.ts';
import { plain, shortName, shortNumber } from './words.ts';

export interface Bar {
  name: string;
  value: number;
  /** More lines of the tooltip. */
  detail?: string;
}

export interface BarsOptions {
  /** What a bar's length means, such as `calls`. */
  measure: string;
  text: (value: number) => string;
  levels?: readonly Level[];
  /** Bars from this value up are drawn as alarming, from `warn` up as near. */
  bad?: number;
  warn?: number;
  /** One large value does not make the others invisible. */
  log?: boolean;
}

const bar_px = 26;

/** Values by name as lying bars, in the order given. */
export function barsDrawing(bars: readonly Bar[], options: BarsOptions): Drawing | undefined {
  const largest = bars.reduce<Bar | undefined>(
    (best, bar) => (!best || bar.value > best.value ? bar : best),
    undefined,
  );
  if (!largest || largest.value <= 0) return undefined;
  // A category axis counts from below.
  const shown = [...bars].reverse();
  const positive = shown.filter((bar) => bar.value > 0).map((bar) => bar.value);
  const least = Math.min(...positive);
  const levels = options.levels ?? [];
  const end = Math.max(largest.value, ...levels.map((level) => level.value));
  return {
    label: `${options.measure}; largest ${shortName(largest.name)} with ${options.text(largest.value)}`,
    height: 56 + bar_px * shown.length + (levels.length > 0 ? 18 : 0),
    option: (look) => {
      const { palette } = look;
      const colourOf = (value: number) =>
        options.bad !== undefined && value >= options.bad
          ? palette.bad
          : options.warn !== undefined && value >= options.warn
            ? palette.warn
            : palette.series[0];
      const room = Math.min(240, Math.max(90, look.width * 0.32));
      return {
        grid: {
          left: 8,
          right: 78,
          top: levels.length > 0 ? 24 : 8,
          bottom: 8,
          ...inside,
        },
        tooltip: tooltip(look, 'item', (parameters) => {
          const bar = shown[(parameters as { dataIndex: number }).dataIndex]!;
          return plain([bar.name, options.text(bar.value), bar.detail ?? ''].join('\n').trim());
        }),
        xAxis: axis(look, {
          type: options.log ? 'log' : 'value',
          ...(options.log ? { min: 10 ** Math.floor(Math.log10(least) - 0.01) } : { min: 0 }),
          max: options.log ? undefined : end > largest.value ? end * 1.02 : undefined,
          axisLabel: {
            color: palette.muted,
            hideOverlap: true,
            // Short, except money: that needs its digits.
            formatter: (value: number) =>
              options.text(value).startsWith('$') ? options.text(value) : shortNumber(value),
          },
        }),
        yAxis: axis(look, {
          type: 'category',
          data: shown.map((bar) => bar.name),
          axisTick: { show: false },
          axisLabel: {
            color: palette.text,
            width: room,
            overflow: 'truncate',
            formatter: (name: string) => plain(shortName(name)),
          },
          splitLine: { show: false },
        }),
        series: [
          {
            type: 'bar',
            barMaxWidth: 18,
            data: shown.map((bar) => ({
              value: options.log && bar.value <= 0 ? null : bar.value,
              itemStyle: { color: colourOf(bar.value) },
            })),
            label: {
              show: true,
              position: 'right',
              color: palette.muted,
              backgroundColor: palette.panel,
              padding: [0, 2],
              formatter: ({ dataIndex }: { dataIndex: number }) =>
                options.text(shown[dataIndex]!.value),
            },
            ...(levels.length > 0 ? { markLine: levelLines(look, levels, 'xAxis') } : {}),
          },
        ],
      };
    },
  };
}
