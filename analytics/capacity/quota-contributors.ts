import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { limit } from '../params.ts';
import { dimension } from './dimensions.ts';
import { loadParams } from './load-params.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const share = (description: string) => z.number().meta({ unit: 'share', description });

export default defineAnalysis({
  name: 'quota-contributors',
  topic: 'capacity',
  title: 'Who fills the quota',
  question: 'Who makes up the load of a quota in its busiest seconds?',
  audience: ['capacity'],
  headline: [
    'group_name',
    'calls_at_peak',
    'share_at_peak',
    'calls',
    'share',
    'caller_account_id',
    'region',
  ],
  caveats: [
    'Shares are of the busiest seconds, not of the average: who calls most in a month need not be who calls at the peak.',
    'Without an account or a Region the busiest seconds of any are taken; of equally busy ones the earliest.',
    'A resource is known only when the encryption context names it.',
  ],
  sql: new URL('./quota-contributors.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    quota: z.string().max(64).default('crypto_symmetric').describe('quota id'),
    store: z.string().max(64).optional().describe('custom key store id'),
    load: z
      .enum(['accepted', 'offered'])
      .default('accepted')
      .describe('accepted calls, or offered ones (throttled included)'),
    by: dimension,
    top_seconds: z.coerce
      .number()
      .int()
      .min(1)
      .max(3_600)
      .default(10)
      .describe('how many of the busiest seconds'),
    limit: limit(100),
  }),
  row: z.object({
    caller_account_id: z.string().nullable().meta({ description: 'account that is charged' }),
    region: z.string().nullable().meta({ description: 'AWS Region that is charged' }),
    custom_key_store_id: z.string().nullable().meta({ description: 'custom key store' }),
    group_name: z.string().meta({ description: 'value of the dimension' }),
    calls: calls('calls in the busiest seconds'),
    share: share('of the load in those seconds, 0 to 1'),
    calls_at_peak: calls('calls in the very busiest second'),
    share_at_peak: share('of the load in that second, 0 to 1'),
    active_seconds: z.number().meta({ unit: 's', description: 'of those seconds with a call' }),
    top_seconds: z.number().meta({ unit: 's', description: 'busiest seconds of this load' }),
  }),
});
