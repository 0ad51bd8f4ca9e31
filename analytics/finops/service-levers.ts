import { z } from 'zod';
import { isoSeconds } from '../../core/time.ts';
import { defineAnalysis, sqlParams, type AnalysisContext } from '../analysis.ts';
import { CoverageHours, monthly } from '../coverage-hours.ts';
import { filters, limit } from '../params.ts';
import bucketKeySavings, { type BucketSavingRow } from './bucket-key-savings.ts';
import { BestRows } from './best-rows.ts';
import { leverFacts } from './lever-facts.ts';
import { PriceList, priceNotes } from './prices.ts';
import {
  leverNames,
  ServiceReplay,
  type LeverName,
  type LeverTimes,
  type ServiceOutcome,
} from './service-replay.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const usd = (description: string) => z.number().nullable().meta({ unit: 'USD', description });
const rate = (description: string) => z.number().meta({ unit: 'calls/s', description });

const Row = z.object({
  lever: z.enum(leverNames).meta({ description: 'what to change' }),
  account_id: z.string().meta({ description: 'caller account' }),
  region: z.string().meta({ description: 'AWS Region' }),
  resource: z.string().meta({ description: 'queue, table, secret, parameter, function, ...' }),
  principal_arn: z.string().meta({ description: 'who calls' }),
  key_arn: z.string().meta({ description: 'KMS key (the first by name, when there are several)' }),
  target_seconds: z
    .number()
    .meta({ unit: 's', description: 'reuse time once the lever is pulled' }),
  calls: calls('successful calls with the fingerprint, before'),
  calls_after_high: calls('left when each session and address asks for itself (headline)'),
  calls_after_low: calls('left when all sessions of the principal share'),
  saved_calls: calls('calls less calls_after_high'),
  cost_usd: usd('what the calls cost in the range'),
  saving_usd: usd('saving in the range'),
  saving_usd_monthly: usd('normalised to 730 covered hours; null below 24'),
  covered_hours: z.number().meta({ unit: 'h', description: 'covered hours' }),
  calls_per_second_peak: rate('busiest second before'),
  calls_per_second_peak_after: rate('busiest second of what is left'),
  evidence: z.string().meta({ description: 'what the log shows' }),
  change: z.string().meta({ description: 'setting or command' }),
  unobservable: z.string().meta({ description: 'what the log cannot show' }),
});
export type ServiceLeverRow = z.output<typeof Row>;

const seconds = (value: number, description: string) =>
  z.coerce.number().int().min(1).max(86_400).default(value).describe(description);

const Params = z.object({
  ...filters,
  key: z.string().max(2048).optional().describe('KMS key ARN'),
  principal: z.string().max(2048).optional().describe('principal ARN'),
  sqs_reuse_seconds: seconds(3_600, 'KmsDataKeyReusePeriodSeconds to set, 60 to 86,400'),
  sqs_current_seconds: seconds(300, 'the present one; the default of SQS is 300'),
  cache_seconds: seconds(3_600, 'cache time for secrets and parameters'),
  branch_key_seconds: seconds(900, 'cache time of the hierarchical keyring'),
  limit: limit(1_000, 50_000),
});
type ParamValues = z.output<typeof Params>;

/** A DynamoDB connection holds the table key for about five minutes. */
const dynamodb_key_seconds = 300;
/** Cold starts cannot be cached away: an hour is the yardstick of the optimistic bound. */
const lambda_hour_seconds = 3_600;

function timesOf(lever: LeverName, params: ParamValues): LeverTimes {
  const target = (target_seconds: number) => ({ target_seconds, current_seconds: null });
  switch (lever) {
    case 'sqs_reuse':
      return {
        target_seconds: params.sqs_reuse_seconds,
        current_seconds: params.sqs_current_seconds,
      };
    case 'dynamodb_connections':
      return target(dynamodb_key_seconds);
    case 'branch_key_cache':
      return target(params.branch_key_seconds);
    case 'lambda_cold_starts':
      return target(lambda_hour_seconds);
    default:
      return target(params.cache_seconds);
  }
}

const serviceLevers = defineAnalysis({
  name: 'service-levers',
  topic: 'finops',
  title: 'Service levers',
  question: 'Which settings of services and which client caches would spare KMS calls?',
  audience: ['finops', 'capacity'],
  headline: [
    'lever',
    'resource',
    'calls',
    'saved_calls',
    'saving_usd_monthly',
    'target_seconds',
    'calls_per_second_peak',
    'change',
  ],
  caveats: [
    'Sessions and addresses stand for clients; several processes behind one lower the saving.',
    'A cold start of Lambda cannot be cached: its saving is counted as none, and the lower bound of what is left shows what warm environments would make.',
    'Services that call for themselves (AWSService) have no knob and are left out.',
  ],
  sql: new URL('./service-levers.sql', import.meta.url),
  params: Params,
  row: Row,
  run: async (sql, params, context) => {
    const rows = [
      ...(await clientLevers(sql, params, context)),
      // Log delivery has many principals: it is no answer about one.
      ...(params.principal === undefined ? await logBuckets(params, context) : []),
    ];
    const best = bestLevers(params.limit);
    for (const row of rows) best.add(row);
    return { rows: best.finish(), notes: priceNotes(context.config) };
  },
});

const bestLevers = (rows_max: number) =>
  new BestRows<ServiceLeverRow>(
    rows_max,
    (a, b) => b.saved_calls - a.saved_calls || b.calls - a.calls,
  );

