import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { coverageNotes } from '../coverage-note.ts';
import { limit } from '../params.ts';
import { dailyLoads } from './daily-loads.ts';
import { forecastCaveats, forecastParams } from './forecast-params.ts';
import {
  forecastRow,
  forecastRowSchema,
  history_days_min,
  type ForecastRow,
} from './forecast-row.ts';

/** How soon a load needs attention: days already or expected at 100 %, then at 80 %. */
function urgency(row: ForecastRow): string {
  return [
    row.reached_100_percent_on ?? row.expected_100_percent_on ?? '9999',
    row.reached_80_percent_on ?? row.expected_80_percent_on ?? '9999',
    row.quota_id,
    row.caller_account_id ?? '',
    row.region ?? '',
  ].join(' ');
}

export default defineAnalysis({
  name: 'quota-forecast',
  topic: 'capacity',
  title: 'Quota forecast',
  question: 'When will each account and Region reach its KMS request quotas?',
  audience: ['capacity'],
  headline: [
    'caller_account_id',
    'region',
    'quota_name',
    'status',
    'calls_most',
    'limit_calls',
    'growth_calls_per_day',
    'expected_100_percent_on',
  ],
  caveats: forecastCaveats,
  sql: new URL('./quota-forecast.sql', import.meta.url),
  params: z.object({ ...forecastParams, limit: limit(500) }),
  row: forecastRowSchema,
  async run(sql, params, context) {
    const loads = await dailyLoads(sql, params, context);
    const rows = loads.map((load) => forecastRow(load, params.measure, params.horizon_days));
    rows.sort((a, b) => (urgency(a) < urgency(b) ? -1 : 1));
    const short = rows.filter((row) => row.status === 'not_enough_history').length;
    const notes = await coverageNotes(context, params);
    if (short > 0) {
      notes.unshift(
        `Not enough history for ${short} of ${rows.length} loads: a forecast needs ${history_days_min} days with calls.`,
      );
    }
    return { rows, notes };
  },
});
