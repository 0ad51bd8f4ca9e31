import { z } from 'zod';
import { readFileSync } from 'node:fs';
import { defineAnalysis, runSql } from '../analysis.ts';
import { runByKey } from './usage-columns.ts';
import { filters, limit } from '../params.ts';

const secondsSql = readFileSync(new URL('./call-rates-seconds.sql', import.meta.url), 'utf8');
/** Dimensions that the per-second counts hold too. */
const inSeconds: readonly string[] = ['none', 'account', 'region'];

const Row = z.object({
  bin_from: z.string().meta({ unit: 'instant', description: 'start of the bin, UTC' }),
  group_name: z.string().meta({ description: 'value of the dimension' }),
  calls: z.number().meta({ unit: 'calls', description: 'counted calls in the bin' }),
  throttled_calls: z
    .number()
    .meta({ unit: 'calls', description: 'of these throttled (a lower bound)' }),
  calls_per_second_peak: z
    .number()
    .meta({ unit: 'calls/s', description: 'calls in the busiest second of the bin' }),
  peak_at: z
    .string()
    .meta({ unit: 'instant', description: 'the busiest second (the first when equal)' }),
  calls_per_second_p99: z
    .number()
    .meta({ unit: 'calls/s', description: '99th percentile (nearest rank) over active seconds' }),
  active_seconds: z.number().meta({ unit: 's', description: 'seconds with at least one call' }),
});

export default defineAnalysis({
  name: 'call-rates',
  topic: 'usage',
  title: 'Call rates',
  question: 'How many KMS calls a second, minute, hour or day, and by what?',
  audience: ['finops', 'capacity', 'security'],
  caveats: [
    'eventTime is when a call was completed, in whole seconds: a second can hold calls of its neighbours.',
    'The p99 is over active seconds: seconds without calls are not in it.',
  ],
  sql: new URL('./call-rates.sql', import.meta.url),
  params: z.object({
    ...filters,
    key: z.string().max(2048).optional().describe('key ARN, key id, or alias (as of the end)'),
    principal: z.string().max(2048).optional().describe('principal ARN'),
    service: z
      .string()
      .max(256)
      .optional()
      .describe('service that called on behalf, such as s3.amazonaws.com'),
    operation: z.string().max(128).optional().describe('KMS operation, such as Decrypt'),
    bin: z.enum(['second', 'minute', 'hour', 'day']).default('hour').describe('width of a bin'),
    by: z
      .enum(['none', 'key', 'principal', 'service', 'operation', 'account', 'region', 'bucket'])
      .default('none')
      .describe('dimension that splits the calls'),
    limit: limit(1_000, 100_000),
  }),
  async run(sql, params, context) {
    const { key, principal, service, operation } = params;
    const narrowed = [key, principal, service, operation].some((value) => value !== undefined);
    const fromSeconds = !narrowed && inSeconds.includes(params.by);
    if (fromSeconds) {
      return { rows: (await runSql(secondsSql, params, context)) as z.output<typeof Row>[] };
    }
    const { rows, notes } = await runByKey(sql, params, context, params.by === 'key');
    return { rows: rows as z.output<typeof Row>[], notes };
  },
  row: Row,
});
