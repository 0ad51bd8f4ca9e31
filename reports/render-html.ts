import { createHash } from 'node:crypto';
import { figureText, headingOf } from './figure-text.ts';
import { element, escaped } from './markup.ts';
import { reportCss } from './report-css.ts';
import type { Report, ReportFigure, ReportSection, ReportTable } from './report.ts';
import { svgChart } from './svg-chart.ts';

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
    ...section.charts.map(svgChart),
    ...section.tables.map(tableHtml),
  ]
    .filter(Boolean)
    .join('\n');
}

function tableHtml(table: ReportTable): string {
  const numeric = table.columns.map(({ name }) =>
    table.rows.every((row) => row[name] === null || typeof row[name] === 'number'),
  );
  const classOf = (i: number) => {
    if (table.columns[i]!.unit === 'instant') return 'instant';
    return numeric[i] ? 'number' : undefined;
  };
  const cell = (tag: string, i: number, text: string) =>
    element(tag, { class: classOf(i) }, escaped(text));
  const head = table.columns.map((column, i) => cell('th', i, headingOf(column))).join('');
  const rows = table.rows.map((row) =>
    element(
      'tr',
      {},
      table.columns.map(({ name, unit }, i) => cell('td', i, figureText(row[name], unit))).join(''),
    ),
  );
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
