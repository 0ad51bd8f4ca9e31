import { z } from 'zod';
import { isoSeconds } from '../../core/time.ts';
import { quotasById } from '../../reference/quotas.ts';
import { binsAtPercent, binsOver, distribution } from './load-distribution.ts';
import type { QuotaLoad } from './quota-loads.ts';
import { quotaName } from './quota-values.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const seconds = (description: string) => z.number().nullable().meta({ unit: 's', description });
const percent = (description: string) => z.number().nullable().meta({ unit: '%', description });
const at = (description: string) => z.string().meta({ unit: 'instant', description });
const text = (description: string) => z.string().meta({ description });
const maybe = (description: string) => z.string().nullable().meta({ description });

/** One row: a quota of an account and Region (or a custom key store) and the value in force. */
export const utilisationRowSchema = z.object({
  caller_account_id: maybe('account that is charged; null for a custom key store, which all share'),
  region: maybe('AWS Region'),
  quota_id: text('request quota'),
  quota_name: text('its name in Service Quotas'),
  quota_code: maybe('its code in Service Quotas, when published'),
  custom_key_store_id: maybe('custom key store whose own quota this is'),
  limit_per_second: z
    .number()
    .nullable()
    .meta({ unit: 'calls/s', description: 'value in force; null when unknown' }),
  limit_basis: z
    .enum(['applied', 'default', 'unknown'])
    .meta({ description: 'applied value of the account, default of the Region, or unknown' }),
  limit_from: maybe('date since when the value holds'),
  limit_source: maybe('where the value comes from'),
  limit_uncertain: z
    .boolean()
    .meta({ description: 'the default may still have been the former one at that time' }),
  window_seconds: z
    .number()
    .meta({ unit: 's', description: 'width of the bins that the peaks are of' }),
  limit_calls: z
    .number()
    .nullable()
    .meta({ unit: 'calls', description: 'calls that the limit allows in a bin' }),
  accepted_peak: calls('most accepted calls in a bin'),
  accepted_peak_at: at('start of that bin (the first when equal)'),
  utilisation_peak_percent: percent('accepted peak in percent of the limit'),
  offered_peak: calls('most offered calls in a bin (accepted and throttled)'),
  offered_peak_at: at('start of that bin'),
  demand_peak_percent: percent('offered peak in percent of the limit'),
  accepted_3s_peak: z.number().nullable().meta({
    unit: 'calls',
    description: 'most accepted calls in three consecutive seconds; null when not computed',
  }),
  accepted_3s_peak_at: z
    .string()
    .nullable()
    .meta({ unit: 'instant', description: 'start of those three seconds' }),
  utilisation_3s_percent: percent('three-second peak in percent of three times the limit'),
  accepted_p99: calls('99th percentile of accepted calls over active bins, nearest rank'),
  accepted_p999: calls('99.9th percentile of accepted calls'),
  offered_p99: calls('99th percentile of offered calls'),
  offered_p999: calls('99.9th percentile of offered calls'),
  seconds_50_percent: seconds('bins with accepted load of at least 50 % of the limit'),
  seconds_80_percent: seconds('bins at 80 % or more'),
  seconds_100_percent: seconds('bins at 100 % or more'),
  seconds_over: seconds('bins above the limit'),
  active_seconds: z.number().meta({ unit: 's', description: 'seconds with at least one call' }),
  offered_calls: calls('calls offered in the range'),
  accepted_calls: calls('of these accepted'),
  throttled_calls: calls('of these throttled (a lower bound)'),
  busiest_hour_of_week: maybe(
    'hour of the week (UTC) with most accepted calls in all, such as `Mon 09:00`; null when not computed',
  ),
  busiest_hour_calls: z
    .number()
    .nullable()
    .meta({ unit: 'calls', description: 'accepted calls in that hour of the week' }),
  first_at: at('first active second while this value held'),
  last_at: at('last active second while this value held'),
});

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export type UtilisationRow = z.output<typeof utilisationRowSchema>;

/** The row of one load. */
export function utilisationRow(load: QuotaLoad): UtilisationRow {
  const spread = distribution(load.bins);
  const limit_calls = load.window?.limit_calls ?? null;
  const percentOf = (calls: number, limit = limit_calls) =>
    limit === null ? null : (100 * calls) / limit;
  const atPercent = (percent: number) =>
    limit_calls === null ? null : binsAtPercent(load.bins, limit_calls, percent);
  const busiest = load.busiest_hour;
  const three = load.three_seconds;
  return {
    caller_account_id: load.caller_account_id,
    region: load.region,
    quota_id: load.quota_id,
    quota_name: quotaName(load.quota_id),
    quota_code: quotasById.get(load.quota_id)?.code ?? null,
    custom_key_store_id: load.custom_key_store_id,
    limit_per_second: load.value.limit_per_second,
    limit_basis: load.value.basis,
    limit_from: load.value.value_from,
    limit_source: load.value.source,
    limit_uncertain: load.value.uncertain,
    window_seconds: load.window?.window_seconds ?? 1,
    limit_calls,
    accepted_peak: spread.accepted_calls_peak,
    accepted_peak_at: isoSeconds(spread.accepted_peak_at),
    utilisation_peak_percent: percentOf(spread.accepted_calls_peak),
    offered_peak: spread.offered_calls_peak,
    offered_peak_at: isoSeconds(spread.offered_peak_at),
    demand_peak_percent: percentOf(spread.offered_calls_peak),
    accepted_3s_peak: three?.calls ?? null,
    accepted_3s_peak_at: three ? isoSeconds(three.from_at) : null,
    utilisation_3s_percent:
      three && limit_calls !== null ? percentOf(three.calls, 3 * limit_calls) : null,
    accepted_p99: spread.accepted_p99,
    accepted_p999: spread.accepted_p999,
    offered_p99: spread.offered_p99,
    offered_p999: spread.offered_p999,
    seconds_50_percent: atPercent(50),
    seconds_80_percent: atPercent(80),
    seconds_100_percent: atPercent(100),
    seconds_over: limit_calls === null ? null : binsOver(load.bins, limit_calls),
    active_seconds: load.active_seconds,
    offered_calls: load.offered_calls,
    accepted_calls: load.accepted_calls,
    throttled_calls: load.offered_calls - load.accepted_calls,
    busiest_hour_of_week: busiest
      ? `${weekdays[busiest.day_of_week - 1]} ${String(busiest.hour_of_day).padStart(2, '0')}:00`
      : null,
    busiest_hour_calls: busiest?.calls ?? null,
    first_at: isoSeconds(spread.first_at),
    last_at: isoSeconds(spread.last_at),
  };
}
