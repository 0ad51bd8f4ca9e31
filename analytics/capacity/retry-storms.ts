import { z } from 'zod';
import { isoSeconds } from '../../core/time.ts';
import { defineAnalysis, runSql } from '../analysis.ts';
import { limit } from '../params.ts';
import { loadParams, lowerBound } from './load-params.ts';
import {
  attemptsWithJitter,
  backOffShape,
  gapsOf,
  retryChains,
  type RetryChain,
} from './retry-chains.ts';

const calls = (description: string) => z.number().meta({ unit: 'calls', description });
const maybe = (description: string) => z.string().nullable().meta({ description });

const row = z.object({
  caller_account_id: maybe('account that called'),
  region: maybe('AWS Region'),
  principal_arn: z.string().meta({ description: 'who repeated the call' }),
  operation: z.string().meta({ description: 'KMS operation' }),
  key_name: maybe('key ARN, else the key as typed in the request'),
  encryption_context: maybe('encryption context as JSON text (written by the caller)'),
  started_at: z.string().meta({ unit: 'instant', description: 'first throttled attempt' }),
  ended_at: z.string().meta({ unit: 'instant', description: 'last attempt' }),
  duration_seconds: z.number().meta({ unit: 's', description: 'from the first to the last' }),
  attempts: calls('attempts in all'),
  throttled_calls: calls('of these throttled (a lower bound)'),
  succeeded: z.boolean().meta({ description: 'the last attempt was not throttled' }),
  amplification: z
    .number()
    .meta({ unit: 'calls per call', description: 'attempts for the one call that was wanted' }),
  attempts_per_second_peak: calls('most attempts in one second'),
  back_off: z
    .enum(['none', 'fixed', 'exponential', 'irregular'])
    .meta({ description: 'shape of the pauses between attempts, as far as whole seconds tell' }),
  pause_median_seconds: z.number().meta({ unit: 's', description: 'median pause' }),
  calls_spared: calls('attempts that exponential back-off with full jitter would have spared'),
});

function stormOf(chain: RetryChain, jitter: { base_seconds: number; cap_seconds: number }) {
  const { attempts } = chain;
  const gaps = gapsOf(attempts);
  const sorted = [...gaps].sort((a, b) => a - b);
  const first = attempts[0]!.second;
  const last = attempts.at(-1)!.second;
  let peak = 0;
  for (let i = 0, from = 0; i < attempts.length; i++) {
    if (attempts[i]!.second !== attempts[from]!.second) from = i;
    peak = Math.max(peak, i - from + 1);
  }
  return {
    started_at: isoSeconds(first),
    ended_at: isoSeconds(last),
    duration_seconds: last - first,
    attempts: attempts.length,
    throttled_calls: attempts.filter((attempt) => attempt.throttled).length,
    succeeded: chain.succeeded,
    amplification: attempts.length,
    attempts_per_second_peak: peak,
    back_off: backOffShape(gaps),
    pause_median_seconds: sorted[Math.ceil(sorted.length / 2) - 1] ?? 0,
    calls_spared: Math.max(0, attempts.length - attemptsWithJitter(last - first, jitter)),
  };
}

export default defineAnalysis({
  name: 'retry-storms',
  topic: 'capacity',
  title: 'Retry storms',
  question: 'Which throttled calls were repeated again and again, and with what pauses?',
  audience: ['capacity'],
  headline: [
    'principal_arn',
    'operation',
    'started_at',
    'attempts',
    'throttled_calls',
    'amplification',
    'back_off',
    'calls_spared',
  ],
  caveats: [
    lowerBound,
    'Attempts are the same when principal, operation and encryption context (without one: the key) are the same; two real calls that look alike are taken for one repeated.',
    'eventTime has whole seconds: pauses below two seconds cannot be told from none.',
    'The calls spared are an average: pauses with full jitter are random.',
  ],
  sql: new URL('./retry-storms.sql', import.meta.url),
  params: z.object({
    ...loadParams,
    principal: z.string().max(2048).optional().describe('principal ARN'),
    key: z.string().max(2048).optional().describe('key ARN, of calls whose record names it'),
    attempts_min: z.coerce
      .number()
      .int()
      .min(2)
      .max(1_000)
      .default(3)
      .describe('attempts from which a repetition is shown'),
    within_seconds: z.coerce
      .number()
      .int()
      .min(1)
      .max(600)
      .default(20)
      .describe('how long after a throttled attempt the next one still belongs to it'),
    base_seconds: z.coerce
      .number()
      .positive()
      .max(60)
      .default(1)
      .describe('first pause of the back-off to compare with'),
    cap_seconds: z.coerce
      .number()
      .positive()
      .max(600)
      .default(20)
      .describe('longest pause of that back-off'),
    limit: limit(200),
  }),
  row,
  async run(sql, params, context) {
    const groups = await runSql(sql, params, context);
    const rows = groups.flatMap((group) => {
      const attempts = (group['attempts'] as (number | string)[]).map((code) => ({
        second: Math.floor(Number(code) / 2),
        throttled: Number(code) % 2 === 1,
      }));
      const { attempts: _codes, ...what } = group;
      return retryChains(attempts, params.within_seconds)
        .filter((chain) => chain.attempts.length >= params.attempts_min)
        .map(
          (chain) => ({ ...what, ...stormOf(chain, params) }) as unknown as z.output<typeof row>,
        );
    });
    const name = (r: z.output<typeof row>) => `${r.started_at}${r.principal_arn}${r.key_name}`;
    rows.sort((a, b) => b.attempts - a.attempts || (name(a) < name(b) ? -1 : 1));
    const spared = rows.reduce((sum, storm) => sum + storm.calls_spared, 0);
    const notes = [
      lowerBound,
      `Back-off with full jitter would have spared about ${spared} calls in ${rows.length} storms.`,
    ];
    return { rows, notes };
  },
});
