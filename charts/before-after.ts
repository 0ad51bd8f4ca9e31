import { axis, inside, legend, levelLines, tooltip, type Drawing, type Level } from './look.ts';
import { plain, shortName, shortNumber } from './words.ts';

export interface BeforeAfter {
  name: string;
  /** Null: not covered, so unknown. */
  before: number | null;
  after: number | null;
}

/** Two bars a name on one scale, with the limit that both are held against; above it they are alarming. */
export function beforeAfterDrawing(
  pairs: readonly BeforeAfter[],
  options: { measure: string; text: (value: number) => string; levels?: readonly Level[] },
): Drawing | undefined {
  if (!pairs.some((pair) => pair.before !== null || pair.after !== null)) return undefined;
  const shown = [...pairs].reverse();
  const levels = options.levels ?? [];
  const limit = levels[0]?.value;
  const most = pairs.reduce((top, pair) => Math.max(top, pair.before ?? 0, pair.after ?? 0), 0);
  const said = (value: number | null) => (value === null ? 'unknown' : options.text(value));
  return {
    label: `${options.measure}: ${pairs.map((pair) => `${shortName(pair.name)} ${said(pair.before)} before, ${said(pair.after)} after`).join('; ')}${limit === undefined ? '' : `; ${levels[0]!.name}`}`,
    height: 84 + 44 * shown.length,
    option: (look) => {
      const { palette } = look;
      const series = (name: 'before' | 'after', colour: string | undefined) => ({
        name,
        type: 'bar',
        barMaxWidth: 16,
        itemStyle: { color: colour },
        label: {
          show: true,
          position: 'right',
          color: palette.text,
          formatter: ({ dataIndex }: { dataIndex: number }) => said(shown[dataIndex]![name]),
        },
        data: shown.map((pair) => ({
          value: pair[name],
          itemStyle: {
            color: limit !== undefined && (pair[name] ?? 0) > limit ? palette.bad : colour,
          },
        })),
      });
      const after = series('after', palette.series[2]);
      return {
        grid: { left: 8, right: 90, top: 50, bottom: 8, ...inside },
        legend: legend(look, { data: ['before', 'after'] }),
        tooltip: tooltip(look, 'axis', (parameters) => {
          const pair = shown[(parameters as { dataIndex: number }[])[0]!.dataIndex]!;
          return plain(`${pair.name}\nbefore ${said(pair.before)}\nafter ${said(pair.after)}`);
        }),
        xAxis: axis(look, {
          type: 'value',
          min: 0,
          ...(limit === undefined ? {} : { max: Math.max(limit, most) * 1.05 }),
          axisLabel: { color: palette.muted, formatter: shortNumber, hideOverlap: true },
        }),
        yAxis: axis(look, {
          type: 'category',
          data: shown.map((pair) => plain(shortName(pair.name))),
          axisTick: { show: false },
          axisLabel: {
            color: palette.text,
            width: look.width < 600 ? 100 : 220,
            overflow: 'truncate',
          },
          splitLine: { show: false },
        }),
        series: [
          levels.length > 0 ? { ...after, markLine: levelLines(look, levels, 'xAxis') } : after,
          series('before', palette.series[7]),
        ],
      };
    },
  };
}
