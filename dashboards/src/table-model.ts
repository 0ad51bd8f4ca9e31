import type { FieldSchema, Row } from './api-client.ts';
import { valueText } from './format.ts';

export interface Order {
  column: string;
  down: boolean;
}

export function isNumeric(field: FieldSchema | undefined): boolean {
  const types = field ? [field, ...(field.anyOf ?? [])].flatMap((one) => one.type ?? []) : [];
  return types.some((type) => type === 'number' || type === 'integer');
}

/** Unknown values stay at the end, whichever way the rest is sorted. */
export function sorted(rows: readonly Row[], order: Order | undefined): readonly Row[] {
  if (!order) return rows;
  const { column, down } = order;
  return [...rows].sort((a, b) => {
    const [x, y] = [a[column], b[column]];
    if (x === y) return 0;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    const ascending =
      typeof x === 'number' && typeof y === 'number' ? x - y : String(x) < String(y) ? -1 : 1;
    return down ? -ascending : ascending;
  });
}

/** Rows in which every word of the text occurs, in whatever column. */
export function matching(
  rows: readonly Row[],
  fields: Readonly<Record<string, FieldSchema>>,
  text: string,
): readonly Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const all = Object.entries(row)
      .map(([name, value]) => `${String(value)} ${valueText(value, fields[name]?.unit)}`)
      .join('\n')
      .toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** Units that a value or a title says already. */
const evident = new Set(['instant', 'USD', '%', 'percent', 'share', 'day', 'text']);

/** The unit to print beside a title; null where title or value say it. */
export function unitBeside(title: string, unit: string | undefined): string | null {
  if (!unit || evident.has(unit)) return null;
  const words = title.toLowerCase().split(/[^a-z]+/);
  return words.includes(unit.toLowerCase()) ? null : unit;
}
