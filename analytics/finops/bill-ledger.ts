import { readFileSync } from 'node:fs';
import { plural } from '../../core/words.ts';
import { sqlParams, type AnalysisContext } from '../analysis.ts';
import type { CoverageRange } from '../coverage-hours.ts';
import { billPlaces } from './bill-places.ts';
import {
  settle,
  type BillPlace,
  type FindingShare,
  type Settled,
  type ShareSaving,
} from './bill-settle.ts';
import { bucketFindings, findingSettings } from './bucket-findings.ts';
import { replayBuckets } from './bucket-replays.ts';
import cloudtrailCost, { type CloudTrailCostRow } from './cloudtrail-cost.ts';
import dataKeyCacheSavings, { type CacheSavingRow } from './data-key-cache-savings.ts';
import {
  cacheFinding,
  idleKeyFinding,
  serviceFinding,
  trailCopiesFinding,
} from './finding-candidates.ts';
import { sharesSum, type Candidate, type CandidateShare } from './finding.ts';
import keyCost, { type KeyCostRow } from './key-cost.ts';
import { keyCharges } from './key-kinds.ts';
import { PriceList } from './prices.ts';
import { serviceLeverRows } from './service-levers.ts';

const bucketSql = readFileSync(new URL('./bucket-key-savings.sql', import.meta.url), 'utf8');
/** Rows of each analysis that the ledger reads: the best by saving, so that memory is bounded. */
const rows_max = 50_000;

/** A part of a finding with what it takes off the bill; null where no month can be told. */
export interface SettledShare {
  share: CandidateShare;
  range: ShareSaving;
  month: ShareSaving | null;
}

export interface SettledFinding {
  candidate: Candidate;
  shares: SettledShare[];
}

/** The one ledger of dollars: what the account is charged, and what each finding takes off. */
export interface BillLedger {
  places: BillPlace[];
  range: Settled;
  month: Settled;
  findings: SettledFinding[];
}

/**
 * Reads the ledger of a range of time: of all accounts and Regions, because the free tier is one for
 * all of them. Who asks for one account takes its part.
 */
export async function readBillLedger(
  range: CoverageRange,
  saved_calls_min: number,
  context: AnalysisContext,
): Promise<BillLedger> {
  const dates = { from: range.from, to: range.to };
  const keys = (await rowsOf(keyCost, dates, context)) as KeyCostRow[];
  const trails = (await rowsOf(cloudtrailCost, dates, context)) as CloudTrailCostRow[];
  const sparing = (await sparingFindings(dates, context)).filter(
    ({ shares }) => sharesSum(shares, (share) => share.saved_calls_high) >= saved_calls_min,
  );
  const spared = new Set(
    sparing.flatMap(({ region, shares }) =>
      shares
        .filter((share) => share.saved_calls > 0)
        .map((share) => `${share.account_id} ${region}`),
    ),
  );
  const candidates = [
    ...sparing,
    ...trails
      .filter((trail) => trail.additional_copies > 0)
      .map((trail) => trailCopiesFinding(trail, spared.has(`${trail.account_id} ${trail.region}`))),
    ...keys.filter(isIdle).map(idleKeyFinding),
  ];
  const places = await billPlaces(dates, keys, trails, context);
  return settled(places, candidates);
}

/** Settles what each finding takes off the bill, in the range and in a month. */
export function settled(places: BillPlace[], candidates: readonly Candidate[]): BillLedger {
  const shares: FindingShare[] = candidates.flatMap((candidate) =>
    candidate.shares.map((share) => ({ ...share, region: candidate.region })),
  );
  const range = settle(places, shares, 'range');
  const month = settle(places, shares, 'month');
  let next = 0;
  const none: ShareSaving = { requests: 0, free: 0, keys: 0, keys_high: 0, copies: 0 };
  const findings = candidates.map((candidate) => ({
    candidate,
    shares: candidate.shares.map((share) => {
      const at = next++;
      return { share, range: range.savings[at] ?? none, month: month.savings[at] ?? null };
    }),
  }));
  return { places, range, month, findings };
}

/** A key that costs something and is idle; one that was only looked at needs the inventory's word. */
const isIdle = (key: KeyCostRow) =>
  key.idle_state === 'idle_candidate' &&
  keyCharges(key).high > 0 &&
  (key.uses > 0 || key.kind_basis === 'inventory');

const rowsOf = async (
  analysis: { execute: typeof keyCost.execute },
  params: Record<string, unknown>,
  context: AnalysisContext,
) => (await analysis.execute({ ...params, limit: rows_max }, context)).rows;

/** Findings that spare calls. Their calls are disjoint: each rests on its own context kind. */
async function sparingFindings(
  dates: CoverageRange,
  context: AnalysisContext,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const prices = new PriceList(context.config);
  const params = sqlParams({ ...dates, account: null, region: null, bucket: null, key: null });
  for await (const outcome of replayBuckets(bucketSql, params, findingSettings, context)) {
    found.push(...bucketFindings(outcome, prices.symmetric(outcome.region)));
  }
  const caches = (await rowsOf(dataKeyCacheSavings, { ...dates }, context)) as CacheSavingRow[];
  found.push(...caches.map(cacheFinding));
  const levers = await serviceLeverRows(dates, rows_max, context);
  // The log bucket's own replay is among the buckets already.
  found.push(...levers.map(serviceFinding));
  return found;
}

/** Says which places have no month, beside every figure of a month. */
export function monthNotes(places: readonly BillPlace[]): string[] {
  const short = places.filter(
    (place) => place.month_scale === null && (place.calls > 0 || place.copies > 0),
  );
  if (short.length === 0) return [];
  return [
    `${plural(short.length, 'account and Region', 'accounts and Regions')} ${short.length === 1 ? 'has' : 'have'} fewer than 24 covered hours: their requests and copies are in the range only, not in a month.`,
  ];
}
