import Table from 'cli-table3';
import type { Analysis, AnalysisResult } from '../analytics/analysis.ts';
import { printable } from './printable.ts';

export const formats = ['table', 'json', 'ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** Width of a table when the output is no terminal. */
const columns_default = 160;

/** Rows as text in a format. JSON carries notes and the truncation mark; NDJSON and CSV only rows. */
export async function rendered(
  result: AnalysisResult<Record<string, unknown>>,
  format: Exclude<Format, 'parquet'>,
  columns: readonly string[],
): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(result)}\n`;
    case 'ndjson':
      return result.rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    case 'csv': {
      // Loaded only when needed.
      const { csvOf } = await import('../api/csv.ts');
      return csvOf(columns, result.rows);
    }
    case 'table':
      return tableText(result, columns);
  }
}

function tableText(
  result: AnalysisResult<Record<string, unknown>>,
  columns: readonly string[],
): string {
  const notes = result.notes.map((note) => `note: ${printable(note)}\n`).join('');
  if (result.rows.length === 0) return `no rows\n${notes}`;
  const width = process.stdout.columns ?? columns_default;
  const cells = result.rows.map((row) => columns.map((column) => cellText(row[column])));
  const text =
    naturalWidth(columns, cells) <= width ? grid(columns, cells) : blocks(columns, cells);
  const cut = result.truncated ? 'more rows were cut off; raise --limit\n' : '';
  return `${text}\n${cut}${notes}`;
}

function naturalWidth(columns: readonly string[], cells: readonly string[][]): number {
  return columns
    .map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)) + 3)
    .reduce((sum, width) => sum + width, 1);
}

function grid(columns: readonly string[], cells: readonly string[][]): string {
  const numeric = columns.map((_, i) => cells.every((row) => /^-?[\d,.]*$/.test(row[i]!)));
  const table = new Table({
    head: [...columns],
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...cells);
  return table.toString();
}

/** A table too wide for the terminal reads better as one block a row. */
function blocks(columns: readonly string[], cells: readonly string[][]): string {
  const label = Math.max(...columns.map((name) => name.length));
  return cells
    .map((row, n) => {
      const lines = row.flatMap((cell, i) => {
        return cell === '' ? [] : [`  ${columns[i]!.padEnd(label)}  ${cell}`];
      });
      return `[${n + 1}]\n${lines.join('\n')}`;
    })
    .join('\n');
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? value.toLocaleString('en-US')
      : value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
  }
  if (typeof value === 'string') return printable(value);
  return printable(JSON.stringify(value));
}

/** The columns of an analysis, in the order of its Row. */
export function columnsOf(analysis: Analysis): string[] {
  return Object.keys(analysis.row.shape);
}
