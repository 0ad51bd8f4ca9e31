import { z } from 'zod';
import { defineAnalysis, runSql } from '../analysis.ts';
import { coverageNotes } from '../coverage-note.ts';
import { limit } from '../params.ts';
import { loadParams, lowerBound } from './load-params.ts';
import { quotaValueAt } from './quota-values.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });

export const hotspotRow = z.object({
  caller_account_id: z.string().nullable().meta({ description: 'account that was throttled' }),
  region: z.string().nullable().meta({ description: 'AWS Region' }),
  quota_id: z.string().meta({ description: 'request quota' }),
  custom_key_store_id: z
    .string()
    .nullable()
    .meta({ description: 'custom key store whose own quota this is' }),
  started_at: z.string().meta({ unit: 'instant', description: 'first throttled second' }),
  ended_at: z.string().meta({ unit: 'instant', description: 'last throttled second' }),
  duration_seconds: z
    .number()
    .meta({ unit: 's', description: 'from the first to the last, both included' }),
  throttled_seconds: z
    .number()
    .meta({ unit: 's', description: 'of these seconds with a throttled call' }),
  throttled_calls: calls('throttled calls (a lower bound)'),
  offered_calls: calls('all calls in the burst'),
  accepted_calls: calls('offered less throttled'),
  error_share: z.number().meta({ unit: 'share', description: 'throttled of offered, 0 to 1' }),
  offered_peak: calls('most offered calls in one second'),
  accepted_peak: calls('most accepted calls in one second'),
  limit_per_second: z
    .number()
    .nullable()
    .meta({ unit: 'calls/s', description: 'value of the quota then; null when unknown' }),
  accepted_peak_percent: z
    .number()
    .nullable()
    .meta({ unit: '%', description: 'accepted peak in percent of the value' }),
});

export default defineAnalysis({
  name: 'throttle-hotspots',
  topic: 'capacity',
  title: 'Throttle hotspots',
  question: 'When and where were calls throttled, and how much load was there?',
  audience: ['capacity'],
  headline: [
    'started_at',
    'quota_id',
    'caller_account_id',
    'region',
    'duration_seconds',
    'throttled_calls',
    'offered_peak',
    'limit_per_second',
  ],
  caveats: [
    'Throttled seconds at most 5 seconds apart are one burst.',
    lowerBound,
    'A burst at a load far below the quota was refused for another reason, such as calls that change one key at the same time.',
  ],
  sql: new URL('./throttle-hotspots.sql', import.meta.url),
  params: z.object({ ...loadParams, limit: limit(500) }),
  row: hotspotRow,
  async run(sql, params, context) {
    const found = await runSql(sql, params, context);
    const rows = found.map((row) => {
      const { limit_per_second } = quotaValueAt(
        String(row['quota_id']),
        row['caller_account_id'] as string | null,
        row['region'] as string | null,
        new Date(String(row['started_at'])),
        context.config.quotaOverrides,
      );
      const accepted_peak_percent =
        limit_per_second === null ? null : (100 * Number(row['accepted_peak'])) / limit_per_second;
      return { ...row, limit_per_second, accepted_peak_percent };
    });
    const notes = [lowerBound, ...(await coverageNotes(context, params))];
    return { rows: rows as z.output<typeof hotspotRow>[], notes };
  },
});
