import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { bindKey } from './key-names.ts';
import { defineInvestigation, fields } from './investigation.ts';

const row = z.object({
  principal_arn: fields.principal_arn,
  account_id: fields.account_id,
  region: fields.region,
  key: fields.key,
  key_resolved: z.boolean().meta({
    description:
      'false for calls that failed before KMS resolved the key: known by the alias that was typed',
  }),
  typed_ref: z
    .string()
    .nullable()
    .meta({ description: 'what was typed, where the record does not name the key' }),
  first_at: fields.first_at,
  last_at: fields.last_at,
  calls: fields.calls,
  successful_calls: z.number().meta({ unit: 'calls', description: 'of these, successful' }),
  denied_calls: z.number().meta({ unit: 'calls', description: 'of these, denied' }),
  throttled_calls: z
    .number()
    .meta({ unit: 'calls', description: 'of these, throttled (a lower bound)' }),
  decrypt_calls: z.number().meta({ unit: 'calls', description: 'of these, Decrypt and ReEncrypt' }),
  change_calls: z
    .number()
    .meta({ unit: 'calls', description: 'of these, changes of the key, its policy or grants' }),
  event_id: fields.event_id,
});

export default defineInvestigation({
  name: 'access-matrix',
  topic: 'investigation',
  title: 'Access matrix',
  question:
    'Which principal used which key, first and last when, how often, and how often in vain?',
  audience: ['security'],
  headline: [
    'principal_arn',
    'key',
    'calls',
    'denied_calls',
    'decrypt_calls',
    'change_calls',
    'first_at',
    'last_at',
  ],
  caveats: [
    'A pair that is not here made no logged call in the range; that is no proof of no access.',
    'ReEncrypt stands at its source key.',
    'Calls that failed before KMS resolved the key are in a row of their own, at the key that the typed alias meant then (key_resolved is false).',
  ],
  sql: new URL('./access-matrix.sql', import.meta.url),
  params: z.object({
    ...filters,
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
    key: z
      .string()
      .max(2048)
      .optional()
      .describe('key ARN, key id, or alias (as of the end of the range)'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const { key, aliases, notes } = await bindKey(context, params.key, params.to);
    const bound = { ...params, key, aliases };
    return { rows: (await runSql(sql, bound, context)) as z.output<typeof row>[], notes };
  },
});
