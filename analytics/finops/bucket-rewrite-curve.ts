import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { defineAnalysis, sqlParams, type AnalysisContext } from '../analysis.ts';
import { CoverageHours, monthly } from '../coverage-hours.ts';
import { filters, flag, limit } from '../params.ts';
import { hotObjects, type HotBucket } from './hot-objects.ts';
import { PriceList } from './prices.ts';
import { rewriteCost, rewriteCostPerObject } from './rewrite-cost.ts';

const usd = (description: string) => z.number().meta({ unit: 'USD', description });
const objects = (description: string) => z.number().meta({ unit: 'objects', description });
const sql_file = new URL('./bucket-rewrite-curve.sql', import.meta.url);

const Row = z.object({
  region: z.string().meta({ description: 'AWS Region' }),
  s3_bucket: z.string().meta({ description: 'bucket' }),
  key_arn: z.string().meta({ description: 'KMS key of the objects' }),
  objects_rewritten: objects('rewritten, the hottest first'),
  objects_read: objects('existing objects that were read'),
  saved_calls: z.number().meta({ unit: 'calls', description: 'saved by these in the range' }),
  saved_share_percent: z
    .number()
    .meta({ unit: 'percent', description: 'of what rewriting all of them saves' }),
  saving_usd: usd('saving over the horizon (of the range when it cannot be scaled)'),
  rewrite_cost_usd: usd('one-time cost of rewriting these'),
  net_usd: usd('saving_usd less rewrite_cost_usd'),
  is_cut: z.boolean().meta({ description: 'here the rewrite stops paying: the manifest ends' }),
  covered_hours: z.number().meta({ unit: 'h', description: 'covered hours' }),
});
export type RewriteCurveRow = z.output<typeof Row>;

export const rewriteParams = z.object({
  ...filters,
  bucket: z.string().max(255).optional().describe('bucket name'),
  key: z.string().max(2048).optional().describe('KMS key ARN'),
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
    .describe('whom S3 takes for one requester'),
  include_written: flag
    .default(false)
    .describe('also objects whose write is in the log (they exist now, too)'),
  horizon_months: z.coerce
    .number()
    .int()
    .min(1)
    .max(120)
    .default(12)
    .describe('months in which a rewrite must pay for itself'),
  limit: limit(1_000, 50_000),
});
export type RewriteParams = z.output<typeof rewriteParams>;

export default defineAnalysis({
  name: 'bucket-rewrite-curve',
  topic: 'finops',
  title: 'Rewrite of existing objects',
  question: 'How many existing objects must be rewritten for how much of the saving?',
  audience: ['finops'],
  headline: [
    's3_bucket',
    'objects_rewritten',
    'saved_calls',
    'saved_share_percent',
    'saving_usd',
    'rewrite_cost_usd',
    'net_usd',
  ],
  caveats: [
    'Only with a bucket key switched on; the saving is the pessimistic one, each object by itself.',
    'Rewriting makes a new version of each object, changes its modification time, and counts as early deletion in archive classes.',
    'Prices of S3 COPY and Batch Operations are unverified.',
  ],
  sql: sql_file,
  params: rewriteParams,
  row: Row,
  run: async (sql, params, context) => {
    const coverage = await CoverageHours.read(context, params);
    const rows: RewriteCurveRow[] = [];
    for await (const bucket of hotObjects(sql, sqlParams(params), params, context)) {
      rows.push(...curve(bucket, payOf(bucket, params, coverage, context)));
    }
    return { rows, notes: [] };
  },
});

interface Pay {
  covered_hours: number;
  /** Dollars that one spared call of the range is worth over the horizon. */
  usd_per_saved: number;
  usd_per_call: number;
}

