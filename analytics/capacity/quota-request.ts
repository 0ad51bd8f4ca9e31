import { z } from 'zod';
import { quotasById } from '../../reference/quotas.ts';
import { defineAnalysis, type AnalysisContext } from '../analysis.ts';
import { limit } from '../params.ts';
import { dailyLoads } from './daily-loads.ts';
import { forecastRow, type ForecastRow } from './forecast-row.ts';
import { loadParams, lowerBound } from './load-params.ts';
import quotaContributors from './quota-contributors.ts';
import quotaForecast from './quota-forecast.ts';
import { quotaLoads } from './quota-loads.ts';
import { utilisationRow, type UtilisationRow } from './utilisation-row.ts';

const maybe = (description: string) => z.string().nullable().meta({ description });
const number = (unit: string, description: string) => z.number().meta({ unit, description });

const row = z.object({
  caller_account_id: z.string().meta({ description: 'account of the request' }),
  region: z.string().meta({ description: 'AWS Region of the request' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  quota_name: z.string().meta({ description: 'its name in Service Quotas' }),
  quota_code: maybe('its code in Service Quotas, when published'),
  adjustable: z.boolean().nullable().meta({ description: 'whether AWS raises it; null: unknown' }),
  current_value: number('calls/s', 'value in force'),
  current_basis: z
    .enum(['applied', 'default', 'unknown'])
    .meta({ description: 'applied value of the account or default of the Region' }),
  desired_value: number('calls/s', 'highest of peak and forecast, with the headroom, rounded up'),
  peak_calls: number('calls', 'busiest bin of offered calls'),
  peak_at: z.string().meta({ unit: 'instant', description: 'that bin' }),
  peak_percent: number('%', 'offered peak in percent of the value'),
  window_seconds: number('s', 'width of a bin'),
  accepted_peak: number('calls', 'busiest bin of accepted calls'),
  offered_p999: number('calls', '99.9th percentile of offered calls over active bins'),
  seconds_80_percent: number('s', 'bins with accepted load at 80 % or more'),
  seconds_100_percent: number('s', 'bins at 100 % or more'),
  throttled_calls: number('calls', 'throttled calls in the range (a lower bound)'),
  trend: z.string().meta({ description: 'growth and the day on which the value is reached' }),
  cause: z.string().meta({ description: 'who makes up the busiest second' }),
  reduced: z.string().meta({ description: 'what the log shows was done to need less' }),
});

export default defineAnalysis({
  name: 'quota-request',
  topic: 'capacity',
  title: 'Quota requests to AWS',
  question: 'Which quotas should be raised, to what value, and on what evidence?',
  audience: ['capacity'],
  headline: [
    'quota_name',
    'caller_account_id',
    'region',
    'current_value',
    'desired_value',
    'peak_calls',
    'peak_at',
    'throttled_calls',
  ],
  caveats: [
    lowerBound,
    'The desired value is arithmetic over the log: peak or forecast, times the headroom. Reduce what can be reduced first (quota-what-if tells by how much).',
    'Quotas of custom key stores and unknown quotas cannot be raised by a request and are not here.',
  ],
  sql: new URL('./quota-request.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    from_percent: z.coerce
      .number()
      .min(0)
      .max(1_000)
      .default(50)
      .describe('quotas whose offered peak is at least this percent of the value'),
    headroom_percent: z.coerce
      .number()
      .min(0)
      .max(1_000)
      .default(30)
      .describe('what the desired value leaves above the peak'),
    horizon_days: z.coerce
      .number()
      .int()
      .min(1)
      .max(730)
      .default(90)
      .describe('days ahead that the desired value should hold'),
    limit: limit(20, 100),
  }),
  row,
  async run(sql, params, context) {
    // Of a quota whose default changed, the row of the value that holds now.
    const current = new Map<string, UtilisationRow>();
    for (const load of await quotaLoads({ ...params }, context)) {
      const told = utilisationRow(load);
      const key = JSON.stringify([told.caller_account_id, told.region, told.quota_id]);
      const before = current.get(key);
      if (load.custom_key_store_id === null && (!before || before.last_at < told.last_at)) {
        current.set(key, told);
      }
    }
    const near = [...current.values()]
      .filter((told) => (told.demand_peak_percent ?? -1) >= params.from_percent)
      .filter((told) => told.caller_account_id !== null && told.region !== null)
      .sort(
        (a, b) =>
          b.demand_peak_percent! - a.demand_peak_percent! || (placeKey(a) < placeKey(b) ? -1 : 1),
      );
    const rows: z.output<typeof row>[] = [];
    // One more than the limit, so that a cut can be told.
    for (const told of near.slice(0, params.limit + 1)) {
      const place = {
        from: params.from,
        to: params.to,
        include_aws_service: params.include_aws_service,
        account: told.caller_account_id!,
        region: told.region!,
        quota: told.quota_id,
      };
      const days = await dailyLoads(quotaForecast.sqlText, { ...place, load: 'offered' }, context);
      const forecast = forecastRow(days[0]!, 'peak', params.horizon_days);
      rows.push(
        requestRow(told, forecast, params, {
          cause: await causeOf(place, context),
          reduced: await reducedBy(sql, place, context),
        }),
      );
    }
    return { rows, notes: [lowerBound] };
  },
});

/** Equal peaks come in the order of their places, whichever engine gave them. */
const placeKey = ({ caller_account_id, region, quota_id }: UtilisationRow): string =>
  JSON.stringify([caller_account_id, region, quota_id]);

function requestRow(
  told: UtilisationRow,
  forecast: ForecastRow,
  params: { headroom_percent: number },
  words: { cause: string; reduced: string },
): z.output<typeof row> {
  const calls = Math.max(told.offered_peak, forecast.expected_calls_at_horizon ?? 0);
  const perSecond = (calls * (1 + params.headroom_percent / 100)) / told.window_seconds;
  return {
    caller_account_id: told.caller_account_id!,
    region: told.region!,
    quota_id: told.quota_id,
    quota_name: told.quota_name,
    quota_code: told.quota_code,
    adjustable: quotasById.get(told.quota_id)?.adjustable ?? null,
    current_value: told.limit_per_second!,
    current_basis: told.limit_basis,
    desired_value: Math.max(told.limit_per_second!, Math.ceil(perSecond - 1e-9)),
    peak_calls: told.offered_peak,
    peak_at: told.offered_peak_at,
    peak_percent: told.demand_peak_percent!,
    window_seconds: told.window_seconds,
    accepted_peak: told.accepted_peak,
    offered_p999: told.offered_p999,
    seconds_80_percent: told.seconds_80_percent!,
    seconds_100_percent: told.seconds_100_percent!,
    throttled_calls: told.throttled_calls,
    trend: trendSentence(forecast),
    ...words,
  };
}

function trendSentence(forecast: ForecastRow): string {
  if (forecast.status === 'not_enough_history') {
    return `not enough history: ${forecast.days_of_history} days with calls`;
  }
  const growth = forecast.growth_calls_per_day!;
  const reached = forecast.reached_100_percent_on
    ? `reached on ${forecast.reached_100_percent_on}`
    : forecast.expected_100_percent_on
      ? `the value is expected to be reached on ${forecast.expected_100_percent_on}`
      : 'the value is not expected to be reached within the horizon';
  return `${growth >= 0 ? '+' : ''}${growth.toFixed(1)} calls a day in the daily peak over ${forecast.days_of_history} days; ${reached}`;
}

interface Place {
  account: string;
  region: string;
  quota: string;
  from: Date | undefined;
  to: Date | undefined;
  include_aws_service: boolean;
}

/** The three largest principals of the busiest second, and how their calls came. */
async function causeOf(place: Place, context: AnalysisContext): Promise<string> {
  const told: string[] = [];
  for (const by of ['principal', 'service']) {
    const { rows } = await quotaContributors.execute(
      { ...place, by, load: 'offered', top_seconds: 1, limit: 3 },
      context,
    );
    told.push(
      rows
        .map((r) => `${(100 * Number(r['share_at_peak'])).toFixed(0)} % ${String(r['group_name'])}`)
        .join(', '),
    );
  }
  return `by principal: ${told[0]}; by service: ${told[1]}`;
}

async function reducedBy(sql: string, place: Place, context: AnalysisContext): Promise<string> {
  const [found] = await context.engine.rows(sql, { ...place }, context);
  const n = (name: string) => Number(found?.[name] ?? 0);
  if (n('bucket_key_calls') + n('object_calls') === 0) {
    return 'no calls of S3 on this quota: S3 Bucket Keys would not help';
  }
  return `S3 Bucket Keys are on in ${n('buckets_with_bucket_keys')} buckets (${n('bucket_key_calls')} calls); ${n('buckets_without')} buckets still have calls by object (${n('object_calls')} of ${n('calls')} calls)`;
}
