import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { runByKey, usageParams, usageRow } from './usage-columns.ts';

export default defineAnalysis({
  name: 'service-usage',
  topic: 'usage',
  title: 'Service usage',
  question: 'Which AWS service makes how many calls on behalf of principals?',
  audience: ['finops', 'capacity', 'security'],
  headline: [
    'service',
    'calls',
    'calls_per_second_peak',
    'peak_at',
    'throttled_calls',
    'denied_calls',
    'keys',
    'last_used_at',
  ],
  caveats: [
    'AWS Internal gives way to the service that the encryption context names; otherwise it stands as aws-internal.',
    'No row means no event in the log; without coverage that is no proof of no use.',
  ],
  sql: new URL('./service-usage.sql', import.meta.url),
  params: z.object(usageParams),
  async run(sql, params, context) {
    const { rows, notes } = await runByKey(sql, params, context);
    return { rows: rows as never[], notes };
  },
  row: z.object({
    service: z.string().meta({
      description: 'service that called on behalf; (direct) for calls of the principal itself',
    }),
    ...usageRow,
    keys: z.number().meta({ unit: 'keys', description: 'distinct keys' }),
    principals: z.number().meta({ unit: 'principals', description: 'distinct principals' }),
    buckets: z.number().meta({ unit: 'buckets', description: 'distinct S3 buckets' }),
  }),
});