/** The levers but the log buckets, which bucket-key-savings replays: the best of them by saving. */
async function clientLevers(
  sql: string,
  params: ParamValues,
  context: AnalysisContext,
): Promise<ServiceLeverRow[]> {
  const coverage = await CoverageHours.read(context, params);
  const prices = new PriceList(context.config);
  const best = bestLevers(params.limit);
  for await (const { group, outcome } of replayServices(sql, params, context)) {
    const { target_seconds } = timesOf(group.lever, params);
    const left = group.lever === 'lambda_cold_starts' ? outcome.calls : outcome.calls_after_high;
    const usd_per_call = prices.symmetric(group.region);
    const covered_hours = coverage.hours([group.account_id], group.region);
    const saved_calls = outcome.calls - left;
    const { change, unobservable } = leverFacts(group.lever, group.resource, target_seconds);
    best.add({
      ...group,
      target_seconds,
      calls: outcome.calls,
      calls_after_high: left,
      calls_after_low: outcome.calls_after_low,
      saved_calls,
      cost_usd: outcome.calls * usd_per_call,
      saving_usd: saved_calls * usd_per_call,
      saving_usd_monthly: monthly(saved_calls * usd_per_call, covered_hours),
      covered_hours,
      calls_per_second_peak: outcome.peak,
      calls_per_second_peak_after: left === outcome.calls ? outcome.peak : outcome.peak_after,
      evidence: evidenceOf(outcome),
      change,
      unobservable,
    });
  }
  return best.finish();
}

/** The levers but the log buckets over a range, for those who replay the buckets themselves. */
export async function serviceLeverRows(
  range: { from?: Date | undefined; to?: Date | undefined },
  rows_max: number,
  context: AnalysisContext,
): Promise<ServiceLeverRow[]> {
  const params = Params.parse({ ...range, limit: rows_max });
  const rows = await clientLevers(serviceLevers.sqlText, params, context);
  return rows.slice(0, rows_max);
}

interface Group {
  lever: LeverName;
  account_id: string;
  region: string;
  resource: string;
  principal_arn: string;
  key_arn: string;
}

/** Streams service-levers.sql: the six names of a place, then its calls in order of time. */
async function* replayServices(
  sql: string,
  params: ParamValues,
  context: AnalysisContext,
): AsyncGenerator<{ group: Group; outcome: ServiceOutcome }> {
  const replays = new Map<LeverName, ServiceReplay>();
  let place = 0;
  let names: string[] = [];
  const finish = () => {
    const [lever, account_id, region, resource, principal_arn, key_arn] = names as [
      LeverName,
      ...[string, string, string, string, string],
    ];
    const group = { lever, account_id, region, resource, principal_arn, key_arn };
    return { group, outcome: replayOf(lever).finish() };
  };
  const replayOf = (lever: LeverName): ServiceReplay => {
    const replay = replays.get(lever) ?? new ServiceReplay(timesOf(lever, params));
    replays.set(lever, replay);
    return replay;
  };
  for await (const chunk of context.engine.stream(sql, sqlParams(params), context)) {
    const [places, seconds, items, clients] = chunk.columns as readonly number[][];
    const texts = chunk.columns[4] as (string | null)[];
    let replay = names.length === 0 ? undefined : replayOf(names[0] as LeverName);
    for (let row = 0; row < chunk.rowCount; row++) {
      const text = texts[row]!;
      if (text === null) {
        replay!.call(seconds![row]!, items![row]!, clients![row]!);
        continue;
      }
      if (places![row] !== place) {
        if (place > 0) yield finish();
        place = places![row]!;
        names = [];
        replay = replayOf(text as LeverName);
      }
      names.push(text);
    }
  }
  if (place > 0) yield finish();
}

function evidenceOf(outcome: ServiceOutcome): string {
  const span = outcome.last_second - outcome.first_second;
  const spacing = outcome.calls > 1 ? ` (one in ${(span / (outcome.calls - 1)).toFixed(1)} s)` : '';
  return `${outcome.calls} calls of ${outcome.clients} clients from ${isoSeconds(outcome.first_second)} to ${isoSeconds(outcome.last_second)}${spacing}`;
}

/** The buckets that trails deliver to, as bucket-key-savings replays them. */
async function logBuckets(
  params: ParamValues,
  context: AnalysisContext,
): Promise<ServiceLeverRow[]> {
  const { from, to, account, region } = params;
  const result = await bucketKeySavings.execute(
    { from, to, account, region, key: params.key, scope: 'log_delivery', limit: 50_000 },
    context,
  );
  return (result.rows as BucketSavingRow[]).map((row) => {
    const { change, unobservable } = leverFacts('log_bucket_key', row.s3_bucket, 0);
    const saved_calls = row.saved_calls_day_one!;
    return {
      lever: 'log_bucket_key',
      account_id: row.account_id,
      region: row.region,
      resource: row.s3_bucket,
      principal_arn: '(log delivery and its readers)',
      key_arn: row.key_arn,
      target_seconds: row.window_seconds!,
      calls: row.calls,
      calls_after_high: row.calls - saved_calls,
      calls_after_low: row.calls - row.saved_calls_day_one_band_high!,
      saved_calls,
      cost_usd: row.cost_usd,
      saving_usd: row.saving_day_one_usd,
      saving_usd_monthly: row.saving_day_one_usd_monthly,
      covered_hours: row.covered_hours,
      calls_per_second_peak: row.calls_per_second_peak!,
      calls_per_second_peak_after: row.calls_per_second_peak_day_one!,
      evidence: `${row.writes} log files written, ${row.reads_written + row.reads_older} read`,
      change,
      unobservable,
    };
  });
}

export default serviceLevers;
