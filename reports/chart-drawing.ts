import { barsDrawing } from '../charts/bars.ts';
import { daysDrawing } from '../charts/days.ts';
import type { Drawing, Palette } from '../charts/look.ts';
import { printable } from '../core/printable.ts';
import { figureText } from './figure-text.ts';
import type { ReportChart } from './report.ts';

/** A chart of a report as the drawing that the pages make of the same rows. */
export function chartDrawing(chart: ReportChart): Drawing | undefined {
  const { shape, unit, line } = chart;
  const title = printable(chart.title);
  const text = (value: number) => {
    const figure = figureText(value, unit);
    if (unit === 'USD') return `$${figure}`;
    return unit === '%' || unit === 'percent' ? `${figure} %` : figure;
  };
  const points = chart.points.map(({ label, value }) => ({ name: printable(label), value }));
  const options = {
    measure: title,
    text,
    ...(line ? { levels: [{ name: printable(line.label), value: line.value }] } : {}),
  };
  if (shape === 'bars')
    return barsDrawing(points, { ...options, ...(line ? { warn: line.value } : {}) });
  const bars = points.map(({ name, value }) => ({ at: name, value }));
  return daysDrawing([{ name: title, bars }], options);
}

const variable = (name: string) => `var(--${name})`;

/** Colours of a page that has them as variables, so that a drawing follows light, dark and print. */
export const pagePalette: Palette = {
  text: variable('ink'),
  muted: variable('soft'),
  line: variable('edge'),
  panel: variable('paper'),
  series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => variable(`series-${i}`)),
  good: variable('good'),
  warn: variable('warn'),
  bad: variable('limit'),
  heatLow: variable('head'),
  heatHigh: variable('series-1'),
};

/** Fixed colours, for a drawing that is a file of its own. */
export const filePalette: Palette = {
  text: '#1f2933',
  muted: '#52606d',
  line: '#c4ccd4',
  panel: '#ffffff',
  series: ['#2563eb', '#c2570c', '#15803d', '#7c3aed', '#be185d', '#0e7490', '#a16207', '#4b5563'],
  good: '#15803d',
  warn: '#c2410c',
  bad: '#b91c1c',
  heatLow: '#e3efe8',
  heatHigh: '#0b6b3a',
};
