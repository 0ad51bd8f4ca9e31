import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { flag } from '../params.ts';
import { runByKey, usageParams, usageRow } from './usage-columns.ts';

export default defineAnalysis({
  name: 'key-usage',
  topic: 'usage',
  title: 'Key usage',
  question: 'Which key makes how many calls, for whom, and when was it last used?',
  audience: ['finops', 'capacity', 'security'],
  headline: [
    'key',
    'calls',
    'calls_per_second_peak',
    'peak_at',
    'throttled_calls',
    'denied_calls',
    'principals',
    'last_used_at',
  ],
  caveats: [
    'Denied and throttled calls often name no key: those that typed an alias belong to the key it meant then, the rest stand under (unresolved).',
    'ReEncrypt counts for its source key.',
    'AWS owned keys never appear in the log.',
    'No row means no event in the log; without coverage that is no proof of no use.',
  ],
  sql: new URL('./key-usage.sql', import.meta.url),
  params: z.object({
    ...usageParams,
    count_resources: flag
      .default(false)
      .describe('also count distinct resources (slower on long trails)'),
  }),
  async run(sql, params, context) {
    const { rows, notes } = await runByKey(sql, params, context, true);
    return { rows: rows as never[], notes };
  },
  row: z.object({
    key: z
      .string()
      .meta({ description: 'key ARN; the key as typed when it could not be resolved' }),
    ...usageRow,
    principals: z.number().meta({ unit: 'principals', description: 'distinct principals' }),
    services: z
      .number()
      .meta({ unit: 'services', description: 'distinct services that called on behalf' }),
    resources: z.number().nullable().meta({
      unit: 'resources',
      description: 'distinct resources named by encryption contexts; null unless counted',
    }),
  }),
});
