import { pricingFile } from '../../reference/pricing.ts';

/** What one account is charged for in one Region, before anything changes. Dollars of the range. */
export interface BillPlace {
  account_id: string;
  region: string;
  /** What a figure of the range is multiplied by to make a month; null when too few hours are covered. */
  month_scale: number | null;
  covered_hours: number;
  /** Successful calls with a known price. */
  calls: number;
  /** Of these the calls that the free tier may cover, by calendar month (YYYY-MM). */
  eligible_calls: ReadonlyMap<string, number>;
  usd_per_eligible_call: number;
  /** Cost of the calls that no free tier covers; the upper end is for RSA keys of unknown size. */
  other_usd: number;
  other_high_usd: number;
  /** Key storage a month; the upper end is for keys that AWS may manage. */
  keys_usd_monthly: number;
  keys_high_usd_monthly: number;
  /** KMS events that further trails logged again, and what that costs. */
  copies: number;
  copies_usd: number;
  copies_per_event: number;
}

/** What one finding changes for one account in one Region. Calls and dollars of the range. */
export interface FindingShare {
  account_id: string;
  region: string;
  saved_calls: number;
  keys_usd_monthly: number;
  keys_high_usd_monthly: number;
  /** True for the finding that ends the further trails: it gets what the spared calls leave. */
  ends_copies: boolean;
}

/** Dollars that a share takes off the bill; `requests` before the free tier, `free` what it takes back. */
export interface ShareSaving {
  requests: number;
  free: number;
  keys: number;
  keys_high: number;
  copies: number;
}

/** One account's bill in one Region; the free tier is positive here and taken off in the total. */
export interface PlaceBill {
  requests: number;
  requests_high: number;
  keys: number;
  keys_high: number;
  copies: number;
  free_tier: number;
}

export interface Settled {
  /** By place: before, and after every finding; null where no month can be told. */
  before: (PlaceBill | null)[];
  after: (PlaceBill | null)[];
  /** In the order of the shares. */
  savings: (ShareSaving | null)[];
}

export type Horizon = 'range' | 'month';

/**
 * Settles the bill: every dollar of the findings is a dollar of difference between before and after.
 *
 * The free tier is one for the payer of all accounts. AWS does not say whose calls it covers. It is
 * used first for the calls that stay, and what is left of it for the calls that findings spare: the
 * sum is the same in any order, and so an account's savings never exceed its bill.
 */
export function settle(
  places: readonly BillPlace[],
  shares: readonly FindingShare[],
  horizon: Horizon,
): Settled {
  const scales = places.map((place) => (horizon === 'range' ? 1 : place.month_scale));
  const numbers = new Map(places.map((place, i) => [placeName(place), i]));
  const placeOf = (share: FindingShare) => numbers.get(placeName(share)) ?? -1;
  const spared = places.map(() => 0);
  for (const share of shares) {
    const at = placeOf(share);
    if (at >= 0) spared[at]! += share.saved_calls;
  }
  // No finding spares more than there is, whatever its replay counted.
  const fit = places.map((place, i) =>
    spared[i]! > 0 ? Math.min(1, eligibleCalls(place) / spared[i]!) : 1,
  );
  const free = freeShares(
    places,
    spared.map((calls, i) => calls * fit[i]!),
    scales,
    horizon,
  );
  const copiesTaken = places.map(() => 0);
  const copiesOf = (place: BillPlace, calls: number) =>
    calls * place.copies_per_event * usd_per_copy;
  const copyFit = places.map((place, i) => {
    const wanted = copiesOf(place, spared[i]! * fit[i]!);
    return wanted > 0 ? Math.min(1, place.copies_usd / wanted) : 1;
  });
  const savings = shares.map((share): ShareSaving | null => {
    const at = placeOf(share);
    const scale = scales[at];
    // A key is charged by the month, whatever the log covers.
    const keyScale = horizon === 'month' ? 1 : rangeOfMonth(places[at]);
    const keys = {
      keys: share.keys_usd_monthly * keyScale,
      keys_high: share.keys_high_usd_monthly * keyScale,
    };
    if (scale === undefined || scale === null) {
      return share.keys_high_usd_monthly > 0 ? { requests: 0, free: 0, copies: 0, ...keys } : null;
    }
    const place = places[at]!;
    const calls = share.saved_calls * fit[at]!;
    const requests = calls * place.usd_per_eligible_call * scale;
    const copies = copiesOf(place, calls) * copyFit[at]!;
    copiesTaken[at]! += copies;
    return { requests, free: requests * free.spared, copies: copies * scale, ...keys };
  });
  shares.forEach((share, i) => {
    const at = placeOf(share);
    const saving = savings[i];
    if (!share.ends_copies || !saving) return;
    const rest = Math.max(0, places[at]!.copies_usd - copiesTaken[at]!);
    saving.copies += rest * scales[at]!;
    copiesTaken[at]! += rest;
  });
  const before = places.map((place, i) =>
    placeBill(place, scales[i]!, spared[i]! * fit[i]!, free, horizon),
  );
  const after = before.map((bill) => (bill ? { ...bill } : null));
  shares.forEach((share, i) => {
    const bill = after[placeOf(share)];
    const saving = savings[i];
    if (!bill || !saving) return;
    bill.requests -= saving.requests;
    bill.requests_high -= saving.requests;
    bill.free_tier -= saving.free;
    bill.keys -= saving.keys;
    bill.keys_high -= saving.keys_high;
    bill.copies -= saving.copies;
  });
  for (const bill of after) if (bill) dropRounding(bill);
  return { before, after, savings };
}

