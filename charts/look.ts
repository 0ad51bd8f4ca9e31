/** Colours that a drawing needs; pages take them from their theme, reports from their style sheet. */
export interface Palette {
  text: string;
  muted: string;
  line: string;
  panel: string;
  series: readonly string[];
  good: string;
  warn: string;
  bad: string;
  /** The pale and the full end of a scale of counts. */
  heatLow: string;
  heatHigh: string;
}

/** Where and for whom a drawing is made. */
export interface Look {
  palette: Palette;
  utc: boolean;
  /** Width in pixels that is there for the drawing. */
  width: number;
}

/** A picture of numbers: one definition for the pages (canvas) and the reports (SVG). */
export interface Drawing {
  /** What the picture says, in words, for those who cannot see it. */
  label: string;
  height: number;
  /** The option that ECharts draws. */
  option: (look: Look) => Record<string, unknown>;
}

/** Tooltips are drawn on the canvas: as HTML they would parse what attackers wrote. */
export function tooltip(
  look: Look,
  trigger: 'item' | 'axis',
  formatter: (parameters: unknown) => string,
) {
  return {
    trigger,
    renderMode: 'richText',
    confine: true,
    backgroundColor: look.palette.panel,
    borderColor: look.palette.line,
    textStyle: { color: look.palette.text, fontSize: 12 },
    formatter,
  };
}

export function axis(look: Look, more: Record<string, unknown> = {}) {
  const { palette } = look;
  return {
    axisLabel: { color: palette.muted },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { lineStyle: { color: palette.line } },
    splitLine: { lineStyle: { color: palette.line, opacity: 0.6 } },
    nameTextStyle: { color: palette.muted },
    ...more,
  };
}

/** Axis labels stay inside the space that a grid is given. */
export const inside = { outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' } as const;

/** A legend that says what is drawn; it scrolls where the names do not fit. */
export function legend(look: Look, more: Record<string, unknown> = {}) {
  return {
    type: 'scroll',
    top: 0,
    left: 0,
    itemHeight: 10,
    itemWidth: 16,
    textStyle: { color: look.palette.text },
    pageTextStyle: { color: look.palette.muted },
    pageIconColor: look.palette.text,
    pageIconInactiveColor: look.palette.line,
    ...more,
  };
}

export interface Level {
  name: string;
  value: number;
}

/** Lines across at values to compare with, such as a quota; their names stand inside the plot. */
export function levelLines(
  look: Look,
  levels: readonly Level[],
  along: 'xAxis' | 'yAxis',
): Record<string, unknown> {
  const { palette } = look;
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: palette.bad, type: 'dashed', width: 1.5 },
    data: levels.map(({ name, value }) => ({
      [along]: value,
      label: {
        formatter: name,
        color: palette.bad,
        position: along === 'yAxis' ? 'insideEndTop' : 'end',
        distance: along === 'yAxis' ? 4 : 2,
      },
    })),
  };
}
