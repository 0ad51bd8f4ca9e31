import { printable } from '../core/printable.ts';
import { figureText, headingOf, headlineText } from './figure-text.ts';
import type { Report, ReportChart, ReportTable } from './report.ts';

/** A report as Markdown (GitHub's tables); log text stands in code spans, where nothing is markup. */
export function reportMarkdown(report: Report): string {
  const lines: string[] = [`# ${plain(report.title)}`, ''];
  if (report.range.from) lines.push(plain(`${report.range.from} to ${report.range.to} (UTC)`), '');
  const asked = Object.entries(report.asked).map(([name, value]) => `${name} ${codeSpan(value)}`);
  if (asked.length > 0) lines.push(`Asked: ${asked.join(', ')}`, '');
  for (const figure of report.headline) {
    lines.push(`- ${plain(headlineText(figure.value, figure.unit, figure.label))}`);
  }
  if (report.headline.length > 0) lines.push('');
  for (const section of report.sections) {
    lines.push(`## ${plain(section.title)}`, '', `_${plain(section.question)}_`, '');
    for (const finding of section.findings) lines.push(`- ${plain(finding)}`);
    if (section.findings.length > 0) lines.push('');
    for (const chart of section.charts) lines.push(...chartTable(chart));
    for (const table of section.tables) lines.push(...tableLines(table));
  }
  if (report.notes.length > 0) {
    lines.push('## Read with care', '', ...report.notes.map((note) => `- ${plain(note)}`), '');
  }
  return lines.join('\n');
}

function tableLines(table: ReportTable): string[] {
  const numeric = table.columns.map(({ name }) =>
    table.rows.every((row) => row[name] === null || typeof row[name] === 'number'),
  );
  const rows = table.rows.map((row) =>
    table.columns.map(({ name, unit }) => {
      const text = figureText(row[name], unit);
      return typeof row[name] === 'string' && row[name] !== '' ? codeSpan(text) : plain(text);
    }),
  );
  return [
    `### ${plain(table.title)}`,
    '',
    line(table.columns.map((column) => plain(headingOf(column)))),
    line(numeric.map((isNumber) => (isNumber ? '---:' : '---'))),
    ...rows.map(line),
    '',
    `${table.truncated ? 'First rows; all' : 'The same'}: ${codeSpan(table.command)}`,
    '',
  ];
}

/** A drawing's points, for readers of text. Bars repeat a table and are left out. */
function chartTable(chart: ReportChart): string[] {
  if (chart.shape === 'bars') return [];
  return [
    `### ${plain(chart.title)}`,
    '',
    line([plain(chart.label_column.replaceAll('_', ' ')), plain(chart.unit ?? 'value')]),
    line(['---', '---:']),
    ...chart.points.map(({ label, value }) =>
      line([codeSpan(label), plain(figureText(value, chart.unit))]),
    ),
    '',
  ];
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** Text in which no character is Markdown or HTML. */
function plain(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]<>#|~!&$@]/g, (character) => `\\${character}`)
    .replace(/(https?|ftp)(?=:\/\/)/gi, '$1\\')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}\\.`);
}

/** A code span that no run of backticks in the text can end, safe inside a table. */
function codeSpan(text: string): string {
  const shown = printable(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = /^`|`$|^ .* $/s.test(shown) ? ' ' : '';
  return shown.trim() === '' ? `\`${shown || ' '}\`` : `${fence}${space}${shown}${space}${fence}`;
}