const usd_per_copy = pricingFile.cloudtrail.additional_copy_management_usd_per_100k / 100_000;

export const placeName = ({ account_id, region }: { account_id: string; region: string }) =>
  `${account_id} ${region}`;

export const billTotal = (bill: PlaceBill) =>
  bill.requests + bill.keys + bill.copies - bill.free_tier;

export const billTotalHigh = (bill: PlaceBill) =>
  bill.requests_high + bill.keys_high + bill.copies - bill.free_tier;

export const shareNet = (saving: ShareSaving) =>
  saving.requests - saving.free + saving.keys + saving.copies;

function eligibleCalls(place: BillPlace): number {
  let calls = 0;
  for (const month of place.eligible_calls.values()) calls += month;
  return calls;
}

/** The part of a month that the covered hours of a range are. */
const rangeOfMonth = (place: BillPlace | undefined) =>
  place ? place.covered_hours / pricingFile.month_hours : 0;

interface FreeShares {
  /** Parts of the calls that the free tier covers: of those that stay, and of those that are spared. */
  kept: number;
  spared: number;
  calls: number;
}

function freeShares(
  places: readonly BillPlace[],
  spared: readonly number[],
  scales: readonly (number | null)[],
  horizon: Horizon,
): FreeShares {
  const months = new Map<string, number>();
  let spare = 0;
  places.forEach((place, i) => {
    const scale = scales[i];
    if (scale === null || scale === undefined) return;
    spare += spared[i]! * scale;
    for (const [month, calls] of place.eligible_calls) {
      // A month that is scaled is one month, whatever months the range reaches into.
      const name = horizon === 'month' ? '' : month;
      months.set(name, (months.get(name) ?? 0) + calls * scale);
    }
  });
  const sum = (pick: (calls: number) => number) =>
    [...months.values()].reduce((all, calls) => all + pick(calls), 0);
  const all = sum((calls) => calls);
  if (all === 0) return { kept: 0, spared: 0, calls: 0 };
  const free_max = pricingFile.free_tier.requests_per_month;
  const kept = all - spare;
  // Spared calls are taken to lie in the months as all eligible calls do.
  const freeKept = sum((calls) => Math.min(free_max, (calls * kept) / all));
  const freeAll = sum((calls) => Math.min(free_max, calls));
  return {
    kept: kept > 0 ? freeKept / kept : 0,
    spared: spare > 0 ? Math.max(0, freeAll - freeKept) / spare : 0,
    calls: freeAll,
  };
}

function placeBill(
  place: BillPlace,
  scale: number | null,
  spared: number,
  free: FreeShares,
  horizon: Horizon,
): PlaceBill | null {
  const keyScale = horizon === 'month' ? 1 : rangeOfMonth(place);
  const keys = place.keys_usd_monthly * keyScale;
  const keys_high = place.keys_high_usd_monthly * keyScale;
  if (scale === null) {
    if (place.keys_high_usd_monthly === 0) return null;
    return { requests: 0, requests_high: 0, keys, keys_high, copies: 0, free_tier: 0 };
  }
  const eligible = eligibleCalls(place);
  const price = place.usd_per_eligible_call * scale;
  return {
    requests: eligible * price + place.other_usd * scale,
    requests_high: eligible * price + place.other_high_usd * scale,
    keys,
    keys_high,
    copies: place.copies_usd * scale,
    free_tier: ((eligible - spared) * free.kept + spared * free.spared) * price,
  };
}

/** What subtraction leaves of equal sums, about 1e-17 dollars, is nothing. */
function dropRounding(bill: PlaceBill): void {
  for (const name of Object.keys(bill) as (keyof PlaceBill)[]) {
    if (Math.abs(bill[name]) < 1e-12) bill[name] = 0;
  }
}
