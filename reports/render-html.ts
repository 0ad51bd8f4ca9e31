import { createHash } from 'node:crypto';
import { chartDrawing, pagePalette } from './chart-drawing.ts';
import { chartSvg } from './chart-svg.ts';
import { figureText, headingOf } from './figure-text.ts';
import { element, escaped } from './markup.ts';
import { reportCss } from './report-css.ts';
import type { Report, ReportChart, ReportFigure, ReportSection, ReportTable } from './report.ts';

/** Nothing but this file's own style may load or run, whatever a log field contains. */
const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(reportCss).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A report as one HTML file: no script, nothing from elsewhere, all log text escaped. */
export function reportHtml(report: Report): string {
  const range = report.range.from
    ? `${report.range.from} to ${report.range.to} (UTC)`
    : 'no events';
  const asked = Object.entries(report.asked).map(([name, value]) => `${name} ${value}`);
  const body = [
    element('h1', {}, escaped(report.title)),
    paragraph('soft', asked.length > 0 ? `${range}; asked: ${asked.join(', ')}` : range),
    report.headline.length > 0 ? element('dl', {}, report.headline.map(figureTile).join('')) : '',
    ...report.sections.map(sectionHtml),
    report.notes.length > 0 ? element('h2', {}, 'Read with care') + list(report.notes) : '',
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${escaped(policy)}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">${element('title', {}, escaped(`${report.title}, ${range}`))}<style>${reportCss}</style></head>
<body>${element('main', {}, `\n${body.filter(Boolean).join('\n')}\n`)}</body></html>
`;
}

function figureTile(figure: ReportFigure): string {
  const text = figureText(figure.value, figure.unit);
  const percent = figure.unit === '%' || figure.unit === 'percent';
  const value = figure.unit === 'USD' && figure.value !== null ? `$${text}` : text;
  return element(
    'div',
    {},
    element('dt', {}, escaped(figure.label)) +
      element('dd', {}, escaped(percent ? `${value} %` : value)),
  );
}

function sectionHtml(section: ReportSection): string {
  return [
    element('h2', {}, escaped(section.title)),
    paragraph('soft', section.question),
    section.findings.length > 0 ? list(section.findings) : '',
    ...section.charts.map(chartHtml),
    ...section.tables.map(tableHtml),
  ]
    .filter(Boolean)
    .join('\n');
}

/** Width of a drawing: that of the text on A4 paper. */
const chart_width = 760;

function chartHtml(chart: ReportChart): string {
  const drawing = chartDrawing(chart);
  if (!drawing) return '';
  const caption = element('figcaption', {}, escaped(chart.title));
  return element('figure', {}, caption + chartSvg(drawing, pagePalette, chart_width));
}

/** More columns than fit a page's width go into a line under their row. */
const cells_max = 7;

function tableHtml(table: ReportTable): string {
  const numeric = table.columns.map(({ name }) =>
    table.rows.every((row) => row[name] === null || typeof row[name] === 'number'),
  );
  const classOf = (i: number) => {
    if (table.columns[i]!.unit === 'instant') return 'instant';
    if (numeric[i]) return 'number';
    const { name } = table.columns[i]!;
    return table.rows.some((row) => String(row[name] ?? '').length > 24) ? 'long' : undefined;
  };
  const cell = (tag: string, i: number, text: string) =>
    element(tag, { class: classOf(i) }, escaped(text));
  const wide = table.columns.length > cells_max + 1;
  const inCells = wide ? table.columns.slice(0, cells_max) : table.columns;
  const under = table.columns.slice(inCells.length);
  const head = inCells.map((column, i) => cell('th', i, headingOf(column))).join('');
  const rows = table.rows.map((row) => {
    const cells = inCells.map(({ name, unit }, i) => cell('td', i, figureText(row[name], unit)));
    const known = under.filter(({ name }) => row[name] !== null && row[name] !== '');
    const more = known.map(
      (column) =>
        element('span', {}, escaped(headingOf(column))) +
        escaped(' ') +
        element(
          'b',
          { 'data-column': table.columns.indexOf(column) },
          escaped(figureText(row[column.name], column.unit)),
        ),
    );
    const line = element('td', { colspan: inCells.length }, more.join(' · '));
    return (
      element('tr', { class: more.length > 0 ? 'led' : undefined }, cells.join('')) +
      (more.length > 0 ? element('tr', { class: 'under' }, line) : '')
    );
  });
  const more = table.truncated ? 'These are the first rows. All: ' : 'The same rows: ';
  return [
    element('h3', {}, escaped(table.title)),
    element(
      'div',
      { class: 'wide' },
      element(
        'table',
        {},
        element('thead', {}, element('tr', {}, head)) + element('tbody', {}, rows.join('\n')),
      ),
    ),
    element('p', { class: 'soft' }, more + element('code', {}, escaped(table.command))),
  ].join('\n');
}

const paragraph = (name: string, text: string) => element('p', { class: name }, escaped(text));
const list = (items: readonly string[]) =>
  element('ul', {}, items.map((item) => element('li', {}, escaped(item))).join(''));
