import { readFileSync } from 'node:fs';
import { pricingFile } from '../../reference/pricing.ts';
import { runSql, type AnalysisContext } from '../analysis.ts';
import { CoverageHours, coverage_hours_min, type CoverageRange } from '../coverage-hours.ts';
import { placeName, type BillPlace } from './bill-settle.ts';
import type { CloudTrailCostRow } from './cloudtrail-cost.ts';
import type { CallCount } from './cost-tally.ts';
import type { KeyCostRow } from './key-cost.ts';
import { keyCharges } from './key-kinds.ts';
import { PriceList } from './prices.ts';

const requestsSql = readFileSync(new URL('./request-cost.sql', import.meta.url), 'utf8');

type Open = BillPlace & { eligible_calls: Map<string, number> };

/**
 * What each account is charged for in each Region: requests by the account that calls, keys by their
 * owner, copies by the account of the trail.
 */
export async function billPlaces(
  range: CoverageRange,
  keys: readonly KeyCostRow[],
  trails: readonly CloudTrailCostRow[],
  context: AnalysisContext,
): Promise<BillPlace[]> {
  const coverage = await CoverageHours.read(context, range);
  const prices = new PriceList(context.config);
  const places = new Map<string, Open>();
  const of = (account_id: string, region: string): Open => {
    const name = placeName({ account_id, region });
    let place = places.get(name);
    if (!place) {
      const covered_hours = coverage.hours([account_id], region);
      places.set(name, (place = emptyPlace(account_id, region, covered_hours, prices)));
    }
    return place;
  };
  for (const count of await requestCounts(range, context)) {
    const place = of(count.account_id ?? 'unknown', count.region ?? 'unknown');
    const cost = prices.cost(count, count.region, count.successful);
    if (!cost) continue;
    place.calls += count.successful;
    if (cost.free_tier) {
      const month = count.bin_from.slice(0, 7);
      const before = place.eligible_calls.get(month) ?? 0;
      place.eligible_calls.set(month, before + count.successful);
    } else {
      place.other_usd += cost.cost_low_usd;
      place.other_high_usd += cost.cost_high_usd;
    }
  }
  for (const key of keys) {
    const { low, high } = keyCharges(key);
    if (high === 0) continue;
    const place = of(key.key_account_id, key.region);
    place.keys_usd_monthly += low;
    place.keys_high_usd_monthly += high;
  }
  for (const trail of trails) {
    if (trail.additional_copies === 0) continue;
    const place = of(trail.account_id, trail.region);
    place.copies += trail.additional_copies;
    place.copies_usd += trail.cost_copies_usd;
    place.copies_per_event = Math.max(0, trail.copies_per_event - 1);
  }
  return [...places.values()];
}

const requestCounts = async (range: CoverageRange, context: AnalysisContext) =>
  (await runSql(
    requestsSql,
    {
      from: range.from,
      to: range.to,
      account: null,
      region: null,
      key: null,
      principal: null,
      service: null,
      by: 'account',
      bin: 'month',
    },
    context,
  )) as unknown as CallCount[];

function emptyPlace(
  account_id: string,
  region: string,
  covered_hours: number,
  prices: PriceList,
): Open {
  return {
    account_id,
    region,
    covered_hours,
    month_scale:
      covered_hours < coverage_hours_min ? null : pricingFile.month_hours / covered_hours,
    calls: 0,
    eligible_calls: new Map(),
    usd_per_eligible_call: prices.symmetric(region),
    other_usd: 0,
    other_high_usd: 0,
    keys_usd_monthly: 0,
    keys_high_usd_monthly: 0,
    copies: 0,
    copies_usd: 0,
    copies_per_event: 0,
  };
}
