import type { Analysis, AnalysisResult } from '../analytics/analysis.ts';
import { printable } from '../core/printable.ts';
import { textTable } from '../formats/text-table.ts';

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
      const { csvOf } = await import('../formats/csv.ts');
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
  const text = textTable(columns, result.rows, process.stdout.columns ?? columns_default);
  const cut = result.truncated ? 'more rows were cut off; raise --limit\n' : '';
  return `${text}\n${cut}${notes}`;
}

/** The columns of an analysis, in the order of its Row. */
export function columnsOf(analysis: Analysis): string[] {
  return Object.keys(analysis.row.shape);
}
