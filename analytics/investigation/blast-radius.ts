import { z } from 'zod';
import { memberOf } from '../../core/member-of.ts';
import { plural } from '../../core/words.ts';
import { filters, instant, limit } from '../params.ts';
import { runSql } from '../analysis.ts';
import { bindKey } from './key-names.ts';
import { defineInvestigation, fields } from './investigation.ts';

/** Kinds whose plural is more than an s; names of services are none. */
const kindsPlural: Readonly<Record<string, string>> = {
  ebs: 'ebs',
  secretsmanager: 'secretsmanager',
  ssm: 'ssm',
  sqs: 'sqs',
  sns: 'sns',
  dynamodb: 'dynamodb',
  lambda: 'lambda',
  kinesis: 'kinesis',
  logs: 'logs',
  cloudtrail: 'cloudtrail',
};

export default defineInvestigation({
  name: 'blast-radius',
  topic: 'investigation',
  title: 'Blast radius',
  question:
    'Which keys, objects, secrets, parameters, tables, volumes, accounts and Regions did a principal or credential reach, and which of them after a given moment?',
  audience: ['security'],
  headline: ['kind', 'name', 'calls', 'denied_calls', 'first_at', 'last_at', 'new_after'],
  caveats: [
    'Resources are those that the encryption context names. With an S3 Bucket Key on, the context names the bucket, and which objects were read is not in the KMS log.',
    'Data read without a KMS call (unencrypted, SSE-S3, cached data keys) is not here.',
    'new_after is true when nothing in the range before the moment shows the thing reached; widen the range to make it stronger.',
  ],
  sql: new URL('./blast-radius.sql', import.meta.url),
  example: { principal: 'arn:aws:iam::111122223333:user/j.doe' },
  params: z
    .object({
      principal: z
        .string()
        .max(2048)
        .optional()
        .describe('role or user ARN, session ARN as logged, or service name'),
      session: z.string().max(2048).optional().describe('role session name, or session ARN'),
      access_key: z.string().max(128).optional().describe('access key id'),
      key: z.string().max(2048).optional().describe('only what was done with this key'),
      source: z.string().max(1024).optional().describe('address (or service name) as logged'),
      after: instant
        .optional()
        .describe('moment (of the compromise) that splits the range; counted from it on'),
      ...filters,
      limit: limit(1_000, 1_000_000),
    })
    .refine(
      (p) => p.principal ?? p.session ?? p.access_key ?? p.source,
      'name at least one of principal, session, access_key, source',
    ),
  row: z.object({
    kind: z.string().meta({
      description:
        'caller_account, key_account, region, operation, key, destination_key, bucket, or the kind of resource (s3_object, s3_bucket, ebs, dynamodb, secretsmanager, ssm, ...)',
    }),
    name: z.string().meta({ description: 'account, Region, operation, ARN or bucket' }),
    first_at: fields.first_at,
    last_at: fields.last_at,
    calls: fields.calls,
    successful_calls: z.number().meta({ unit: 'calls', description: 'of these, successful' }),
    denied_calls: z.number().meta({ unit: 'calls', description: 'of these, denied' }),
    calls_after: z.number().nullable().meta({
      unit: 'calls',
      description: 'counted calls at or after the moment, when one is named',
    }),
    first_after_at: z
      .string()
      .nullable()
      .meta({ unit: 'instant', description: 'first event at or after the moment' }),
    new_after: z
      .boolean()
      .nullable()
      .meta({ description: 'not seen in the range before the moment, when one is named' }),
    event_id: fields.event_id,
  }),
  async run(sql, params, context) {
    const { key, aliases, notes } = await bindKey(context, params.key, params.to);
    return { rows: (await runSql(sql, { ...params, key, aliases }, context)) as never[], notes };
  },
  notes: (rows, params) => {
    const count = (kind: string) => rows.filter((row) => row.kind === kind).length;
    const kinds = [...new Set(rows.map((row) => row.kind))].map((kind) =>
      plural(count(kind), kind.replaceAll('_', ' '), memberOf(kindsPlural, kind)),
    );
    const fresh = rows.filter((row) => row.new_after).length;
    return rows.length === 0
      ? []
      : [
          `Shown: ${kinds.join(', ')}.`,
          ...(params.after
            ? [
                `${fresh} of these ${fresh === 1 ? 'was' : 'were'} first seen at or after the moment.`,
              ]
            : []),
        ];
  },
});
