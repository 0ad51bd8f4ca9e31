import { z } from 'zod';
import { filters, limit } from '../params.ts';
import { runSql } from '../analysis.ts';
import { bindKey } from './key-names.ts';
import { defineInvestigation, fields } from './investigation.ts';

export default defineInvestigation({
  name: 'denied-access',
  topic: 'investigation',
  title: 'Denied access',
  question: 'Who was denied which operation on which key, from where, and did it work afterwards?',
  audience: ['security'],
  headline: [
    'principal_arn',
    'operation',
    'key',
    'denied_by',
    'denied_calls',
    'first_at',
    'last_at',
    'first_success_after_at',
  ],
  caveats: [
    'CloudTrail logs failed calls in some scenarios only: counts are a lower bound.',
    'A denied call of another account is logged only in the trail of the caller.',
    'Denials by the policy of a VPC endpoint (VpceAccessDenied) are logged only by a trail with network activity events. They are history: no load, no quota, no cost.',
    'Denied calls often do not name the key: one that typed an alias belongs to the key that it meant then, others stay as they were typed.',
  ],
  sql: new URL('./denied-access.sql', import.meta.url),
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
  async run(sql, params, context) {
    const { key, aliases, notes } = await bindKey(context, params.key, params.to);
    return { rows: (await runSql(sql, { ...params, key, aliases }, context)) as never[], notes };
  },
  row: z.object({
    principal_arn: fields.principal_arn,
    account_id: fields.account_id,
    region: fields.region,
    key: fields.key,
    operation: z.string().meta({ description: 'KMS operation' }),
    error_code: z.string().nullable().meta({ description: 'errorCode' }),
    denied_by: z.enum(['kms', 'vpc_endpoint_policy']).meta({
      description: 'who said no; the policy of a VPC endpoint does so before a call reaches KMS',
    }),
    denied_calls: z.number().meta({ unit: 'calls', description: 'counted denied calls' }),
    endpoint_denials: z.number().meta({
      unit: 'events',
      description: 'denials by an endpoint policy, which are no calls and count nowhere else',
    }),
    first_at: z.string().meta({ unit: 'instant', description: 'first denied call' }),
    last_at: z.string().meta({ unit: 'instant', description: 'last denied call' }),
    sources: z.number().meta({ unit: 'addresses', description: 'different addresses as logged' }),
    a_source: z.string().nullable().meta({ description: 'one of these addresses' }),
    successful_calls: z.number().meta({
      unit: 'calls',
      description: 'successful calls of the same principal, operation and key in the range',
    }),
    first_success_after_at: z
      .string()
      .nullable()
      .meta({ unit: 'instant', description: 'first success at or after the first denial' }),
    error_message: z
      .string()
      .nullable()
      .meta({ description: 'one of the messages (may quote caller input)' }),
    event_id: fields.event_id,
  }),
});
