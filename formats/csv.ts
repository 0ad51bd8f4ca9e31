import { stringify } from 'csv-stringify/sync';

/**
 * Characters that make a spreadsheet take a cell for a formula, also behind white space (NBSP and BOM
 * included) and in their full-width forms. Tab and carriage return are dangerous by themselves.
 */
const formulaStart = /^(?:[\t\r]|[\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])/u;

/** Text that a spreadsheet shows as it is: each line that could start a formula gets a `'`. */
export function formulaSafe(text: string): string {
  return text
    .split(/(\r\n|\r|\n)/)
    .map((line, i) => (i % 2 === 0 && formulaStart.test(line) ? `'${line}` : line))
    .join('');
}

/** Rows as CSV (RFC 4180, CRLF, header first). Text is made safe; numbers stay numbers. */
export function csvOf(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string {
  return stringify(
    rows.map((row) => columns.map((column) => cell(row[column]))),
    { header: true, columns: [...columns], record_delimiter: '\r\n', cast: { boolean: String } },
  );
}

function cell(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return formulaSafe(value);
  return formulaSafe(JSON.stringify(value));
}
