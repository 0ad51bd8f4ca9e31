import { pricingFile } from '../../reference/pricing.ts';
import type { CoverageHours } from '../coverage-hours.ts';
import { monthly } from '../coverage-hours.ts';
import { priceClassOf, PriceList, type CallCost, type PricedCall } from './prices.ts';

/** Counted calls of one kind, account, Region and month or day. */
export interface CallCount extends PricedCall {
  bin_from: string;
  account_id: string | null;
  region: string | null;
  successful: number;
  failed: number;
}

/** Dollars and calls of a group; the lower bound and the upper one of unknown RSA sizes. */
export class CostTally {
  calls_priced = 0;
  calls_unpriced = 0;
  calls_failed = 0;
  calls_region_unverified = 0;
  cost_usd = 0;
  cost_high_usd = 0;
  /** Null until a part is covered for 24 hours. */
  cost_usd_monthly: number | null = null;
  cost_high_usd_monthly: number | null = null;
  cost_usd_not_normalised = 0;
  covered_hours = 0;

  add(count: CallCount, cost: CallCost | null, covered_hours: number): void {
    this.calls_failed += count.failed;
    this.covered_hours = Math.max(this.covered_hours, covered_hours);
    if (!cost) {
      this.calls_unpriced += count.successful;
      return;
    }
    this.calls_priced += count.successful;
    if (!PriceList.verified(count.region)) this.calls_region_unverified += count.successful;
    this.cost_usd += cost.cost_low_usd;
    this.cost_high_usd += cost.cost_high_usd;
    const low = monthly(cost.cost_low_usd, covered_hours);
    const high = monthly(cost.cost_high_usd, covered_hours);
    if (low === null) this.cost_usd_not_normalised += cost.cost_low_usd;
    else this.cost_usd_monthly = (this.cost_usd_monthly ?? 0) + low;
    if (high !== null) this.cost_high_usd_monthly = (this.cost_high_usd_monthly ?? 0) + high;
  }
}

/**
 * The free tier, once for the one payer that all accounts are taken to have: up to 20,000 eligible
 * requests of each calendar month, at the average price of that month's eligible requests.
 */
export class FreeTier {
  readonly #months = new Map<string, { calls: number; cost: number }>();
  #calls_monthly = 0;
  #cost_monthly = 0;
  #normalised = false;

  add(count: CallCount, cost: CallCost, covered_hours: number): void {
    if (!cost.free_tier) return;
    const name = count.bin_from.slice(0, 7);
    const month = this.#months.get(name) ?? { calls: 0, cost: 0 };
    month.calls += count.successful;
    month.cost += cost.cost_low_usd;
    this.#months.set(name, month);
    const calls = monthly(count.successful, covered_hours);
    if (calls === null) return;
    this.#normalised = true;
    this.#calls_monthly += calls;
    this.#cost_monthly += monthly(cost.cost_low_usd, covered_hours)!;
  }

  /** Dollars taken off in the range and in a normalised month (null when nothing is normalised). */
  credit(): { calls: number; usd: number; usd_monthly: number | null } {
    let calls = 0;
    let usd = 0;
    for (const month of this.#months.values()) {
      const free = Math.min(month.calls, pricingFile.free_tier.requests_per_month);
      calls += free;
      if (month.calls > 0) usd += (month.cost * free) / month.calls;
    }
    const free = Math.min(this.#calls_monthly, pricingFile.free_tier.requests_per_month);
    const usd_monthly =
      this.#calls_monthly > 0 ? (this.#cost_monthly * free) / this.#calls_monthly : 0;
    return { calls, usd, usd_monthly: this.#normalised ? usd_monthly : null };
  }
}

/** Tallies of all groups, their total and the free tier, of the rows of request-cost.sql. */
export function tallyCosts(
  rows: readonly (CallCount & { group_name: string })[],
  groupOf: (row: CallCount & { group_name: string }, cost: CallCost | null) => string,
  prices: PriceList,
  coverage: CoverageHours,
): { groups: Map<string, CostTally>; total: CostTally; freeTier: FreeTier } {
  const groups = new Map<string, CostTally>();
  const total = new CostTally();
  const freeTier = new FreeTier();
  const hours = new Map<string, number>();
  for (const row of rows) {
    const scope = `${row.account_id} ${row.region}`;
    let covered = hours.get(scope);
    if (covered === undefined) {
      covered = coverage.hours(row.account_id === null ? null : [row.account_id], row.region);
      hours.set(scope, covered);
    }
    const cost = prices.cost(row, row.region, row.successful);
    const name = groupOf(row, cost);
    let tally = groups.get(name);
    if (!tally) groups.set(name, (tally = new CostTally()));
    tally.add(row, cost, covered);
    total.add(row, cost, covered);
    if (cost) freeTier.add(row, cost, covered);
  }
  return { groups, total, freeTier };
}

/** Name of a call's price class for a table; unpriced calls say why. */
export function priceClassName(call: PricedCall, cost: CallCost | null): string {
  if (cost) return cost.class_id;
  return priceClassOf(call) ? 'unpriced' : `unpriced: ${call.operation}`;
}
