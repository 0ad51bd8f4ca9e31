import { printable } from '../core/printable.ts';
import { shortArns } from '../formats/short-arn.ts';
import { blocks, cellText, grid, gridWidth } from '../formats/text-table.ts';
import { wrapped } from '../formats/wrapped.ts';
import { coloured } from './colour.ts';

/** A column of an answer, as the row schema's `.meta` describes it. */
export interface TableColumn {
  name: string;
  unit: string | null;
  /** Display title without the unit; absent: the name with spaces. */
  title: string | null;
  /** One of the few columns that a table shows when none are asked for. */
  headline: boolean;
}

export interface TableOptions {
  /** Characters of a line. */
  width: number;
  /** All columns, one block a row when they do not fit. */
  wide?: boolean;
  /** Exactly these columns, in this order. */
  columns?: readonly string[] | undefined;
  colour?: boolean;
  /** What people call a key ARN or account id; null when nothing names it. */
  labelOf?: (text: string) => string | null;
}

type Row = Readonly<Record<string, unknown>>;

/** A column of text narrower than this says too little. */
const text_width_min = 16;
/** The first column says what a row is about: a short key ARN with account and Region fits. */
const first_width_min = 40;
const text_width_max = 48;
const heading_width_min = 10;
/** Units that a reader sees from the value or from the column's title. */
const evident = new Set(['instant', 'calls', 'keys', 'principals', 'events', 'text']);

/**
 * Rows as a table that fits `width`. Without `wide` or `columns` it shows the headline columns. What does
 * not fit is first shortened, then dropped from the end, and the last line names what was dropped.
 */
export function resultTable(
  all: readonly TableColumn[],
  rows: readonly Row[],
  options: TableOptions,
): string {
  const chosen = chosenColumns(all, options);
  const cells = cellsOf(chosen, rows, options);
  const headings = chosen.map((column, i) => headingOf(column, cells, i));
  const isPicked = options.wide === true || options.columns !== undefined;
  if (isPicked) {
    return gridWidth(headings, cells) <= options.width
      ? grid(headings, painted(chosen, rows, cells, options))
      : blocks(
          chosen.map((column) => column.name),
          cells,
        );
  }
  let count = chosen.length;
  while (count > 1 && narrowest(headings, cells, count) > options.width) count--;
  const fitted = clamped(headings.slice(0, count), cells, options.width);
  const shown = chosen.slice(0, count);
  const table = grid(headings.slice(0, count), painted(shown, rows, fitted, options));
  const missing = all.filter((column) => !shown.includes(column));
  if (missing.length === 0) return table;
  const names = missing.map((column) => column.name).join(', ');
  const hint = `not shown: ${names} (--wide shows all, --columns picks)`;
  return `${table}\n${wrapped(hint, options.width, '  ')}`;
}

function chosenColumns(all: readonly TableColumn[], options: TableOptions): TableColumn[] {
  if (options.columns) {
    const byName = new Map(all.map((column) => [column.name, column]));
    return options.columns.flatMap((name) => byName.get(name) ?? []);
  }
  const headline = all.filter((column) => column.headline);
  return options.wide || headline.length === 0 ? [...all] : headline;
}

function cellsOf(
  columns: readonly TableColumn[],
  rows: readonly Row[],
  { labelOf = () => null, wide = false }: TableOptions,
): string[][] {
  const texts = rows.flatMap((row) => columns.map(({ name }) => row[name]));
  const short = wide ? null : shortArns(texts.filter((value) => typeof value === 'string'));
  return rows.map((row) =>
    columns.map(({ name }) => {
      const value = row[name];
      if (typeof value !== 'string') return cellText(value);
      const label = labelOf(value);
      if (label !== null) return printable(wide ? `${label} ${value}` : label);
      return printable(short?.get(value) ?? value);
    }),
  );
}

function headingOf(column: TableColumn, cells: readonly string[][], at: number): string {
  const { unit } = column;
  const title = column.title ?? column.name.replaceAll('_', ' ');
  const text = unit === null || evident.has(unit) ? title : `${title} (${unit})`;
  const width = Math.min(text_width_min, Math.max(0, ...cells.map((row) => row[at]!.length)));
  return wrapped(printable(text), Math.max(heading_width_min, width));
}

const widthOf = (heading: string, cells: readonly string[][], at: number) =>
  Math.max(
    ...heading.split('\n').map((line) => line.length),
    ...cells.map((row) => row[at]!.length),
  );

/** Columns that the first `count` take when each long text is shortened as far as it may be. */
function narrowest(headings: readonly string[], cells: readonly string[][], count: number): number {
  let width = 1;
  for (let i = 0; i < count; i++) {
    const whole = widthOf(headings[i]!, cells, i);
    const heading = widthOf(headings[i]!, [], i);
    width += Math.min(whole, Math.max(heading, i === 0 ? first_width_min : text_width_min)) + 3;
  }
  return width;
}

/** Long texts shortened so that the whole fits, the widest column first. */
function clamped(
  headings: readonly string[],
  cells: readonly string[][],
  width: number,
): string[][] {
  const widths = headings.map((heading, i) => Math.min(widthOf(heading, cells, i), text_width_max));
  const floors = headings.map((heading, i) =>
    Math.max(
      widthOf(heading, [], i),
      i === 0 ? Math.min(first_width_min, width - 5) : text_width_min,
    ),
  );
  const total = () => widths.reduce((sum, one) => sum + one + 3, 1);
  while (total() > width) {
    const at = widths.reduce(
      (widest, one, i) => (one > floors[i]! && one > (widths[widest] ?? 0) ? i : widest),
      -1,
    );
    if (at < 0) break;
    widths[at]!--;
  }
  return cells.map((row) =>
    headings.map((_, i) => {
      const text = row[i]!;
      return text.length <= widths[i]! ? text : `${text.slice(0, widths[i]! - 1)}…`;
    }),
  );
}

/** Severities and quotas that are nearly or fully used, in colour. */
function painted(
  columns: readonly TableColumn[],
  rows: readonly Row[],
  cells: readonly string[][],
  { colour = false }: TableOptions,
): readonly string[][] {
  if (!colour) return cells;
  return cells.map((row, n) =>
    row.map((text, i) => coloured(text, columns[i]!, rows[n]![columns[i]!.name])),
  );
}
