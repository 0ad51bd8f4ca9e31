import { z } from 'zod';
import { isoSeconds } from '../../core/time.ts';
import { defineAnalysis, type AnalysisContext } from '../analysis.ts';
import { binsAtPercent, distribution, type Bin } from './load-distribution.ts';
import { loadParams } from './load-params.ts';
import { quotaLoads } from './quota-loads.ts';
import { quotaValueAt } from './quota-values.ts';
import { whatIf, type Outcome, type Side } from './what-if-run.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const maybeNumber = (unit: string, description: string) =>
  z.number().nullable().meta({ unit, description });
const maybeAt = (description: string) =>
  z.string().nullable().meta({ unit: 'instant', description });

const row = z.object({
  side: z
    .enum(['source', 'destination'])
    .meta({ description: 'where the chosen calls are, or where they would move to' }),
  caller_account_id: z.string().meta({ description: 'account' }),
  region: z.string().meta({ description: 'AWS Region' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  limit_before: maybeNumber('calls/s', 'value in force at the end of the data; null when unknown'),
  limit_after: maybeNumber('calls/s', 'value to try, else the same'),
  calls_before: calls('calls in the range'),
  calls_after: calls('calls after the change'),
  chosen_calls: calls('calls that were chosen'),
  chosen_calls_left: calls('of these the ones that the lever leaves, before the factor'),
  peak_before: calls('busiest second'),
  peak_before_at: maybeAt('that second'),
  peak_after: calls('busiest second after the change, rounded up'),
  peak_after_at: maybeAt('that second'),
  p999_before: calls('99.9th percentile over active seconds'),
  p999_after: calls('99.9th percentile after the change'),
  percent_before: maybeNumber('%', 'busiest second in percent of limit_before'),
  percent_after: maybeNumber('%', 'busiest second in percent of limit_after'),
  seconds_80_percent_before: maybeNumber('s', 'seconds at 80 % or more'),
  seconds_80_percent_after: maybeNumber('s', 'the same after the change'),
  seconds_100_percent_before: maybeNumber('s', 'seconds at 100 % or more'),
  seconds_100_percent_after: maybeNumber('s', 'the same after the change'),
  quota_to_request: z
    .number()
    .meta({ unit: 'calls/s', description: 'peak_after with the headroom, rounded up' }),
  request_needed: z
    .boolean()
    .nullable()
    .meta({ description: 'quota_to_request is above limit_after; null when that is unknown' }),
});

const text = (description: string) => z.string().max(2048).optional().describe(description);

/** Figures of one side of one histogram. */
function figures(bins: readonly Bin[], limit: number | null) {
  if (bins.length === 0) {
    return {
      calls: 0,
      peak: 0,
      at: null,
      p999: 0,
      percent: limit === null ? null : 0,
      at80: limit === null ? null : 0,
      at100: limit === null ? null : 0,
    };
  }
  const spread = distribution(bins);
  const total = bins.reduce((sum, bin) => sum + bin.offered * bin.bins, 0);
  return {
    calls: Math.round(total * 1e6) / 1e6,
    peak: ceil(spread.offered_calls_peak),
    at: isoSeconds(spread.offered_peak_at),
    p999: ceil(spread.offered_p999),
    percent: limit === null ? null : (100 * spread.offered_calls_peak) / limit,
    at80: limit === null ? null : binsAtPercent(bins, limit, 80),
    at100: limit === null ? null : binsAtPercent(bins, limit, 100),
  };
}

/** A factor can leave parts of calls: the next whole one counts, but not for a last digit's sake. */
const ceil = (calls: number) => Math.max(0, Math.ceil(calls - 1e-9));

/** Account and Region of the load that is nearest to its quota, among those that the filters leave. */
async function nearestLoad(
  params: { quota: string; include_aws_service: boolean },
  context: AnalysisContext,
) {
  const share = (load: { bins: Bin[]; window: { limit_calls: number } | null }) =>
    load.bins.reduce((most, bin) => Math.max(most, bin.offered), 0) /
    (load.window?.limit_calls ?? Number.POSITIVE_INFINITY);
  const loads = (await quotaLoads(params, context)).filter(
    (load) => load.caller_account_id !== null && load.region !== null,
  );
  return loads.sort((a, b) => share(b) - share(a) || a.load_no - b.load_no)[0];
}

export default defineAnalysis({
  name: 'quota-what-if',
  topic: 'capacity',
  title: 'Quota what-if',
  question:
    'What would the peak be if these calls grew, moved, or were cached; what quota to ask for?',
  audience: ['capacity', 'finops'],
  headline: [
    'side',
    'caller_account_id',
    'region',
    'quota_id',
    'peak_before',
    'peak_after',
    'percent_after',
    'quota_to_request',
  ],
  caveats: [
    'Every second is computed again from the log; clients that would call at other times are not modelled.',
    'Without account and Region the load nearest to its quota is taken; without a choice of calls, all of its calls.',
    'The cache answers calls alike in operation, principal, key and encryption context, for the given time after the one that fetched the key; calls without a context are left.',
    'Bucket keys are counted from the first day: reads of objects older than the log stay as they are.',
    'Only successful calls are cut by a lever; retries of throttled calls stay in the offered load.',
  ],
  sql: new URL('./quota-what-if.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    quota: z.string().max(64).default('crypto_symmetric').describe('quota id'),
    load: z
      .enum(['accepted', 'offered'])
      .default('offered')
      .describe('offered calls (what is asked for), or accepted ones'),
    principal: text('chosen calls: principal ARN'),
    service: text('chosen calls: service that called on behalf, such as s3.amazonaws.com'),
    key: text('chosen calls: key ARN'),
    bucket: text('chosen calls: S3 bucket'),
    factor: z.coerce
      .number()
      .min(0)
      .max(10_000)
      .default(1)
      .describe('chosen calls are multiplied by this; 0 takes them out'),
    lever: z
      .enum(['none', 'data_key_cache', 'bucket_keys'])
      .default('none')
      .describe(
        'what takes chosen calls out: a cache of data keys in the client, or S3 Bucket Keys',
      ),
    window_seconds: z.coerce
      .number()
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('how long a cached or bucket key is used'),
    to_account: z.string().max(64).optional().describe('account that the chosen calls move to'),
    to_region: z.string().max(64).optional().describe('Region that the chosen calls move to'),
    new_limit: z.coerce.number().positive().optional().describe('quota value to try, calls/s'),
    headroom_percent: z.coerce
      .number()
      .min(0)
      .max(1_000)
      .default(30)
      .describe('what the quota to ask for leaves above the peak'),
  }),
  row,
  async run(sql, params, context) {
    const complete = params.account !== undefined && params.region !== undefined;
    const nearest = complete ? undefined : await nearestLoad(params, context);
    const source = {
      account: params.account ?? nearest?.caller_account_id ?? null,
      region: params.region ?? nearest?.region ?? null,
    };
    if (source.account === null || source.region === null) {
      return { rows: [], notes: ['There is no load on this quota in the range.'] };
    }
    const from_place = { account: source.account, region: source.region };
    const to = {
      account: params.to_account ?? source.account,
      region: params.to_region ?? source.region,
    };
    const moves = to.account !== source.account || to.region !== source.region;
    const outcome = await whatIf(
      sql,
      {
        ...params,
        account: source.account,
        region: source.region,
        to_account: moves ? to.account : null,
        to_region: moves ? to.region : null,
      },
      { ...params, moves },
      context,
    );
    const sides: [Side, { account: string; region: string }][] = [
      ['source', from_place],
      ...(moves ? [['destination', to] as [Side, typeof to]] : []),
    ];
    const rows = sides.map(([side, place]) => sideRow(side, place, outcome, params, context));
    if (rows.some((r) => r.limit_before !== null && r.limit_before < 1)) {
      return { rows: [], notes: ['Quotas below one call a second are not recomputed here.'] };
    }
    return { rows };
  },
});

function sideRow(
  side: Side,
  place: { account: string; region: string },
  outcome: Outcome,
  params: { quota: string; new_limit?: number | undefined; headroom_percent: number },
  context: AnalysisContext,
): z.output<typeof row> {
  const seen = [...outcome.before.source, ...outcome.before.destination];
  const last = seen.reduce((most, bin) => Math.max(most, bin.last_at), 0);
  const limit_before = quotaValueAt(
    params.quota,
    place.account,
    place.region,
    new Date(last * 1000),
    context.config.quotaOverrides,
  ).limit_per_second;
  const limit_after = params.new_limit ?? limit_before;
  const before = figures(outcome.before[side], limit_before);
  const after = figures(outcome.after[side], limit_after);
  const quota_to_request = ceil(after.peak * (1 + params.headroom_percent / 100));
  return {
    side,
    caller_account_id: place.account,
    region: place.region,
    quota_id: params.quota,
    limit_before,
    limit_after,
    calls_before: before.calls,
    calls_after: after.calls,
    chosen_calls: outcome.chosen_calls,
    chosen_calls_left: outcome.chosen_calls_left,
    peak_before: before.peak,
    peak_before_at: before.at,
    peak_after: after.peak,
    peak_after_at: after.at,
    p999_before: before.p999,
    p999_after: after.p999,
    percent_before: before.percent,
    percent_after: after.percent,
    seconds_80_percent_before: before.at80,
    seconds_80_percent_after: after.at80,
    seconds_100_percent_before: before.at100,
    seconds_100_percent_after: after.at100,
    quota_to_request,
    request_needed: limit_after === null ? null : quota_to_request > limit_after,
  };
}
