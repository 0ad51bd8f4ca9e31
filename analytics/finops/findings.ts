import { z } from 'zod';
import { defineAnalysis, runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { monthNotes, readBillLedger, type BillLedger, type SettledFinding } from './bill-ledger.ts';
import { shareNet, type BillPlace } from './bill-settle.ts';
import { findingSentence } from './finding-sentence.ts';
import { findingNames, leverOrder, sharesSum, type CandidateShare } from './finding.ts';
import { priceNotes } from './prices.ts';

const text = (description: string) => z.string().meta({ description });
const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const usd = (description: string) => z.number().meta({ unit: 'USD', description });
const rate = (description: string) => z.number().nullable().meta({ unit: 'calls/s', description });

const month = (description: string) => usd(description).nullable();

const Row = z.object({
  rank: z.number().meta({ description: 'by net dollars a year, then by relieved peak' }),
  finding: z.enum(findingNames).meta({ description: 'cause' }),
  title: text('cause in plain words'),
  sentence: text('the finding in one sentence'),
  lever_class: z.enum(leverOrder).meta({ description: 'levers are combined in this order' }),
  account_id: text('account that pays; several are named by their number'),
  region: text('AWS Region'),
  resource: text('bucket, queue, table, secret, parameter, function, key or trail'),
  principal_arn: text('who calls').nullable(),
  key_arn: text('KMS key').nullable(),
  parameters: text('the setting that every number of the row and the advice rest on'),
  calls: calls('calls that the finding is about'),
  calls_share_percent: z.number().nullable().meta({
    unit: 'percent',
    description: 'of the successful calls of the account and Region',
  }),
  saved_calls_low: calls('saved in the range at the low end of the band'),
  saved_calls: calls('saved in the range, as the bill counts it'),
  saved_calls_high: calls('saved in the range at the high end of the band'),
  saving_usd: usd('what it takes off the bill of the range (definitions: Saving)'),
  saving_usd_monthly: month(
    'what it takes off the bill of a month; null where no month can be told',
  ),
  saving_low_usd_monthly: month('the same at the low end of the band'),
  saving_high_usd_monthly: month('the same at the high end; never more than is left of the bill'),
  saving_list_usd_monthly: month('the same at list prices, as if there were no free tier'),
  cloudtrail_saving_usd: usd('part of saving_usd: copies on further trails'),
  one_time_cost_usd: usd('what the change costs once'),
  payback_months: z.number().nullable().meta({
    unit: 'months',
    description: 'one_time_cost_usd by saving_usd_monthly; null when it never pays back',
  }),
  net_usd_yearly: month('twelve months of saving_usd_monthly less one_time_cost_usd'),
  calls_per_second_peak: rate('busiest second before'),
  calls_per_second_relieved: rate('by how much the busiest second falls'),
  confidence: z.enum(['high', 'medium', 'low']).meta({ description: 'how sure the saving is' }),
  confidence_reason: text('why it is not more, or not less'),
  taken_before: text('what other levers took of the same calls first').nullable(),
  evidence: text('what the log shows'),
  change: text('setting or command'),
  check: text('how to check afterwards'),
  query: text('command that gives the numbers'),
  lost: text('what the saving costs in evidence or safety'),
});
export type FindingRow = z.output<typeof Row>;

const Params = z.object({
  ...filters,
  account: z.string().max(64).optional().describe('account that pays'),
  key: z.string().max(2048).optional().describe('KMS key ARN'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  saved_calls_min: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('a lever must be able to spare this many calls in the range'),
  limit: limit(200),
});

export default defineAnalysis({
  name: 'findings',
  topic: 'finops',
  title: 'Findings',
  question: 'Why is the KMS bill what it is, and what should be changed first?',
  audience: ['finops', 'capacity'],
  headline: [
    'title',
    'resource',
    'saved_calls',
    'saving_usd_monthly',
    'one_time_cost_usd',
    'calls_per_second_relieved',
    'confidence',
    'account_id',
  ],
  caveats: [
    'Each call and each dollar is saved by one finding at most: the findings add up to the difference of the bill before and after.',
    'Dollars are net of the free tier: calls that it covers save nothing.',
    'A finding without dollars is shown when the high end of its band is worth a look.',
    'Idle keys and copies on additional trails save dollars, not calls.',
  ],
  sql: new URL('./findings.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const { saved_calls_min, from, to, account, region } = params;
    const counts = await runSql(sql, { from, to, account, region }, context);
    const calls_of = new Map(
      counts.map((row) => [
        `${String(row['account_id'])} ${String(row['region'])}`,
        Number(row['calls']),
      ]),
    );
    const ledger = await readBillLedger({ from, to }, saved_calls_min, context);
    const left = remainder(ledger);
    const rows = ledger.findings
      .filter(
        ({ candidate }) =>
          (region === undefined || candidate.region === region) &&
          (params.key === undefined || candidate.key_arn === params.key) &&
          (params.principal === undefined || candidate.principal_arn === params.principal),
      )
      .map(({ candidate, shares }) => ({
        candidate,
        shares: shares.filter(({ share }) => account === undefined || share.account_id === account),
      }))
      .filter(({ shares }) => isWorthALook(shares))
      .map((found) => rowOf(found, left, calls_of));
    rows.sort(byWorth);
    rows.forEach((row, i) => (row.rank = i + 1));
    return { rows, notes: [...priceNotes(context.config), ...monthNotes(ledger.places)] };
  },
});

/** One account's part of a bucket may be nothing at all. */
const isWorthALook = (shares: SettledFinding['shares']) =>
  shares.some(
    ({ share, range, month: inMonth }) =>
      share.saved_calls_high > 0 || shareNet(range) > 0 || (inMonth?.keys_high ?? 0) > 0,
  );

/** Net dollars a year where a month is known, else those of the range; then the relieved peak. */
function byWorth(a: FindingRow, b: FindingRow): number {
  const known = (row: FindingRow) => Number(row.net_usd_yearly !== null);
  const worth = (row: FindingRow) => row.net_usd_yearly ?? row.saving_usd - row.one_time_cost_usd;
  return (
    known(b) - known(a) ||
    worth(b) - worth(a) ||
    (b.calls_per_second_relieved ?? 0) - (a.calls_per_second_relieved ?? 0) ||
    b.saved_calls_high - a.saved_calls_high ||
    (a.resource < b.resource ? -1 : 1)
  );
}

/** Dollars a month of requests that every finding together leaves on the bill, by place. */
function remainder(ledger: BillLedger): Map<string, { place: BillPlace; usd_monthly: number }> {
  return new Map(
    ledger.places.map((place, i) => {
      const bill = ledger.month.after[i];
      const usd_monthly = bill ? Math.max(0, bill.requests - bill.free_tier) : 0;
      return [`${place.account_id} ${place.region}`, { place, usd_monthly }];
    }),
  );
}

function rowOf(
  { candidate, shares }: SettledFinding,
  left: ReturnType<typeof remainder>,
  calls_of: ReadonlyMap<string, number>,
): FindingRow {
  const { shares: _, calls_per_second_peak_after, ...shown } = candidate;
  const parts = shares.map(({ share }) => share);
  const sum = (pick: (share: CandidateShare) => number) => sharesSum(parts, pick);
  const known = shares.filter((part) => part.month !== null);
  const inMonth = (pick: (part: (typeof known)[number]) => number) =>
    known.length === 0 ? null : known.reduce((all, part) => all + pick(part), 0);
  const saving_usd_monthly = inMonth((part) => shareNet(part.month!));
  const one_time_cost_usd = sum((share) => share.one_time_cost_usd);
  const peak = candidate.calls_per_second_peak;
  const placeOf = (share: CandidateShare) => left.get(`${share.account_id} ${candidate.region}`);
  const all = new Set(parts.map((share) => share.account_id));
  const total = [...all].reduce(
    (calls, account) => calls + (calls_of.get(`${account} ${candidate.region}`) ?? 0),
    0,
  );
  const row: FindingRow = {
    ...shown,
    rank: 0,
    sentence: '',
    account_id: all.size === 1 ? parts[0]!.account_id : `(${all.size} accounts)`,
    calls: sum((share) => share.calls),
    calls_share_percent:
      total > 0 && sum((share) => share.saved_calls_high) > 0
        ? (100 * sum((share) => share.calls)) / total
        : null,
    saved_calls_low: sum((share) => share.saved_calls_low),
    saved_calls: sum((share) => share.saved_calls),
    saved_calls_high: sum((share) => share.saved_calls_high),
    saving_usd: shares.reduce((dollars, part) => dollars + shareNet(part.range), 0),
    saving_usd_monthly,
    saving_low_usd_monthly: inMonth(({ share, month: saving }) => {
      const calls = share.saved_calls > 0 ? share.saved_calls_low / share.saved_calls : 0;
      return (saving!.requests - saving!.free) * calls + saving!.keys + saving!.copies;
    }),
    saving_high_usd_monthly: inMonth(({ share, month: saving }) => {
      const of = placeOf(share);
      const more =
        (share.saved_calls_high - share.saved_calls) *
        (of ? of.place.usd_per_eligible_call * (of.place.month_scale ?? 0) : 0);
      const net = saving!.requests - saving!.free + saving!.keys_high + saving!.copies;
      return net + Math.min(more, of?.usd_monthly ?? 0);
    }),
    saving_list_usd_monthly: inMonth((part) => shareNet(part.month!) + part.month!.free),
    cloudtrail_saving_usd: shares.reduce((dollars, part) => dollars + part.range.copies, 0),
    one_time_cost_usd,
    payback_months:
      one_time_cost_usd === 0
        ? 0
        : saving_usd_monthly !== null && saving_usd_monthly > 0
          ? one_time_cost_usd / saving_usd_monthly
          : null,
    net_usd_yearly:
      saving_usd_monthly === null ? null : 12 * saving_usd_monthly - one_time_cost_usd,
    calls_per_second_relieved:
      peak === null || calls_per_second_peak_after === null
        ? null
        : peak - calls_per_second_peak_after,
  };
  return { ...row, sentence: findingSentence(row) };
}
