import { pricingFile } from '../reference/pricing.ts';
import type { AnalysisContext, FilterValues } from './analysis.ts';

const hour_ms = 3_600_000;
/** A span longer than this is no log file's; only its two ends count as covered. */
const span_hours_max = 366 * 24;
/** Hours from one hour with records to the next that still count as a quiet trail. */
const quiet_hours_max = 24;
/** Fewer covered hours than this are never scaled to a month (definitions.md 16). */
export const coverage_hours_min = 24;

const sql = `
  SELECT DISTINCT account_id, region, date_trunc('hour', record_time_min) AS hour_from,
    date_trunc('hour', record_time_max) AS hour_to
  FROM ingest_objects
  WHERE record_time_min IS NOT NULL AND status IN ('ok', 'empty')`;

/**
 * Which hours the log covers, by account and Region: those that the record times of an object reach
 * into (records of any service), and the gaps of less than a day between them. CloudTrail delivers
 * nothing in a quiet hour; counting only hours with records would make a quiet Region's month look
 * many times dearer than it is. A longer gap is a hole, never quiet.
 */
export class CoverageHours {
  readonly #hours = new Map<string, Set<number>>();

  static async read(context: AnalysisContext, range: FilterValues = {}): Promise<CoverageHours> {
    const coverage = new CoverageHours();
    const from = range.from ? Math.floor(range.from.getTime() / hour_ms) : -Infinity;
    const to = range.to ? Math.ceil(range.to.getTime() / hour_ms) : Infinity;
    for (const row of await context.engine.rows(sql, {}, context)) {
      const first = Date.parse(String(row['hour_from'])) / hour_ms;
      const last = Date.parse(String(row['hour_to'])) / hour_ms;
      const hours = coverage.#of(nameOf(row['account_id']), nameOf(row['region']));
      if (last - first > span_hours_max) hours.add(first).add(last);
      else for (let hour = first; hour <= last; hour++) hours.add(hour);
    }
    for (const [name, hours] of coverage.#hours) {
      const filled = withQuietGaps(hours).filter((hour) => hour >= from && hour < to);
      coverage.#hours.set(name, new Set(filled));
    }
    return coverage;
  }

  #of(account: string, region: string): Set<number> {
    const name = `${account} ${region}`;
    let hours = this.#hours.get(name);
    if (!hours) this.#hours.set(name, (hours = new Set()));
    return hours;
  }

  /**
   * Covered hours of any of these accounts in the Region; null means all of them. Objects whose path
   * names no account or Region count for each. When none of the objects bears the account (rewritten
   * logs), the Region's hours stand.
   */
  hours(accounts: readonly string[] | null, region: string | null): number {
    const union = new Set<number>();
    for (const [name, hours] of this.#hours) {
      const [account, of] = name.split(' ') as [string, string];
      if (region !== null && of !== region && of !== '?') continue;
      if (accounts !== null && account !== '?' && !accounts.includes(account)) continue;
      for (const hour of hours) union.add(hour);
    }
    if (union.size > 0 || accounts === null) return union.size;
    return this.hours(null, region);
  }
}

function withQuietGaps(hours: ReadonlySet<number>): number[] {
  const filled: number[] = [];
  for (const hour of [...hours].sort((a, b) => a - b)) {
    const last = filled.at(-1);
    if (last !== undefined && hour - last <= quiet_hours_max) {
      for (let quiet = last + 1; quiet < hour; quiet++) filled.push(quiet);
    }
    filled.push(hour);
  }
  return filled;
}

const nameOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : '?');

/** What a figure of `covered_hours` is worth in a month; null when too few hours are covered. */
export function monthly(figure: number, covered_hours: number): number | null {
  if (covered_hours < coverage_hours_min) return null;
  return (figure * pricingFile.month_hours) / covered_hours;
}
