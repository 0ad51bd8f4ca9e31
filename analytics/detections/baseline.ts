import { isoSeconds } from '../../core/time.ts';
import { plural } from '../../core/words.ts';
import type { AnalysisContext } from '../analysis.ts';
import { CoverageHours } from '../coverage-hours.ts';
import type { FilterValues } from '../params.ts';

/** The history that a rule needs before it can say "never before": covered hours of the account itself. */
export class Baseline {
  readonly #coverage: CoverageHours;
  readonly #needed: number;

  private constructor(coverage: CoverageHours, needed: number) {
    this.#coverage = coverage;
    this.#needed = needed;
  }

  static async read(
    needed: number | undefined,
    context: AnalysisContext,
  ): Promise<Baseline | undefined> {
    if (needed === undefined || needed === 0) return undefined;
    return new Baseline(await CoverageHours.read(context), needed);
  }

  /** What is missing before an instant; null when there is enough. */
  missing(account: string | null, at: string): string | null {
    const hours = this.#coverage.hoursBefore(account, null, Date.parse(at) / 1000);
    return hours >= this.#needed ? null : this.#text(hours);
  }

  #text(hours: number): string {
    return `${hours} of ${plural(this.#needed, 'hour')} of history`;
  }

  /** Accounts of which the whole range lies before there is enough history. */
  *unjudged(filter: FilterValues) {
    const accounts = new Set(this.#coverage.places().map((place) => place.account_id));
    for (const account of [...accounts].sort()) {
      if (account === '?' || (filter.account !== undefined && filter.account !== account)) continue;
      const hours = this.#coverage.list(account, null);
      const before = filter.to?.getTime() ?? Infinity;
      const known = hours.filter((hour) => hour * 3_600_000 < before);
      // The hour after the last one that is still history would be the first to be judged.
      if (known.length === 0 || known.length > this.#needed) continue;
      const last = known.at(-1)! * 3_600 + 3_599;
      if (filter.from && last * 1_000 < filter.from.getTime()) continue;
      yield {
        account_id: account,
        first_at: isoSeconds(known[0]! * 3_600),
        last_at: isoSeconds(last),
        finding: `not judged: ${this.#text(known.length)} in account ${account}`,
      };
    }
  }
}
