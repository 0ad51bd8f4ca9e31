import { printable } from '../../core/printable.ts';
import { pieces } from './tags.ts';

/** The body cells of every table of an HTML page, table by table and row by row. */
export function htmlTables(html: string): string[][][] {
  const tables: string[][][] = [];
  let cell: string | null = null;
  let body = false;
  // Columns that do not fit a page stand in a line under their row, the unknown ones left out.
  let under: number | null = null;
  for (const piece of pieces(html)) {
    if (piece.kind === 'text') {
      if (cell !== null) cell += piece.text;
    } else if (piece.kind === 'open') {
      if (piece.name === 'tbody') body = tables.push([]) > 0;
      else if (piece.name === 'tr' && body) {
        under = piece.attributes['class'] === 'under' ? NaN : null;
        if (under === null) tables.at(-1)?.push([]);
      } else if (piece.name === 'td' && under === null) cell = '';
      else if (piece.name === 'b' && under !== null) {
        under = Number(piece.attributes['data-column']);
        cell = '';
      }
    } else if (piece.name === 'b' && under !== null) {
      tables.at(-1)!.at(-1)![under] = cell!;
      cell = null;
    } else if (piece.name === 'td' && under === null) {
      tables.at(-1)!.at(-1)!.push(cell!);
      cell = null;
    } else if (piece.name === 'tbody') body = false;
  }
  return tables;
}

/** The same of Markdown's tables under a heading of level three, without escapes and code spans. */
export function markdownTables(markdown: string): Map<string, string[][]> {
  const tables = new Map<string, string[][]>();
  for (const part of markdown.split(/^### /m).slice(1)) {
    const [title, ...lines] = part.split('\n');
    const rows = lines.filter((line) => line.startsWith('| ')).slice(2);
    tables.set(unescaped(title!), rows.map(cellsOfLine));
  }
  return tables;
}

const cellsOfLine = (line: string) =>
  line
    .slice(2, -2)
    .split(/(?<!\\) \| /)
    .map((cell) => {
      const code = /^(`+)( ?)([^]*)\2\1$/.exec(cell);
      return code ? code[3]!.replaceAll('\\|', '|') : unescaped(cell);
    });

const unescaped = (text: string) => text.replace(/\\([\\`*_{}[\]<>#|~!&$@:.])/g, '$1');

/** Whether a report's cell says a value: numbers are read back, to the digits that their unit gets. */
export function says(text: string, value: unknown, unit: string | null): boolean {
  if (value === null || value === undefined || value === '') return text === '–';
  if (typeof value === 'boolean') return text === (value ? 'yes' : 'no');
  if (typeof value !== 'number') {
    const whole = typeof value === 'string' ? value : JSON.stringify(value);
    return text === printable(whole);
  }
  if (!/^-?[\d,]+(\.\d+)?$/.test(text)) return false;
  const shown = Number(text.replaceAll(',', ''));
  const meant = unit === 'share' ? 100 * value : value;
  const percent = unit === 'share' || unit === '%' || unit === 'percent';
  const most = Math.abs(meant);
  const half = percent ? 0.05 : unit === 'USD' && most >= 0.01 ? 0.005 : roundedTo(most, unit);
  return Math.abs(shown - meant) <= half + 1e-12 * most;
}

/** Half of the last digit shown: integers whole, fractions four digits, less than a cent two. */
function roundedTo(size: number, unit: string | null): number {
  if (Number.isInteger(size)) return 0;
  const digits = unit === 'USD' ? 2 : 4;
  return 0.5 * 10 ** (Math.floor(Math.log10(size)) + 1 - digits);
}
