import { z } from 'zod';
import { plural } from '../../core/words.ts';
import { defineAnalysis, runSql } from '../analysis.ts';
import { filters } from '../params.ts';
import { monthNotes, readBillLedger, type BillLedger } from './bill-ledger.ts';
import type { BillPlace, PlaceBill } from './bill-settle.ts';
import { sharesSum } from './finding.ts';
import { priceNotes } from './prices.ts';

export const billLines = ['requests', 'keys', 'cloudtrail_copies', 'free_tier', 'total'] as const;
export type BillLine = (typeof billLines)[number];

const usd = (description: string) => z.number().meta({ unit: 'USD', description });
const month = (description: string) => usd(description).nullable();
const calls = (description: string) => z.number().nullable().meta({ unit: 'calls', description });

const Row = z.object({
  account_id: z.string().meta({ description: 'account; (all) is all accounts together' }),
  line: z.enum(billLines).meta({
    description:
      'requests + keys + cloudtrail_copies + free_tier (negative) = total (definitions: Bill)',
  }),
  calls_before: calls('requests that are charged, or events that further trails log again'),
  calls_after: calls('the same after every finding'),
  before_usd: usd('in the covered hours of the range; where a price is uncertain the lower end'),
  after_usd: usd('the same after every finding'),
  saving_usd: usd('before less after: the sum of the findings'),
  before_usd_monthly: month('in a month of 730 hours, lower end; null where no month can be told'),
  after_usd_monthly: month('the same after every finding'),
  saving_usd_monthly: month('before less after in a month: the sum of the findings'),
  before_high_usd: usd('before_usd at the upper end of uncertain prices'),
  after_high_usd: usd('after_usd at the upper end'),
  before_high_usd_monthly: month('before_usd_monthly at the upper end'),
  after_high_usd_monthly: month('after_usd_monthly at the upper end'),
  not_normalised_usd: usd('part of before_usd that is in no month: fewer than 24 covered hours'),
  one_time_cost_usd: usd('what the findings cost once; in the line total'),
  covered_hours: z
    .number()
    .meta({ unit: 'h', description: 'covered hours, the most of its Regions' }),
});
export type BillRow = z.output<typeof Row>;

const Params = z.object({
  ...filters,
  account: z.string().max(64).optional().describe('account that is charged'),
  saved_calls_min: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('a finding must be able to spare this many calls in the range'),
});

export default defineAnalysis({
  name: 'bill',
  topic: 'finops',
  title: 'Bill',
  question: 'What does KMS cost in all, and what would it cost after the findings?',
  audience: ['finops'],
  headline: [
    'account_id',
    'line',
    'before_usd_monthly',
    'after_usd_monthly',
    'saving_usd_monthly',
    'before_usd',
    'one_time_cost_usd',
  ],
  caveats: [
    'List prices. Requests are charged to the account that calls, keys to their owner, copies to the account of the trail.',
    'The free tier is one for the payer that all accounts are taken to have. It is used first for the calls that stay, so an account never saves more than its bill.',
    'The upper end counts RSA keys of unknown size at the higher price and keys that AWS may manage as customer keys.',
    'In the range a key is charged for the covered hours; in a month for the month.',
    'With filters the bill is the part of the whole that falls on the account and Region: parts add up to the whole.',
  ],
  sql: new URL('./bill.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const { from, to, account, region } = params;
    const [outcomes] = await runSql(sql, { from, to, account, region }, context);
    const ledger = await readBillLedger(params, params.saved_calls_min, context);
    const isWanted = (place: { account_id: string; region: string }) =>
      (params.account === undefined || place.account_id === params.account) &&
      (params.region === undefined || place.region === params.region);
    const chosen = ledger.places.flatMap((place, i) => (isWanted(place) ? [i] : []));
    const accounts = new Map<string, number[]>();
    for (const i of chosen) {
      const { account_id } = ledger.places[i]!;
      accounts.set(account_id, [...(accounts.get(account_id) ?? []), i]);
    }
    const blocks = [...accounts].map(([account, places]) => block(account, places, ledger));
    blocks.sort(
      (a, b) =>
        b.at(-1)!.before_high_usd - a.at(-1)!.before_high_usd ||
        (a[0]!.account_id < b[0]!.account_id ? -1 : 1),
    );
    const rows = [...block('(all)', chosen, ledger), ...blocks.flat()];
    return {
      rows,
      notes: [
        ...priceNotes(context.config),
        ...monthNotes(chosen.map((i) => ledger.places[i]!)),
        ...spanNotes(rows),
        ...unpricedNotes(rows, outcomes ?? {}),
      ],
    };
  },
});

