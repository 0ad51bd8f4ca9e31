import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { defineInvestigation, fields } from './investigation.ts';
import { nameKey } from './key-names.ts';
import { lifecycleWords } from './lifecycle-words.ts';

const row = z.object({
  changed_at: z.string().meta({ unit: 'instant', description: 'when it was done' }),
  key: fields.key,
  operation: z.string().meta({ description: 'KMS operation or service event' }),
  detail: z.string().meta({ description: 'what it did, in words' }),
  outcome: z.string().meta({ description: 'an attempt that did not succeed changed nothing' }),
  error_code: z.string().nullable().meta({ description: 'errorCode' }),
  by_kms: z.boolean().meta({ description: 'done by KMS itself (service event)' }),
  principal_arn: fields.principal_arn,
  account_id: fields.account_id,
  region: fields.region,
  caller_source: z.string().nullable().meta({ description: 'sourceIPAddress as logged' }),
  event_id: fields.event_id,
});

export default defineInvestigation({
  name: 'key-lifecycle',
  topic: 'investigation',
  title: 'Key life cycle',
  question:
    'When and by whom were keys created, disabled, scheduled for deletion, given or robbed of material, rotated, replicated, renamed?',
  audience: ['security', 'finops'],
  headline: [
    'changed_at',
    'key',
    'operation',
    'detail',
    'outcome',
    'principal_arn',
    'caller_source',
    'event_id',
  ],
  caveats: ['A key that was created before the log begins has no creation here.'],
  sql: new URL('./key-lifecycle.sql', import.meta.url),
  params: z.object({
    ...filters,
    key: z.string().max(2048).optional().describe('key ARN, key id or alias'),
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const named = params.key === undefined ? null : await nameKey(context, params.key, params.to);
    const found = await runSql(
      sql,
      { ...params, key: named?.key_arn, key_id: named?.key_id },
      context,
    );
    const rows = found.map((r) => {
      const { request_parameters, response_elements, event_type, ...rest } = r;
      return {
        ...rest,
        by_kms: event_type === 'AwsServiceEvent',
        detail: lifecycleWords(
          String(r['operation']),
          request_parameters as string | null,
          response_elements as string | null,
        ),
      };
    });
    return { rows: rows as z.output<typeof row>[], notes: named?.notes ?? [] };
  },
});
