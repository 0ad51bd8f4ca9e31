import { z } from 'zod';
import { defineAnalysis, sqlParams } from '../analysis.ts';
import { CoverageHours, monthly } from '../coverage-hours.ts';
import { filters, flag, limit } from '../params.ts';
import { BestRows } from './best-rows.ts';
import { bandSettings, replayBuckets, type BucketOutcome } from './bucket-replays.ts';
import { PriceList, priceNotes } from './prices.ts';
import type { BucketCalls, BucketCallsLeft, BucketKeySetting } from './read-replay.ts';
import { rewriteCost } from './rewrite-cost.ts';

const count = (description: string) => z.number().meta({ unit: 'calls', description });
const calls = (description: string) => count(description).nullable();
const usd = (description: string) => z.number().nullable().meta({ unit: 'USD', description });
const rate = (description: string) => z.number().nullable().meta({ unit: 'calls/s', description });

const Row = z.object({
  region: z.string().meta({ description: 'AWS Region' }),
  s3_bucket: z.string().meta({ description: 'bucket' }),
  key_arn: z.string().meta({ description: 'KMS key of the objects' }),
  scope: z.enum(['objects', 'log_delivery', 'bucket_key_on']).meta({
    description:
      'objects without a bucket key, log files of CloudTrail, or a bucket key already on',
  }),
  bucket_state: z
    .enum(['off', 'on', 'mixed'])
    .meta({ description: 'mixed: some calls name the bucket, some an object (older objects)' }),
  account_id: z.string().meta({ description: 'account that makes the calls' }),
  window_seconds: z
    .number()
    .nullable()
    .meta({ unit: 's', description: 'assumed reuse time T of a bucket key; null when on already' }),
  requester: z
    .enum(['role', 'session'])
    .nullable()
    .meta({ description: 'whom S3 is assumed to take for one requester' }),
  calls: count('successful GenerateDataKey and Decrypt calls, before'),
  writes: count('of these GenerateDataKey'),
  reads_written: count('Decrypt calls for objects whose write is in the log'),
  reads_older: count('Decrypt calls for objects older than the log'),
  objects_older: z
    .number()
    .meta({ unit: 'objects', description: 'distinct older objects that were read' }),
  writes_after: calls('GenerateDataKey calls left with a bucket key'),
  reads_written_after: calls('Decrypt calls left for objects written in the log'),
  reads_older_after_high: calls('Decrypt calls left for older objects once rewritten, pessimistic'),
  reads_older_after_low: calls('the same, optimistic'),
  saved_calls_day_one: calls('saved on new writes and the reads of what they wrote'),
  saved_calls_rewritten: calls('saved once older objects are rewritten, pessimistic'),
  saved_calls_day_one_band_low: calls('least of T in 1, 5, 15, 60 minutes, role and session'),
  saved_calls_day_one_band_high: calls('most of the same'),
  saved_calls_rewritten_band_low: calls('least of the same, older objects rewritten, pessimistic'),
  saved_calls_rewritten_band_high: calls('most of the same, older objects rewritten, optimistic'),
  cost_usd: usd('what the calls cost in the range'),
  saving_day_one_usd: usd('saving in the range, day one'),
  saving_rewritten_usd: usd('saving in the range once rewritten, before the rewrite cost'),
  rewrite_cost_usd: usd('one-time cost of rewriting the older objects that were read'),
  saving_rewritten_net_usd: usd('saving_rewritten_usd less rewrite_cost_usd'),
  saving_day_one_usd_monthly: usd('day one, normalised to 730 covered hours; null below 24 h'),
  saving_rewritten_usd_monthly: usd('once rewritten, normalised, before the rewrite cost'),
  covered_hours: z.number().meta({ unit: 'h', description: 'hours of the range that are covered' }),
  calls_per_second_peak: rate('busiest second before'),
  calls_per_second_peak_day_one: rate('busiest second of what is left on day one'),
  calls_per_second_peak_rewritten: rate('busiest second of what is left after a rewrite'),
  calls_with_more_context: count('calls whose context holds more than the S3 ARN'),
  lost: z.string().meta({ description: 'what the saving costs in evidence' }),
});
export type BucketSavingRow = z.output<typeof Row>;

