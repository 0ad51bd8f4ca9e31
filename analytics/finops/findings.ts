import { z } from 'zod';
import { pricingFile } from '../../reference/pricing.ts';
import { defineAnalysis, runSql, type AnalysisContext } from '../analysis.ts';
import { filters, limit, type FilterValues } from '../params.ts';
import bucketKeySavings, { type BucketSavingRow } from './bucket-key-savings.ts';
import cloudtrailCost, { type CloudTrailCostRow } from './cloudtrail-cost.ts';
import dataKeyCacheSavings, { type CacheSavingRow } from './data-key-cache-savings.ts';
import {
  bucketFindings,
  cacheFinding,
  findingNames,
  idleKeyFinding,
  leverOrder,
  serviceFinding,
  trailCopiesFinding,
  type Candidate,
} from './finding-candidates.ts';
import keyCost, { type KeyCostRow } from './key-cost.ts';
import { priceNotes } from './prices.ts';
import serviceLevers, { type ServiceLeverRow } from './service-levers.ts';

const text = (description: string) => z.string().meta({ description });
const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const usd = (description: string) => z.number().meta({ unit: 'USD', description });
const rate = (description: string) => z.number().nullable().meta({ unit: 'calls/s', description });

const Row = z.object({
  rank: z.number().meta({ description: 'by dollars, then by relieved peak' }),
  finding: z.enum(findingNames).meta({ description: 'cause' }),
  title: text('cause in plain words'),
  lever_class: z.enum(leverOrder).meta({ description: 'levers are combined in this order' }),
  account_id: text('account'),
  region: text('AWS Region'),
  resource: text('bucket, queue, table, secret, parameter, function, key or trail'),
  principal_arn: text('who calls').nullable(),
  key_arn: text('KMS key').nullable(),
  calls: calls('calls that the finding is about'),
  calls_share_percent: z.number().nullable().meta({
    unit: 'percent',
    description: 'of the successful calls of the account and Region',
  }),
  saved_calls: calls('saved in the range, pessimistic'),
  saved_calls_high: calls('saved in the range by the most favourable setting'),
  saving_usd: usd('saving in the range, pessimistic'),
  saving_usd_monthly: usd('normalised to a month; null where coverage is short').nullable(),
  cloudtrail_saving_usd: usd('what the spared events would also spare on additional trails'),
  one_time_cost_usd: usd('what the change costs once'),
  calls_per_second_peak: rate('busiest second before'),
  calls_per_second_relieved: rate('by how much the busiest second falls'),
  confidence: z.enum(['high', 'medium', 'low']).meta({ description: 'how sure the saving is' }),
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
    'Each call is saved by one finding at most; saved_calls_high of different findings may rest on different assumptions.',
    'A finding without dollars is shown when its favourable bound is worth a look.',
    'Idle keys and copies on additional trails save dollars, not calls.',
  ],
  sql: new URL('./findings.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const { saved_calls_min, limit: _, ...range } = params;
    const shares = new Map(
      (await runSql(sql, range, context)).map((row) => [
        `${String(row['account_id'])} ${String(row['region'])}`,
        Number(row['calls']),
      ]),
    );
    const found = (await callFindings(range, context)).filter(
      (candidate) => candidate.saved_calls_high >= saved_calls_min,
    );
    const rows = await withTrailCopies(found, range, context);
    const keys = (await rowsOf(keyCost, range, context)) as KeyCostRow[];
    rows.push(
      ...keys
        .filter((key) => key.idle_state === 'idle_candidate' && costs(key) && isKnown(key))
        .map((key) => rowOf(idleKeyFinding(key), 0)),
    );
    for (const row of rows) {
      const all = shares.get(`${row.account_id} ${row.region}`);
      row.calls_share_percent = all && row.saved_calls_high > 0 ? (100 * row.calls) / all : null;
    }
    rows.sort(byWorth);
    rows.forEach((row, i) => (row.rank = i + 1));
    return { rows, notes: priceNotes(context.config) };
  },
});

