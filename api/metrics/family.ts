import { Counter, Gauge, type Registry } from 'prom-client';
import type { JsonRow } from '../../store/engine.ts';

/** Series of one metric at most: labels come from logs, and a scrape must stay small. */
export const series_max = 2_000;

/** A metric and its samples. A row without a number is left out, never zero. */
export interface MetricFamily {
  name: string;
  help: string;
  /** A counter only grows while the database is the same one; its name ends in `_total`. */
  type: 'gauge' | 'counter';
  labels: readonly string[];
  /** Each with a column for each label, and `value`. */
  rows: readonly JsonRow[];
}

/** A gauge or counter without labels. */
export function single(
  type: MetricFamily['type'],
  name: string,
  help: string,
  value: unknown,
): MetricFamily {
  return { name, help, type, labels: [], rows: [{ value }] };
}

/** Puts the samples of a family into a registry that serves one scrape. */
export function register(registry: Registry, family: MetricFamily): void {
  const { name, help, labels, type } = family;
  const config = { name, help, labelNames: [...labels], registers: [registry] };
  const add =
    type === 'counter'
      ? (
          (made) => (own: Record<string, string>, value: number) =>
            made.inc(own, value)
        )(new Counter(config))
      : (
          (made) => (own: Record<string, string>, value: number) =>
            made.set(own, value)
        )(new Gauge(config));
  for (const row of family.rows.slice(0, series_max)) {
    const value = row['value'];
    if (typeof value !== 'number') continue;
    add(Object.fromEntries(labels.map((label) => [label, labelText(row[label])])), value);
  }
}

/** A label as text of a bounded length; an ARN of an attacker's making cannot blow up a scrape. */
function labelText(value: unknown): string {
  return value === null || value === undefined
    ? ''
    : Buffer.from(String(value).slice(0, 256)).toString();
}