const Params = z.object({
  ...filters,
  bucket: z.string().max(255).optional().describe('bucket name'),
  key: z.string().max(2048).optional().describe('KMS key ARN'),
  scope: z
    .enum(['objects', 'log_delivery', 'bucket_key_on'])
    .optional()
    .describe('only calls of this scope; bucket_state is of these calls then'),
  window_seconds: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(60)
    .describe('assumed reuse time T of a bucket key, seconds'),
  requester: z
    .enum(['role', 'session'])
    .default('session')
    .describe('whom S3 takes for one requester; session is the older, pessimistic reading'),
  band: flag.default(false).describe('one row for each T and requester of the band'),
  limit: limit(1_000, 50_000),
});

export default defineAnalysis({
  name: 'bucket-key-savings',
  topic: 'finops',
  title: 'S3 Bucket Key savings',
  question: 'What would S3 Bucket Keys save, bucket by bucket?',
  audience: ['finops', 'capacity'],
  headline: [
    's3_bucket',
    'bucket_state',
    'calls',
    'saved_calls_day_one',
    'saved_calls_rewritten',
    'saving_rewritten_usd_monthly',
    'rewrite_cost_usd',
    'calls_per_second_peak',
  ],
  caveats: [
    'AWS publishes no reuse time T and has described the requester as session and as role: see the band, and read the default (60 s, session) as the pessimistic end.',
    'Existing objects keep their own data keys until they are rewritten; older objects that nobody read are not in the log.',
    'S3 may fetch a bucket key from several hosts at once, and DSSE-KMS objects cannot use one: neither shows in the log.',
    'An account filter hides the writes of other accounts, and so makes objects look older than they are.',
    'Prices of the rewrite (S3 COPY and Batch Operations) are unverified.',
  ],
  sql: new URL('./bucket-key-savings.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const chosen = { window_seconds: params.window_seconds, requester: params.requester };
    const settings = [chosen, ...bandSettings.filter((setting) => !same(setting, chosen))];
    const coverage = await CoverageHours.read(context, params);
    const prices = new PriceList(context.config);
    const best = new BestRows<BucketSavingRow>(
      params.limit,
      (a, b) =>
        (b.saved_calls_rewritten ?? -1) - (a.saved_calls_rewritten ?? -1) || b.calls - a.calls,
    );
    const states = new Map<string, Set<boolean>>();
    for await (const outcome of replayBuckets(sql, sqlParams(params), settings, context)) {
      const bucket = `${outcome.region} ${outcome.s3_bucket}`;
      const state = states.get(bucket) ?? new Set();
      states.set(bucket, state.add(outcome.scope === 'bucket_key_on'));
      const usd_per_call = prices.symmetric(outcome.region);
      const shown = params.band ? bandSettings : [chosen];
      if (outcome.after.length === 0) best.add(rowOf(outcome, null, usd_per_call, coverage));
      else {
        for (const setting of shown) {
          best.add(rowOf(outcome, setting, usd_per_call, coverage));
        }
      }
    }
    const rows = best.finish();
    for (const row of rows) {
      const state = states.get(`${row.region} ${row.s3_bucket}`)!;
      row.bucket_state = state.size === 2 ? 'mixed' : state.has(true) ? 'on' : 'off';
    }
    return { rows, notes: [...priceNotes(context.config), ...notesOf(rows)] };
  },
});

const same = (a: BucketKeySetting, b: BucketKeySetting) =>
  a.window_seconds === b.window_seconds && a.requester === b.requester;

/** Calls saved by a setting: on day one, and once older objects are rewritten (low is pessimistic). */
export function savedCalls(before: BucketCalls, after: BucketCallsLeft) {
  const day_one = before.writes - after.writes + before.reads_written - after.reads_written;
  return {
    day_one,
    rewritten_low: day_one + before.reads_older - after.reads_older_high,
    rewritten_high: day_one + before.reads_older - after.reads_older_low,
  };
}

