import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { flag } from '../params.ts';
import { runByKey, usageParams, usageRow } from './usage-columns.ts';

export default defineAnalysis({
  name: 'principal-usage',
  topic: 'usage',
  title: 'Principal usage',
  question: 'Which principal makes how many calls, with which keys?',
  audience: ['finops', 'capacity', 'security'],
  headline: [
    'principal',
    'calls',
    'calls_per_second_peak',
    'peak_at',
    'throttled_calls',
    'denied_calls',
    'keys',
    'last_used_at',
  ],
  caveats: [
    'Calls that a service makes on behalf of a principal count for the principal; service-usage shows the service.',
    'No row means no event in the log; without coverage that is no proof of no use.',
  ],
  sql: new URL('./principal-usage.sql', import.meta.url),
  params: z.object({
    ...usageParams,
    count_resources: flag
      .default(false)
      .describe('also count distinct resources (slower on long trails)'),
  }),
  async run(sql, params, context) {
    const { rows, notes } = await runByKey(sql, params, context);
    return { rows: rows as never[], notes };
  },
  row: z.object({
    principal: z.string().meta({
      description: 'role or user ARN; of an assumed role the role; service name for AWS services',
    }),
    ...usageRow,
    keys: z.number().meta({ unit: 'keys', description: 'distinct keys' }),
    services: z
      .number()
      .meta({ unit: 'services', description: 'distinct services that called on behalf' }),
    resources: z.number().nullable().meta({
      unit: 'resources',
      description: 'distinct resources named by encryption contexts; null unless counted',
    }),
  }),
});
