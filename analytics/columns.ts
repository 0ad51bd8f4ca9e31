import type { z } from 'zod';
import type { Analysis } from './analysis.ts';
import { titleOf } from './column-titles.ts';

/** A column of an analysis as a reader sees it, on every surface. */
export interface Column {
  name: string;
  /** Display title in sentence case, without the unit: `Saving a month`. */
  title: string;
  unit: string | null;
  description: string;
  /** One of the few columns that a table shows before anyone asks for more. */
  headline: boolean;
}

/** So many columns fit a reader's eye; the rest is a click or `--wide` away. */
export const headline_columns_max = 8;

/** All columns in the order of the row's schema. */
export function columnsOf(analysis: Pick<Analysis, 'row' | 'headline'>): Column[] {
  const headline = new Set(headlineOf(analysis));
  return Object.entries(analysis.row.shape).map(([name, field]) => {
    const { title, unit, description } = metaOf(field as z.ZodType);
    return {
      name,
      title: title ?? titleOf(name),
      unit: unit ?? null,
      description: description ?? '',
      headline: headline.has(name),
    };
  });
}

/** Names of the chosen columns, the most important first; of a narrow row all of them. */
export function headlineOf({ row, headline }: Pick<Analysis, 'row' | 'headline'>): string[] {
  const all = Object.keys(row.shape);
  if (headline.length > 0) return [...headline];
  const marked = all.filter((name) => metaOf(row.shape[name] as z.ZodType).headline === true);
  return marked.length > 0 ? marked : all.slice(0, headline_columns_max);
}

interface Meta {
  unit?: string;
  title?: string;
  description?: string;
  headline?: boolean;
}

/** What a field says of itself, or the field inside a nullable one. */
function metaOf(field: z.ZodType): Meta {
  const own = (field.meta() ?? {}) as Meta;
  const wrapped = field as { unwrap?: () => z.ZodType };
  if (typeof wrapped.unwrap !== 'function' || wrapped.constructor.name === 'ZodArray') return own;
  const inner = wrapped.unwrap();
  return typeof inner.meta === 'function' ? { ...metaOf(inner), ...own } : own;
}
