import { figureText } from './figure-text.ts';
import { element, escaped } from './markup.ts';
import type { ReportChart } from './report.ts';

const width = 760;
const plot = { left: 56, right: 12, top: 14, bottom: 24 };
const columns_height = 180;
const bar_height = 22;
const bar_label = 300;
/** Longer names are cut in the drawing; the table beside it has them whole. */
const label_characters_max = 44;

/** A chart as inline SVG: no script, no style of its own, a title on every mark. */
export function svgChart(chart: ReportChart): string {
  return chart.shape === 'columns' ? columnsChart(chart) : barsChart(chart);
}

function columnsChart(chart: ReportChart): string {
  const { points, unit } = chart;
  const most = Math.max(...points.map((point) => point.value), chart.line?.value ?? 0) || 1;
  const inner = width - plot.left - plot.right;
  const high = columns_height - plot.top - plot.bottom;
  const step = inner / points.length;
  const y = (value: number) => plot.top + high - (high * Math.max(0, value)) / most;
  const ticks = [0, most / 2, most].map((value) => {
    const at = round(y(value));
    return (
      element('line', { class: 'grid', x1: plot.left, x2: width - plot.right, y1: at, y2: at }) +
      text(plot.left - 6, at + 4, 'end', figureText(roundFigure(value), unit))
    );
  });
  const columns = points.map((point, i) =>
    element(
      'rect',
      {
        class: 'mark',
        x: round(plot.left + i * step + step * 0.1),
        y: round(y(point.value)),
        width: round(Math.max(0.5, step * 0.8)),
        height: round(plot.top + high - y(point.value)),
      },
      element('title', {}, escaped(`${point.label}: ${figureText(point.value, unit)}`)),
    ),
  );
  const base = columns_height - 6;
  const ends = [
    text(plot.left, base, 'start', points[0]!.label.slice(0, 10)),
    text(width - plot.right, base, 'end', points.at(-1)!.label.slice(0, 10)),
  ];
  return svg(chart, columns_height, [...ticks, ...columns, ...lineAcross(chart, y), ...ends]);
}

function lineAcross(chart: ReportChart, y: (value: number) => number): string[] {
  if (!chart.line) return [];
  const at = round(y(chart.line.value));
  return [
    element('line', { class: 'limit', x1: plot.left, x2: width - plot.right, y1: at, y2: at }),
    text(width - plot.right, at - 4, 'end', chart.line.label),
  ];
}

function barsChart(chart: ReportChart): string {
  const { points, unit } = chart;
  const most = Math.max(...points.map((point) => point.value), chart.line?.value ?? 0) || 1;
  const inner = width - bar_label - 70;
  const height = points.length * bar_height + 8;
  const marks = points.flatMap((point, i) => {
    const top = i * bar_height + 4;
    const label = `${point.label}: ${figureText(point.value, unit)}`;
    return [
      text(bar_label - 8, top + 14, 'end', cut(point.label)),
      element(
        'rect',
        {
          class: 'mark',
          x: bar_label,
          y: top + 2,
          width: round((inner * Math.max(0, point.value)) / most),
          height: bar_height - 6,
        },
        element('title', {}, escaped(label)),
      ),
      text(
        round(bar_label + (inner * Math.max(0, point.value)) / most) + 6,
        top + 14,
        'start',
        figureText(point.value, unit),
      ),
    ];
  });
  if (chart.line) {
    const x = round(bar_label + (inner * chart.line.value) / most);
    marks.push(element('line', { class: 'limit', x1: x, x2: x, y1: 0, y2: height }));
  }
  return svg(chart, height, marks);
}

function svg(chart: ReportChart, height: number, parts: readonly string[]): string {
  const drawing = element(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': chart.title },
    parts.join(''),
  );
  return element('figure', {}, element('figcaption', {}, escaped(chart.title)) + drawing);
}

function text(x: number, y: number, anchor: string, words: string): string {
  return element('text', { x, y, 'text-anchor': anchor }, escaped(words));
}

const cut = (label: string) =>
  label.length > label_characters_max ? `…${label.slice(1 - label_characters_max)}` : label;
const round = (value: number) => Math.round(value * 10) / 10;
/** Half of the most is a tick, not a figure: three digits are enough. */
const roundFigure = (value: number) => Number(value.toPrecision(3));
