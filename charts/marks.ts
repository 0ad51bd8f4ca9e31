import { axis, inside, legend, tooltip, type Drawing, type Palette } from './look.ts';
import { instantText, numberText, plain, shortName } from './words.ts';

export interface Mark {
  /** An ISO instant. */
  at: string;
  /** The line that it stands on: an operation, a rule. */
  line: string;
  /** Its kind, which decides the colour: an outcome, a severity. */
  kind: string;
  /** How many it stands for: larger marks are more. */
  count: number;
  /** More lines of the tooltip. */
  detail: readonly string[];
}

const colourOf: Readonly<Record<string, (palette: Palette) => string>> = {
  success: (palette) => palette.good,
  denied: (palette) => palette.bad,
  throttled: (palette) => palette.warn,
  critical: (palette) => palette.bad,
  high: (palette) => palette.warn,
  medium: (palette) => palette.series[0]!,
  low: (palette) => palette.series[7]!,
};

/** What happened when: one line a name, coloured by kind, larger for more. */
export function marksDrawing(
  marks: readonly Mark[],
  noun: string,
  kinds: readonly string[] = [...new Set(marks.map((mark) => mark.kind))],
): Drawing | undefined {
  if (marks.length === 0) return undefined;
  const lines = [...new Set(marks.map((mark) => mark.line))].reverse();
  const first = marks.reduce((a, b) => (b.at < a.at ? b : a));
  const total = marks.reduce((sum, mark) => sum + mark.count, 0);
  const shown = kinds.filter((kind) => marks.some((mark) => mark.kind === kind));
  return {
    label: `${numberText(total)} ${noun} of ${lines.length} kinds, the first at ${instantText(first.at, true)}`,
    height: Math.min(640, 84 + lines.length * 26),
    option: (look) => ({
      useUTC: look.utc,
      grid: { left: 8, right: 24, top: 34, bottom: 8, ...inside },
      legend: legend(look, { data: shown }),
      tooltip: tooltip(look, 'item', (parameters) => {
        const { mark } = (parameters as { data: { mark: Mark } }).data;
        return plain(
          [
            `${instantText(mark.at, look.utc)} ${mark.line}`,
            `${mark.kind}, ${numberText(mark.count)} ${noun}`,
            ...mark.detail.filter((line) => line !== ''),
          ].join('\n'),
        );
      }),
      xAxis: axis(look, {
        type: 'time',
        boundaryGap: ['3%', '3%'],
        splitLine: { show: false },
        axisLabel: { color: look.palette.muted, hideOverlap: true },
      }),
      yAxis: axis(look, {
        type: 'category',
        data: lines,
        axisTick: { show: false },
        axisLabel: {
          color: look.palette.text,
          width: look.width < 600 ? 100 : 220,
          overflow: 'truncate',
          formatter: (name: string) => plain(shortName(name)),
        },
      }),
      series: shown.map((kind) => ({
        name: kind,
        type: 'scatter',
        itemStyle: {
          color: colourOf[kind]?.(look.palette) ?? look.palette.series[7],
          opacity: 0.8,
        },
        symbolSize: (_: unknown, { data }: { data: { mark: Mark } }) =>
          Math.min(24, 8 + 2 * Math.log2(Math.max(1, data.mark.count))),
        data: marks
          .filter((mark) => mark.kind === kind)
          .map((mark) => ({ value: [Date.parse(mark.at), mark.line], mark })),
      })),
    }),
  };
}
