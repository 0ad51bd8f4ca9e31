import {
  instantText as textOfInstant,
  numberText,
  percentText,
  shortName,
  usd,
} from '../../charts/words.ts';
import { state } from './state.ts';

export { numberText, percentText, usd } from '../../charts/words.ts';

/** An instant in the chosen zone: `2026-10-05 12:00:00`. */
export const instantText = (iso: string): string => textOfInstant(iso, state().zone === 'utc');

/** A value of a row by its unit. Null is "unknown", never zero. */
export function valueText(value: unknown, unit?: string): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (unit && /USD/i.test(unit)) return usd(value);
    if (unit === '%' || unit === 'percent') return percentText(value);
    if (unit === 'share') return percentText(100 * value);
    return numberText(value);
  }
  if (typeof value === 'string') return unit === 'instant' ? instantText(value) : value;
  if (Array.isArray(value)) return value.map((part) => valueText(part)).join(', ');
  return JSON.stringify(value);
}

/** `changed_at` is `Changed at`: the label of a parameter. */
export function paramTitle(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** `1 finding`, `24 findings`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${numberText(count)} ${count === 1 ? one : many}`;

const names = new Map<string, string>();

/** Takes the names of keys and accounts that the server knows. */
export function setNames(rows: readonly { id: string; label: string }[]): void {
  names.clear();
  for (const { id, label } of rows) names.set(id, label);
}

/** The name that people gave a key or account; else the part of its ARN that tells it apart. */
export const nameOf = (value: string): string => names.get(value) ?? shortName(value);

/** A sentence with names in place of the ARNs in it. */
export const withNames = (text: string): string =>
  text.replaceAll(/arn:[^\s,;)"']+/g, (arn) => nameOf(arn));