function payOf(
  bucket: HotBucket,
  params: RewriteParams,
  coverage: CoverageHours,
  context: AnalysisContext,
): Pay {
  const covered_hours = coverage.hours(bucket.accounts, bucket.region);
  const usd_per_call = new PriceList(context.config).symmetric(bucket.region);
  const month = monthly(usd_per_call, covered_hours);
  const usd_per_saved = month === null ? usd_per_call : month * params.horizon_months;
  return { covered_hours, usd_per_call, usd_per_saved };
}

/** How many of the hottest objects pay for their rewrite; none when together they miss the job's fee. */
export function cutOf(hot: readonly { saved: number }[], pay: Omit<Pay, 'covered_hours'>): number {
  const each = rewriteCostPerObject(pay.usd_per_call);
  let cut = 0;
  let saved = 0;
  while (cut < hot.length && hot[cut]!.saved * pay.usd_per_saved >= each)
    saved += hot[cut++]!.saved;
  return saved * pay.usd_per_saved >= rewriteCost(cut, pay.usd_per_call) ? cut : 0;
}

/** Points at 1, 2, 5, 10, ... objects, at the cut, and at all objects. */
function curve(bucket: HotBucket, pay: Pay): RewriteCurveRow[] {
  const { region, s3_bucket, key_arn, hot } = bucket;
  const cut = cutOf(hot, pay);
  const points = new Set([cut, hot.length]);
  for (let step = 1; step < hot.length; step *= 10) {
    for (const times of [1, 2, 5]) if (step * times < hot.length) points.add(step * times);
  }
  const all = hot.reduce((sum, object) => sum + object.saved, 0);
  const rows: RewriteCurveRow[] = [];
  let saved_calls = 0;
  for (let count = 0; count <= hot.length; count++) {
    if (count > 0) saved_calls += hot[count - 1]!.saved;
    if (!points.has(count)) continue;
    const saving_usd = saved_calls * pay.usd_per_saved;
    const rewrite_cost_usd = rewriteCost(count, pay.usd_per_call);
    rows.push({
      region,
      s3_bucket,
      key_arn,
      objects_rewritten: count,
      objects_read: bucket.objects,
      saved_calls,
      saved_share_percent: all === 0 ? 0 : (100 * saved_calls) / all,
      saving_usd,
      rewrite_cost_usd,
      net_usd: saving_usd - rewrite_cost_usd,
      is_cut: count === cut,
      covered_hours: pay.covered_hours,
    });
  }
  return rows;
}

/**
 * An S3 Batch Operations manifest: lines `bucket,key` with URL-encoded keys, hottest object first, cut
 * where the rewrite stops paying. A manifest is of one bucket, so `bucket` must be given. Throws
 * KeymeterError manifest_bucket when it is missing or no bucket name.
 */
export async function* batchManifest(
  raw: unknown,
  context: AnalysisContext,
): AsyncGenerator<string> {
  const params = rewriteParams.parse(raw);
  if (!params.bucket || !/^[A-Za-z0-9._-]{3,255}$/.test(params.bucket)) {
    throw new KeymeterError('manifest_bucket', `${params.bucket ?? 'nothing'} is no bucket name`, {
      fix: 'name the one bucket of the manifest with --bucket',
      exitCode: exitCodes.usage,
    });
  }
  const coverage = await CoverageHours.read(context, params);
  const sql = readFileSync(fileURLToPath(sql_file), 'utf8');
  for await (const bucket of hotObjects(sql, sqlParams(params), params, context)) {
    const cut = cutOf(bucket.hot, payOf(bucket, params, coverage, context));
    for (const { object_arn } of bucket.hot.slice(0, cut)) {
      const key = object_arn.slice(object_arn.indexOf('/') + 1);
      if (key !== '' && object_arn.includes('/')) yield `${params.bucket},${encodedKey(key)}\n`;
    }
  }
}

/** URL encoding as S3 Batch Operations decodes it; slashes stay readable. */
export function encodedKey(key: string): string {
  // Text from the log may hold half a surrogate pair, which has no encoding; UTF-8 replaces it.
  return Buffer.from(key)
    .toString()
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
