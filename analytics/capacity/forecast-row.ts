import { z } from 'zod';
import { isoDay, type DailyLoad } from './daily-loads.ts';
import { quotaName } from './quota-values.ts';
import { backTest, expected, fitTrend, reaches, type DayValue } from './trend.ts';

/** Days of history below which nothing is forecast: two weeks show what a week repeats. */
export const history_days_min = 14;

const maybe = (description: string) => z.string().nullable().meta({ description });
const day = (description: string) =>
  z
    .string()
    .nullable()
    .meta({ unit: 'day', description: `${description}; null when not in sight` });
const calls = (description: string) => z.number().nullable().meta({ unit: 'calls', description });

export const forecastRowSchema = z.object({
  caller_account_id: maybe('account; null for a custom key store'),
  region: maybe('AWS Region'),
  quota_id: z.string().meta({ description: 'request quota' }),
  quota_name: z.string().meta({ description: 'its name in Service Quotas' }),
  custom_key_store_id: maybe('custom key store'),
  limit_calls: calls('calls that the quota allows in a window; null when unknown'),
  window_seconds: z.number().meta({ unit: 's', description: 'width of the window' }),
  limit_basis: z.enum(['applied', 'default', 'unknown']).meta({ description: 'where it is from' }),
  status: z
    .enum(['forecast', 'not_enough_history', 'unknown_quota'])
    .meta({ description: 'whether there is a forecast, and why not' }),
  days_of_history: z.number().meta({ unit: 'days', description: 'days with a call' }),
  first_day: z.string().meta({ unit: 'day', description: 'first day with a call' }),
  last_day: z.string().meta({ unit: 'day', description: 'last day with a call' }),
  calls_most: calls('highest daily value so far'),
  calls_most_on: z.string().meta({ unit: 'day', description: 'its day (the first when equal)' }),
  growth_calls_per_day: z
    .number()
    .nullable()
    .meta({ unit: 'calls/day', description: 'slope of the robust trend' }),
  expected_calls_next_day: calls('expected on the day after the last'),
  expected_calls_at_horizon: calls('highest expected value up to the horizon'),
  reached_80_percent_on: day('first day of the history at 80 % or more'),
  reached_100_percent_on: day('first day of the history at 100 % or more'),
  expected_80_percent_on: day('first day after the history expected at 80 % or more'),
  expected_100_percent_on: day('first day after the history expected at 100 % or more'),
  earliest_100_percent_on: day('the same by the upper end of the band'),
  latest_100_percent_on: day('the same by the lower end of the band'),
  band_below_calls: calls('how far the band reaches below the expected value'),
  band_above_calls: calls('how far the band reaches above it'),
  backtest_days: z
    .number()
    .nullable()
    .meta({ unit: 'days', description: 'last quarter of the history, predicted from the rest' }),
  backtest_error_median_calls: calls('median absolute error on those days'),
  backtest_error_median_percent: z
    .number()
    .nullable()
    .meta({ unit: '%', description: 'the same in percent of their mean value' }),
  backtest_coverage: z
    .number()
    .nullable()
    .meta({ unit: 'share', description: 'share of those days within the band (0.9 is meant)' }),
});

export type ForecastRow = z.output<typeof forecastRowSchema>;

export type Measure = 'peak' | 'p999';

/** The series of a load in one measure. */
export function seriesOf(load: DailyLoad, measure: Measure): DayValue[] {
  return load.days.map((value) => ({ day: value.day, value: value[measure] }));
}

/** The forecast of one load, up to `horizon_days` after its last day. */
export function forecastRow(load: DailyLoad, measure: Measure, horizon_days: number): ForecastRow {
  const series = seriesOf(load, measure);
  const limit = load.window?.limit_calls ?? null;
  const last = series.at(-1)!.day;
  const most = series.reduce((best, value) => (value.value > best.value ? value : best));
  const firstAt = (percent: number) => {
    const found = series.find((value) => limit !== null && value.value * 100 >= percent * limit);
    return found ? isoDay(found.day) : null;
  };
  const base = {
    caller_account_id: load.caller_account_id,
    region: load.region,
    quota_id: load.quota_id,
    quota_name: quotaName(load.quota_id),
    custom_key_store_id: load.custom_key_store_id,
    limit_calls: limit,
    window_seconds: load.window?.window_seconds ?? 1,
    limit_basis: load.value.basis,
    days_of_history: series.length,
    first_day: isoDay(series[0]!.day),
    last_day: isoDay(last),
    calls_most: most.value,
    calls_most_on: isoDay(most.day),
    reached_80_percent_on: firstAt(80),
    reached_100_percent_on: firstAt(100),
  };
  if (series.length < history_days_min) {
    return { ...base, status: 'not_enough_history', ...noForecast };
  }
  const trend = fitTrend(series);
  const test = backTest(series);
  const tested = series.slice(-test.days);
  const testedMean = tested.reduce((sum, value) => sum + value.value, 0) / tested.length;
  const on = (percent: number, offset = 0) => {
    if (limit === null) return null;
    const found = reaches(trend, (percent * limit) / 100, last, horizon_days, offset);
    return found === null ? null : isoDay(found);
  };
  const ahead = Array.from({ length: horizon_days }, (_, i) => expected(trend, last + 1 + i));
  return {
    ...base,
    status: limit === null ? 'unknown_quota' : 'forecast',
    growth_calls_per_day: trend.slope,
    expected_calls_next_day: expected(trend, last + 1),
    expected_calls_at_horizon: ahead.reduce((a, b) => Math.max(a, b)),
    expected_80_percent_on: on(80),
    expected_100_percent_on: on(100),
    earliest_100_percent_on: on(100, trend.band_high),
    latest_100_percent_on: on(100, trend.band_low),
    band_below_calls: -trend.band_low,
    band_above_calls: trend.band_high,
    backtest_days: test.days,
    backtest_error_median_calls: test.error_median,
    backtest_error_median_percent: testedMean > 0 ? (100 * test.error_median) / testedMean : null,
    backtest_coverage: test.coverage,
  };
}

const noForecast = {
  growth_calls_per_day: null,
  expected_calls_next_day: null,
  expected_calls_at_horizon: null,
  expected_80_percent_on: null,
  expected_100_percent_on: null,
  earliest_100_percent_on: null,
  latest_100_percent_on: null,
  band_below_calls: null,
  band_above_calls: null,
  backtest_days: null,
  backtest_error_median_calls: null,
  backtest_error_median_percent: null,
  backtest_coverage: null,
};
