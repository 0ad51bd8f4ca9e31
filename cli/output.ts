import type { Analysis, AnalysisResult } from '../analytics/analysis.ts';
import { printable } from '../core/printable.ts';
import { wrapped } from '../formats/wrapped.ts';
import { resultTable, type TableColumn, type TableOptions } from './result-table.ts';

export const formats = ['table', 'json', 'ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof formats)[number];

/** Characters of a line when the output is no terminal and COLUMNS does not say. */
const width_default = 80;
/** Notes are prose: longer lines are hard to read. */
const prose_width = 110;

/** Characters of a line of the output. */
export function outputWidth(environment: NodeJS.ProcessEnv = process.env): number {
  return process.stdout.columns ?? (Number(environment['COLUMNS']) || width_default);
}

/** Rows as text in a format. JSON carries notes and the truncation mark; NDJSON and CSV only rows. */
export async function rendered(
  result: AnalysisResult<Record<string, unknown>>,
  format: Exclude<Format, 'parquet'>,
  columns: readonly TableColumn[],
  options: TableOptions,
): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(result)}\n`;
    case 'ndjson':
      return result.rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    case 'csv': {
      // Loaded only when needed.
      const { csvOf } = await import('../formats/csv.ts');
      const names = options.columns ?? columns.map((column) => column.name);
      return csvOf(names, result.rows);
    }
    case 'table':
      return tableText(result, columns, options);
  }
}

function tableText(
  result: AnalysisResult<Record<string, unknown>>,
  columns: readonly TableColumn[],
  options: TableOptions,
): string {
  const prose = Math.min(options.width, prose_width);
  const notes = result.notes
    .map((note) => `${wrapped(`note: ${printable(note)}`, prose, '  ')}\n`)
    .join('');
  if (result.rows.length === 0) return `no rows\n${notes}`;
  const text = resultTable(columns, result.rows, options);
  const cut = result.truncated ? 'more rows were cut off; raise --limit\n' : '';
  return `${text}\n${cut}${notes}`;
}

/** The columns of an analysis, in the order of its Row. */
export function columnsOf(analysis: Analysis): TableColumn[] {
  return Object.entries(analysis.row.shape).map(([name, schema]) => {
    const meta = (schema as { meta(): Record<string, unknown> | undefined }).meta() ?? {};
    const text = (key: string) => (typeof meta[key] === 'string' ? meta[key] : null);
    return { name, unit: text('unit'), title: text('title'), headline: meta['headline'] === true };
  });
}
