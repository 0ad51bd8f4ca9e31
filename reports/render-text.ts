import { printable } from '../core/printable.ts';
import { figureText, headingOf, headlineText } from './figure-text.ts';
import type { Report, ReportChart, ReportTable } from './report.ts';
import { shortArns } from '../formats/short-arn.ts';
import { blocks, grid, gridWidth } from '../formats/text-table.ts';
import { wrapped } from '../formats/wrapped.ts';

/** Findings and notes are prose: lines longer than this are hard to read. */
const prose_width = 110;
/** Fewer columns than this say too little: then a block a row. */
const columns_min = 3;
/** A heading over narrow numbers is wrapped at this width. */
const heading_width_min = 10;

/** A report for a terminal of `width` columns. */
export function reportText(report: Report, width: number): string {
  const prose = Math.min(width, prose_width);
  const lines: string[] = [printable(report.title)];
  if (report.range.from) {
    lines.push(printable(`${report.range.from} to ${report.range.to} (UTC)`));
  }
  const asked = Object.entries(report.asked).map(([name, value]) => `${name} ${value}`);
  if (asked.length > 0) lines.push(wrapped(printable(`asked: ${asked.join(', ')}`), prose));
  const figures = report.headline.map((f) => headlineText(f.value, f.unit, f.label));
  lines.push(wrapped(printable(figures.join(', ')), prose), '');
  for (const section of report.sections) {
    lines.push(`== ${printable(section.title)}`);
    for (const text of section.findings) lines.push(wrapped(`- ${printable(text)}`, prose, '  '));
    for (const chart of section.charts) lines.push(...chartLines(chart, width));
    for (const table of section.tables) lines.push(...tableLines(table, width, prose));
    lines.push('');
  }
  if (report.notes.length > 0) {
    lines.push('== Read with care');
    for (const note of report.notes) lines.push(wrapped(`- ${printable(note)}`, prose, '  '));
  }
  return `${lines.join('\n')}\n`;
}

function tableLines(table: ReportTable, width: number, prose: number): string[] {
  const lines = [printable(table.title)];
  const short = shortArns(
    table.rows.flatMap((row) => Object.values(row).filter((value) => typeof value === 'string')),
  );
  const cells = table.rows.map((row) =>
    table.columns.map(({ name, unit }) => {
      const value = row[name];
      return figureText(typeof value === 'string' ? (short.get(value) ?? value) : value, unit);
    }),
  );
  const headings = table.columns.map((column, i) =>
    wrapped(headingOf(column), Math.max(heading_width_min, ...cells.map((row) => row[i]!.length))),
  );
  const fitting = fittingColumns(headings, cells, width);
  if (fitting < Math.min(columns_min, headings.length)) {
    lines.push(
      blocks(
        table.columns.map((column) => headingOf(column)),
        cells,
      ),
    );
  } else {
    lines.push(
      grid(
        headings.slice(0, fitting),
        cells.map((row) => row.slice(0, fitting)),
      ),
    );
  }
  const cut = fitting >= columns_min && fitting < headings.length;
  if (table.truncated || cut) {
    lines.push(wrapped(`more: ${printable(table.command)}`, Math.max(prose, 20), '  '));
  }
  return lines;
}

/** How many columns, from the first on, fit the width. */
function fittingColumns(
  headings: readonly string[],
  cells: readonly (readonly string[])[],
  width: number,
): number {
  let count = headings.length;
  while (count > 0 && gridWidth(headings.slice(0, count), cells) > width) count--;
  return count;
}

const eighths = ' ▁▂▃▄▅▆▇█';

/** A chart of time as one line of block characters; a chart of names is its table already. */
function chartLines(chart: ReportChart, width: number): string[] {
  if (chart.shape === 'bars' || chart.points.length > width) return [];
  const most = Math.max(...chart.points.map((point) => point.value), chart.line?.value ?? 0);
  if (most <= 0) return [];
  const line = chart.points
    .map(({ value }) => eighths[value <= 0 ? 0 : Math.max(1, Math.round((8 * value) / most))])
    .join('');
  const first = chart.points[0]!.label.slice(0, 10);
  const last = chart.points.at(-1)!.label.slice(0, 10);
  const least = Math.min(...chart.points.map((point) => point.value));
  const high = Math.max(...chart.points.map((point) => point.value));
  const span = `${figureText(least, chart.unit)} to ${figureText(high, chart.unit)}`;
  return [printable(`${chart.title}: ${span}, ${first} to ${last}`), line];
}