/** Rows of each analysis that findings are made of: the best by saving, so that memory is bounded. */
const rows_max = 50_000;

/** A key that was only looked at, of assumed kind, may be AWS managed: no finding without more. */
const isKnown = (key: KeyCostRow) => key.uses > 0 || key.kind_basis === 'inventory';

const costs = (key: KeyCostRow) => (key.charge_usd_monthly ?? 0) > 0;

/** Dollars a month where they are known, else of the range; then the relieved peak. */
function byWorth(a: FindingRow, b: FindingRow): number {
  const worth = (row: FindingRow) => row.saving_usd_monthly ?? row.saving_usd;
  return (
    worth(b) - worth(a) ||
    (b.calls_per_second_relieved ?? 0) - (a.calls_per_second_relieved ?? 0) ||
    b.saved_calls_high - a.saved_calls_high ||
    (a.resource < b.resource ? -1 : 1)
  );
}

const rowsOf = async (
  analysis: { execute: typeof keyCost.execute },
  params: Record<string, unknown>,
  context: AnalysisContext,
) => (await analysis.execute({ ...params, limit: rows_max }, context)).rows;

/** Findings that spare calls. Their calls are disjoint: each rests on its own context kind. */
async function callFindings(range: FilterValues, context: AnalysisContext): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const buckets = (await rowsOf(
    bucketKeySavings,
    { ...range, band: true },
    context,
  )) as BucketSavingRow[];
  for (const band of groupByName(buckets, bucketName).values()) {
    const chosen = band.find((row) => row.window_seconds === 60 && row.requester === 'session');
    if (chosen) found.push(...bucketFindings(chosen, band));
  }
  const caches = (await rowsOf(dataKeyCacheSavings, { ...range }, context)) as CacheSavingRow[];
  found.push(...caches.map(cacheFinding));
  const levers = (await rowsOf(serviceLevers, { ...range }, context)) as ServiceLeverRow[];
  // The log bucket's own replay is among the buckets already.
  found.push(...levers.filter((row) => row.lever !== 'log_bucket_key').map(serviceFinding));
  return found;
}

const bucketName = (row: BucketSavingRow) =>
  `${row.region} ${row.s3_bucket} ${row.key_arn} ${row.scope}`;

function groupByName<T>(rows: readonly T[], name: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(name(row));
    if (group) group.push(row);
    else groups.set(name(row), [row]);
  }
  return groups;
}

/** Spared calls spare their copies on additional trails too; the copies' own finding gets the rest. */
async function withTrailCopies(
  found: readonly Candidate[],
  range: FilterValues,
  context: AnalysisContext,
): Promise<FindingRow[]> {
  const usd_per_copy = pricingFile.cloudtrail.additional_copy_management_usd_per_100k / 100_000;
  const trails = (await rowsOf(cloudtrailCost, { ...range }, context)) as CloudTrailCostRow[];
  const byPlace = new Map(trails.map((row) => [`${row.account_id} ${row.region}`, row]));
  const taken = new Map<string, number>();
  const rows = found.map((candidate) => {
    const place = `${candidate.account_id} ${candidate.region}`;
    const trail = byPlace.get(place);
    const copies = trail ? trail.copies_per_event - 1 : 0;
    const saved = candidate.saved_calls * copies * usd_per_copy;
    taken.set(place, (taken.get(place) ?? 0) + saved);
    return rowOf(candidate, saved);
  });
  for (const [place, trail] of byPlace) {
    if (trail.additional_copies === 0) continue;
    rows.push(rowOf(trailCopiesFinding(trail, taken.get(place) ?? 0), 0));
  }
  return rows;
}

function rowOf(candidate: Candidate, cloudtrail_saving_usd: number): FindingRow {
  const { calls_per_second_peak_after, ...shown } = candidate;
  const peak = candidate.calls_per_second_peak;
  return {
    ...shown,
    rank: 0,
    calls_share_percent: null,
    cloudtrail_saving_usd,
    calls_per_second_relieved:
      peak === null || calls_per_second_peak_after === null
        ? null
        : peak - calls_per_second_peak_after,
  };
}
