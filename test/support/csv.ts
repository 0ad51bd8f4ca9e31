/** Cells of RFC 4180 text, line by line; throws on a quote out of place. */
export function csvCells(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) throw new Error(`no CSV at ${at}: ${text.slice(at, at + 60)}`);
    line.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

/** A cell read back as the value that it stands for, told by that value's type; null when empty. */
export function csvValue(cell: string, like: unknown): unknown {
  if (like === null || like === undefined) return cell === '' ? null : cell;
  if (typeof like === 'number') return Number(cell);
  if (typeof like === 'boolean') return cell === 'true';
  if (typeof like === 'object') return JSON.parse(cell) as unknown;
  // A quote before what a spreadsheet would compute, line by line.
  return cell.replace(/^'(?=[\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠\t\r])/gmu, '');
}
