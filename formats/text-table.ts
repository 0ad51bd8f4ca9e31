import Table from 'cli-table3';
import { printable } from '../core/printable.ts';

/** Rows as a text table of at most `width` columns; a wider one becomes a block a row. */
export function textTable(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, unknown>>[],
  width: number,
): string {
  const cells = rows.map((row) => columns.map((column) => cellText(row[column])));
  return gridWidth(columns, cells) <= width ? grid(columns, cells) : blocks(columns, cells);
}

/** Columns that a grid of these headings and cells takes, borders included. */
export function gridWidth(
  headings: readonly string[],
  cells: readonly (readonly string[])[],
): number {
  return headings
    .map((heading, i) => {
      const lines = heading.split('\n').map((line) => line.length);
      return Math.max(...lines, ...cells.map((row) => row[i]!.length)) + 3;
    })
    .reduce((sum, width) => sum + width, 1);
}

/** Cells under their headings, numbers to the right. */
export function grid(headings: readonly string[], cells: readonly (readonly string[])[]): string {
  const numeric = headings.map((_, i) => cells.every((row) => /^(-?[\d,.]+|–)?$/.test(row[i]!)));
  const table = new Table({
    head: [...headings],
    colAligns: numeric.map((isNumber) => (isNumber ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  table.push(...cells.map((row) => [...row]));
  return table.toString();
}

/** A table too wide for the terminal reads better as one block a row. */
export function blocks(columns: readonly string[], cells: readonly (readonly string[])[]): string {
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

/** A value as people read it: thousands apart, six digits, control characters visible. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? value.toLocaleString('en-US')
      : value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
  }
  if (typeof value === 'string') return printable(value);
  return printable(JSON.stringify(value));
}
