import { printable } from '../core/printable.ts';
import type { ReportColumn } from './report.ts';

/** What stands for a value that is not known or does not apply. */
export const no_value = '–';

/** A value of a report as people read it: money in cents, percent to a tenth, thousands apart. */
export function figureText(value: unknown, unit: string | null): string {
  if (value === null || value === undefined || value === '') return no_value;
  if (typeof value === 'number') return numberText(value, unit);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

function numberText(value: number, unit: string | null): string {
  if (unit === 'USD') return moneyText(value);
  if (unit === '%' || unit === 'percent') {
    return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
  }
  if (unit === 'share') return numberText(100 * value, '%');
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** Two decimals; less than a cent keeps two digits that say something. */
function moneyText(value: number): string {
  const small = value !== 0 && Math.abs(value) < 0.01;
  return value.toLocaleString(
    'en-US',
    small
      ? { maximumSignificantDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  );
}

/** Units that a reader sees from the value or from the column's name. */
const evident = new Set(['instant', 'calls', 'keys', 'principals', 'events', 'text']);

/** A column's heading with its unit where the name does not say it. */
export function headingOf(column: ReportColumn): string {
  const { unit } = column;
  const shown = unit === 'percent' || unit === 'share' ? '%' : unit;
  const label = printable(column.label)
    .replace(/ usd\b/, '')
    .replace(/ (percent)$/, '');
  return unit === null || evident.has(unit) ? label : `${label} (${shown})`;
}

/** A headline figure: `38,560 KMS calls`, `$0.25 cost`. */
export function headlineText(value: unknown, unit: string | null, label: string): string {
  const text = figureText(value, unit);
  if (unit === 'USD') return text === no_value ? `${label}: unknown` : `$${text} ${label}`;
  return unit === '%' || unit === 'percent' ? `${text} % ${label}` : `${text} ${label}`;
}
