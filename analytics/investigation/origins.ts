import { z } from 'zod';
import { relatedEventsFile } from '../../reference/related-events.ts';
import { runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { defineInvestigation, fields } from './investigation.ts';

const nullable = (description: string) => z.string().nullable().meta({ description });

/** Events of other services that make a service call KMS. */
const event_names = relatedEventsFile.events
  .filter((entry) => entry.group.startsWith('origin_'))
  .flatMap((entry) => entry.event_names);

const row = z.object({
  called_at: z.string().meta({ unit: 'instant', description: 'when KMS completed the call' }),
  event_id: fields.event_id,
  account_id: fields.account_id,
  region: fields.region,
  operation: z.string().meta({ description: 'KMS operation' }),
  outcome: z.string().meta({ description: 'outcome of the KMS call' }),
  key: fields.key,
  principal_arn: fields.principal_arn,
  via_service: nullable('service that called KMS on behalf of the principal'),
  resource_arn: nullable('resource that the encryption context names'),
  basis: z.string().meta({
    description: 'matched, ambiguous (several causes with different addresses) or unmatched',
  }),
  candidates: z
    .number()
    .meta({ unit: 'events', description: 'events that fit by principal, resource and second' }),
  origin_ip: nullable('address of the caller; null when unknown'),
  origin_source: nullable('sourceIPAddress of the causing event as logged'),
  origin_user_agent: nullable('user agent of the causing event (written by the caller)'),
  origin_access_key_id: nullable('access key of the causing event'),
  origin_event_name: nullable('the causing call'),
  origin_request_id: nullable('request id of the causing call'),
  origin_error_code: nullable('error of the causing call'),
  origin_event_id: nullable('eventID of the causing event'),
  apart_s: z
    .number()
    .nullable()
    .meta({ unit: 's', description: 'seconds between the KMS call and its cause' }),
});

export default defineInvestigation({
  name: 'origins',
  topic: 'investigation',
  title: 'Origins of calls through services',
  question:
    'Who stood behind the KMS calls that services made on behalf of a principal: which address, agent and request?',
  audience: ['security'],
  headline: [
    'called_at',
    'operation',
    'principal_arn',
    'key',
    'origin_ip',
    'basis',
    'origin_event_name',
    'event_id',
  ],
  caveats: [
    'A match is by principal, resource and second (within window_s), not by a common id: CloudTrail has none.',
    'Without a match the address is unknown. S3 causes are logged only where data events are on.',
    'With an S3 Bucket Key the KMS call names only the bucket: then any read or write of the bucket by the same principal in that second fits.',
  ],
  sql: new URL('./origins.sql', import.meta.url),
  params: z.object({
    ...filters,
    principal: z.string().max(2048).optional().describe('role, user or session ARN'),
    key: z.string().max(2048).optional().describe('key ARN'),
    service: z
      .string()
      .max(256)
      .optional()
      .describe('service, such as secretsmanager.amazonaws.com'),
    window_s: z.coerce
      .number()
      .int()
      .min(0)
      .max(5)
      .default(1)
      .describe('seconds between the cause and the KMS call at most'),
    basis: z
      .enum(['matched', 'ambiguous', 'unmatched'])
      .optional()
      .describe('only calls of this basis'),
    limit: limit(500, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const found = await runSql(sql, { ...params, event_names }, context);
    const [first] = found;
    const rows = found.map((r) => {
      const { total_calls: _calls, total_matched: _m, total_ambiguous: _a, ...shown } = r;
      return shown as z.output<typeof row>;
    });
    return { rows, notes: first ? [rateNote(first)] : [] };
  },
});

function rateNote(row: Record<string, unknown>): string {
  const [calls, matched, ambiguous] = ['total_calls', 'total_matched', 'total_ambiguous'].map((n) =>
    Number(row[n]),
  ) as [number, number, number];
  const percent = ((100 * matched) / calls).toFixed(1);
  return `Of ${calls} calls through services that name a resource, ${matched} (${percent} %) have one origin, ${ambiguous} are ambiguous, ${calls - matched - ambiguous} have none in the logs: their caller's address is unknown.`;
}
