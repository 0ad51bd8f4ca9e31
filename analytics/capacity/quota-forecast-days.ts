import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { dailyLoads, isoDay, type DailyLoad } from './daily-loads.ts';
import { forecastCaveats, forecastParams } from './forecast-params.ts';
import { history_days_min, seriesOf } from './forecast-row.ts';
import { expected, fitTrend } from './trend.ts';

const calls = (description: string) => z.number().nullable().meta({ unit: 'calls', description });

const row = z.object({
  caller_account_id: z.string().nullable().meta({ description: 'account' }),
  region: z.string().nullable().meta({ description: 'AWS Region' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  custom_key_store_id: z.string().nullable().meta({ description: 'custom key store' }),
  day: z.string().meta({ unit: 'day', description: 'day, UTC' }),
  calls: calls('what the log has; null for days to come and days without a call'),
  peak_at: z
    .string()
    .nullable()
    .meta({ unit: 'instant', description: 'busiest second of the day' }),
  expected_calls: calls('what the trend and the weekday expect; null without enough history'),
  expected_low: calls('lower end of the band'),
  expected_high: calls('upper end of the band'),
  limit_calls: calls('calls that the quota allows; null when unknown'),
});

/** The load nearest to its quota: of several that match, the one that a chart should show. */
function nearest(loads: readonly DailyLoad[], measure: 'peak' | 'p999'): DailyLoad | undefined {
  const share = (load: DailyLoad) =>
    load.days.reduce((most, day) => Math.max(most, day[measure]), 0) /
    (load.window?.limit_calls ?? Number.POSITIVE_INFINITY);
  return [...loads].sort((a, b) => share(b) - share(a) || a.load_no - b.load_no)[0];
}

export default defineAnalysis({
  name: 'quota-forecast-days',
  topic: 'capacity',
  title: 'Quota forecast, day by day',
  question: 'What does the load of a quota look like day by day, and what is expected next?',
  audience: ['capacity'],
  headline: [
    'day',
    'calls',
    'expected_calls',
    'expected_low',
    'expected_high',
    'limit_calls',
    'caller_account_id',
    'quota_id',
  ],
  caveats: [
    ...forecastCaveats,
    'Of several loads that match the filters the one nearest to its quota is shown.',
  ],
  sql: new URL('./quota-forecast.sql', import.meta.url),
  params: z.object({
    ...forecastParams,
    horizon_days: forecastParams.horizon_days.unwrap().default(30),
  }),
  row,
  async run(sql, params, context) {
    const load = nearest(await dailyLoads(sql, params, context), params.measure);
    if (!load) return { rows: [] };
    const series = seriesOf(load, params.measure);
    const enough = series.length >= history_days_min;
    const trend = enough ? fitTrend(series) : null;
    const seen = new Map(load.days.map((day) => [day.day, day]));
    const rows: z.output<typeof row>[] = [];
    const last = series.at(-1)!.day + (trend ? params.horizon_days : 0);
    for (let day = series[0]!.day; day <= last; day++) {
      const real = seen.get(day);
      const value = trend ? expected(trend, day) : null;
      rows.push({
        caller_account_id: load.caller_account_id,
        region: load.region,
        quota_id: load.quota_id,
        custom_key_store_id: load.custom_key_store_id,
        day: isoDay(day),
        calls: real?.[params.measure] ?? null,
        peak_at: real?.peak_at ?? null,
        expected_calls: value,
        expected_low: value === null ? null : Math.max(0, value + trend!.band_low),
        expected_high: value === null ? null : value + trend!.band_high,
        limit_calls: load.window?.limit_calls ?? null,
      });
    }
    const notes = enough
      ? []
      : [`Not enough history: ${series.length} days with calls, ${history_days_min} are needed.`];
    return { rows, notes };
  },
});
