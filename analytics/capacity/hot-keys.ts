import { z } from 'zod';
import { defineAnalysis } from '../analysis.ts';
import { filters, flag, limit } from '../params.ts';
import { lowerBound } from './load-params.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const maybeAt = (description: string) =>
  z.string().nullable().meta({ unit: 'instant', description });

export default defineAnalysis({
  name: 'hot-keys',
  topic: 'capacity',
  title: 'Hot keys',
  question: 'Which keys are changed or called in bursts that stand out, even below any quota?',
  audience: ['capacity', 'security'],
  headline: [
    'key_name',
    'region',
    'calls',
    'calls_peak',
    'calls_peak_at',
    'burst_factor',
    'throttled_calls',
    'state_changes',
  ],
  caveats: [
    lowerBound,
    'AWS KMS can refuse calls that change one key at the same time, far below the quota of the account.',
    'A burst is of one caller account and quota in one second; it is measured against the mean of the same key from its first to its last call, at least a minute.',
    'Calls whose key cannot be told are not here; ReEncrypt counts for its source key.',
  ],
  sql: new URL('./hot-keys.sql', import.meta.url),
  params: z.object({
    ...filters,
    changes_min: z.coerce
      .number()
      .int()
      .min(1)
      .max(10_000)
      .default(10)
      .describe('state-changing calls in one second from which a key stands out'),
    burst_min: z.coerce
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('calls in one second that a burst has at least'),
    burst_factor: z.coerce
      .number()
      .min(1)
      .max(1_000_000)
      .default(50)
      .describe('times its own mean from which a burst stands out'),
    include_aws_service: flag
      .default(true)
      .describe('count the calls of AWS services that have no account of their own'),
    limit: limit(200),
  }),
  row: z.object({
    key_name: z.string().meta({ description: 'key ARN, else the key as typed in the request' }),
    region: z.string().meta({ description: 'AWS Region' }),
    calls: calls('calls on the key in the range'),
    throttled_calls: calls('of these throttled (a lower bound)'),
    first_at: z.string().meta({ unit: 'instant', description: 'first call' }),
    last_at: z.string().meta({ unit: 'instant', description: 'last call' }),
    calls_per_second_mean: z
      .number()
      .meta({ unit: 'calls/s', description: 'mean from first to last call, at least a minute' }),
    calls_peak: z
      .number()
      .nullable()
      .meta({ unit: 'calls', description: 'most calls in one second; null when below burst_min' }),
    calls_peak_at: maybeAt('that second'),
    burst_factor: z
      .number()
      .nullable()
      .meta({ unit: 'times', description: 'peak over mean; null when there is no burst' }),
    state_changes: calls('state-changing calls (grants, tags, policies, rotation, ...)'),
    state_changes_peak: z.number().nullable().meta({
      unit: 'calls',
      description: 'most state-changing calls in one second; null when below changes_min',
    }),
    state_changes_peak_at: maybeAt('that second'),
    state_changes_throttled: calls('state-changing calls that were throttled (a lower bound)'),
    stands_out_by_changes: z.boolean().meta({ description: 'state-changing calls stand out' }),
    stands_out_by_burst: z.boolean().meta({ description: 'a burst of calls stands out' }),
  }),
});