function rowOf(
  outcome: BucketOutcome,
  setting: BucketKeySetting | null,
  usd_per_call: number,
  coverage: CoverageHours,
): BucketSavingRow {
  const { region, s3_bucket, key_arn, scope, before, shares } = outcome;
  const accounts = shares.map((share) => share.account_id);
  const calls = before.writes + before.reads_written + before.reads_older;
  const chosen = setting ? outcome.after.findIndex((entry) => same(entry.setting, setting)) : -1;
  const after = outcome.after[chosen]?.after ?? null;
  const saved = after && savedCalls(before, after);
  const band = outcome.after
    .filter((entry) => bandSettings.some((inBand) => same(inBand, entry.setting)))
    .map((entry) => savedCalls(before, entry.after));
  const least = (pick: (s: (typeof band)[number]) => number) =>
    band.length ? Math.min(...band.map(pick)) : null;
  const most = (pick: (s: (typeof band)[number]) => number) =>
    band.length ? Math.max(...band.map(pick)) : null;
  const rewrite_cost = saved && rewriteCost(before.objects_older, usd_per_call);
  const day_one_usd = saved && saved.day_one * usd_per_call;
  const rewritten_usd = saved && saved.rewritten_low * usd_per_call;
  // Each payer's part is scaled by the hours that its own trail covers.
  const inMonth = (pick: (saved: ReturnType<typeof savedCalls>) => number) => {
    const parts = shares.map((share) =>
      monthly(
        pick(savedCalls(share.before, share.after[chosen]!)) * usd_per_call,
        coverage.hours([share.account_id], region),
      ),
    );
    return parts.includes(null) ? null : parts.reduce<number>((sum, part) => sum + part!, 0);
  };
  return {
    region,
    s3_bucket,
    key_arn,
    scope,
    bucket_state: 'off',
    account_id: accounts.length === 1 ? accounts[0]! : `(${accounts.length} accounts)`,
    window_seconds: setting?.window_seconds ?? null,
    requester: setting?.requester ?? null,
    calls,
    writes: before.writes,
    reads_written: before.reads_written,
    reads_older: before.reads_older,
    objects_older: before.objects_older,
    writes_after: after?.writes ?? null,
    reads_written_after: after?.reads_written ?? null,
    reads_older_after_high: after?.reads_older_high ?? null,
    reads_older_after_low: after?.reads_older_low ?? null,
    saved_calls_day_one: saved?.day_one ?? null,
    saved_calls_rewritten: saved?.rewritten_low ?? null,
    saved_calls_day_one_band_low: least((s) => s.day_one),
    saved_calls_day_one_band_high: most((s) => s.day_one),
    saved_calls_rewritten_band_low: least((s) => s.rewritten_low),
    saved_calls_rewritten_band_high: most((s) => s.rewritten_high),
    cost_usd: calls * usd_per_call,
    saving_day_one_usd: day_one_usd,
    saving_rewritten_usd: rewritten_usd,
    rewrite_cost_usd: rewrite_cost,
    saving_rewritten_net_usd: rewritten_usd === null ? null : rewritten_usd - rewrite_cost!,
    saving_day_one_usd_monthly: saved && inMonth((part) => part.day_one),
    saving_rewritten_usd_monthly: saved && inMonth((part) => part.rewritten_low),
    covered_hours: coverage.hours(accounts, region),
    calls_per_second_peak: before.peak,
    calls_per_second_peak_day_one: after?.peak_day_one ?? null,
    calls_per_second_peak_rewritten: after?.peak_after_rewrite ?? null,
    calls_with_more_context: outcome.calls_with_more_context,
    lost: saved
      ? `up to ${saved.rewritten_low} KMS events that name an object; what is left names the bucket only, and policies that test the object in the encryption context stop matching`
      : 'nothing more: KMS events name the bucket already',
  };
}

function notesOf(rows: readonly BucketSavingRow[]): string[] {
  const notes: string[] = [];
  if (
    rows.some((row) => row.scope !== 'bucket_key_on' && row.saving_day_one_usd_monthly === null)
  ) {
    notes.push('Fewer than 24 hours are covered: no figure is scaled to a month.');
  }
  if (rows.some((row) => row.calls_with_more_context > 0)) {
    notes.push(
      'Some contexts hold more than the S3 ARN (calls_with_more_context): whether a bucket key serves them is not documented.',
    );
  }
  return notes;
}
