import { state } from './state.ts';

const locale = 'en-US';
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });

/** A number for reading: integers in full, fractions with the digits that matter. */
export function numberText(value: number): string {
  if (Number.isInteger(value)) return whole.format(value);
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 1 ? 2 : 4;
  return value.toLocaleString(locale, { maximumFractionDigits: digits });
}

export const shortNumber = (value: number): string => short.format(value);

/** US dollars: cents from a dollar up, four digits below, so that small prices do not read as zero. */
export function usd(value: number): string {
  const digits = value !== 0 && Math.abs(value) < 1 ? 4 : 2;
  const amount = Math.abs(value).toLocaleString(locale, {
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  });
  return `${value < 0 ? '-' : ''}$${amount}`;
}

/** An instant in the chosen zone: `2026-10-05 12:00:00`. */
export function instantText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  if (state().zone === 'utc') return date.toISOString().slice(0, 19).replace('T', ' ');
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** A value of a row by its unit. Null is "unknown", never zero. */
export function valueText(value: unknown, unit?: string): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (unit && /USD/i.test(unit)) return usd(value);
    if (unit === '%' || unit === 'percent') return `${numberText(round(value, 1))} %`;
    return numberText(value);
  }
  if (typeof value === 'string') return unit === 'instant' ? instantText(value) : value;
  return JSON.stringify(value);
}

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

/** `quota_id_peak` is `Quota id peak`; units stay in the header beside it. */
export function columnTitle(name: string): string {
  const words = name.replace(/_(arn|at)$/, '').replaceAll('_', ' ');
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** The part of an ARN that people know; the whole stands in the title. */
export function shortName(value: string): string {
  const arn = /^arn:[^:]*:([^:]*):([^:]*):([^:]*):(.+)$/.exec(value);
  if (!arn) return value;
  return arn[4]!.length > 60 ? `${arn[4]!.slice(0, 57)}…` : arn[4]!;
}