/** The lines of one account, or of all: each the sum of its places. */
function block(account_id: string, places: readonly number[], ledger: BillLedger): BillRow[] {
  const covered_hours = places.reduce(
    (most, i) => Math.max(most, ledger.places[i]!.covered_hours),
    0,
  );
  const names = new Set(places.map((i) => nameOf(ledger.places[i]!)));
  const shares = ledger.findings.flatMap(({ candidate, shares: parts }) =>
    parts.filter(({ share }) => names.has(nameOf({ ...share, region: candidate.region }))),
  );
  const requests = places.reduce((sum, i) => sum + ledger.places[i]!.calls, 0);
  const copies = places.reduce((sum, i) => sum + ledger.places[i]!.copies, 0);
  const saved = sharesSum(
    shares.map(({ share }) => share),
    (share) => share.saved_calls,
  );
  const copiesLeft = places.reduce(
    (sum, i) => sum + copiesAfter(ledger.places[i]!, ledger.range.after[i]),
    0,
  );
  const counts: Record<BillLine, [number | null, number | null]> = {
    requests: [requests, requests - Math.min(saved, requests)],
    keys: [null, null],
    cloudtrail_copies: [copies, copiesLeft],
    free_tier: [null, null],
    total: [null, null],
  };
  return billLines.map((line): BillRow => {
    const [low, high] = amounts[line];
    const sum = (bills: readonly (PlaceBill | null)[], pick: (bill: PlaceBill) => number) =>
      places.reduce((all, i) => all + (bills[i] ? pick(bills[i]) : 0), 0);
    const known = places.some((i) => isKnown(line, ledger.places[i]!));
    const inMonth = (bills: readonly (PlaceBill | null)[], pick: (bill: PlaceBill) => number) =>
      known ? sum(bills, pick) : null;
    const before_usd = sum(ledger.range.before, low);
    const after_usd = sum(ledger.range.after, low);
    const before_usd_monthly = inMonth(ledger.month.before, low);
    const after_usd_monthly = inMonth(ledger.month.after, low);
    return {
      account_id,
      line,
      calls_before: counts[line][0],
      calls_after: counts[line][1],
      before_usd,
      after_usd,
      saving_usd: before_usd - after_usd,
      before_usd_monthly,
      after_usd_monthly,
      saving_usd_monthly:
        before_usd_monthly === null ? null : before_usd_monthly - after_usd_monthly!,
      before_high_usd: sum(ledger.range.before, high),
      after_high_usd: sum(ledger.range.after, high),
      before_high_usd_monthly: inMonth(ledger.month.before, high),
      after_high_usd_monthly: inMonth(ledger.month.after, high),
      not_normalised_usd:
        line === 'keys'
          ? 0
          : places
              .filter((i) => ledger.places[i]!.month_scale === null)
              .reduce((all, i) => all + low(withoutKeys(ledger.range.before[i]!)), 0),
      one_time_cost_usd:
        line === 'total'
          ? sharesSum(
              shares.map(({ share }) => share),
              (share) => share.one_time_cost_usd,
            )
          : 0,
      covered_hours,
    };
  });
}

const withoutKeys = (bill: PlaceBill): PlaceBill => ({ ...bill, keys: 0, keys_high: 0 });

/** Keys have a month of their own; the other lines need covered hours. */
const isKnown = (line: BillLine, place: BillPlace) =>
  place.month_scale !== null || ((line === 'keys' || line === 'total') && hasKeys(place));
const hasKeys = (place: BillPlace) => place.keys_high_usd_monthly > 0;

const nameOf = (place: { account_id: string; region: string }) =>
  `${place.account_id} ${place.region}`;

const copiesAfter = (place: BillPlace, after: PlaceBill | null | undefined) =>
  place.copies_usd > 0 && after ? Math.round((place.copies * after.copies) / place.copies_usd) : 0;

/** What a line takes of a place's bill: the lower and the upper end. */
const amounts: Record<BillLine, [(b: PlaceBill) => number, (b: PlaceBill) => number]> = {
  requests: [(bill) => bill.requests, (bill) => bill.requests_high],
  keys: [(bill) => bill.keys, (bill) => bill.keys_high],
  cloudtrail_copies: [(bill) => bill.copies, (bill) => bill.copies],
  free_tier: [(bill) => 0 - bill.free_tier, (bill) => 0 - bill.free_tier],
  total: [
    (bill) => bill.requests + bill.keys + bill.copies - bill.free_tier,
    (bill) => bill.requests_high + bill.keys_high + bill.copies - bill.free_tier,
  ],
};

function spanNotes(rows: readonly BillRow[]): string[] {
  const total = rows.find((row) => row.line === 'total');
  if (!total || total.before_high_usd === total.before_usd) return [];
  const accounts = new Set(rows.map((row) => row.account_id)).size - 1;
  return [
    `The bill of ${plural(accounts, 'account')} is a range: the size of an RSA key, or who manages a key, is not in the log.`,
  ];
}

/** Calls that are in no dollar: those that did not succeed, and those whose price is not known. */
function unpricedNotes(
  rows: readonly BillRow[],
  outcomes: Readonly<Record<string, unknown>>,
): string[] {
  const notes: string[] = [];
  const refused = Number(outcomes['throttled_calls'] ?? 0) + Number(outcomes['failed_calls'] ?? 0);
  if (refused > 0)
    notes.push(
      `${plural(refused, 'call')} did not succeed and ${refused === 1 ? 'is' : 'are'} not priced.`,
    );
  const requests = rows.find((row) => row.line === 'requests');
  const unknown = Number(outcomes['successful_calls'] ?? 0) - (requests?.calls_before ?? 0);
  if (unknown > 0)
    notes.push(`${plural(unknown, 'call')} ${unknown === 1 ? 'has' : 'have'} no known price.`);
  return notes;
}
