import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { dataSpan } from './data-end.ts';
import { defineInvestigation, fields } from './investigation.ts';
import { namesOf } from './key-names.ts';
import { readAliasIntervals } from './alias-intervals.ts';

/** Source: KMS API reference, ScheduleKeyDeletion, PendingWindowInDays. */
const waiting_days_default = 30;
const day_ms = 86_400_000;
const nullable = (description: string) => z.string().nullable().meta({ description });

const row = z.object({
  key: fields.key,
  account_id: z.string().nullable().meta({ description: 'account that owns the key' }),
  region: fields.region,
  change: z.string().meta({
    description:
      'ScheduleKeyDeletion, DisableKey, DeleteImportedKeyMaterial or DeleteExpiredKeyMaterial',
  }),
  changed_at: z.string().meta({ unit: 'instant', description: 'when' }),
  changed_by: nullable('principal; KMS itself for expired material'),
  state: z.string().meta({
    description: 'pending deletion, deleted (waiting time over), disabled, no material, or undone',
  }),
  days_left: z
    .number()
    .nullable()
    .meta({ unit: 'days', description: 'until deletion, from the end of the range or data' }),
  deletes_at: nullable('when the waiting time ends'),
  undone_at: nullable('cancelled, enabled or imported again'),
  calls_before: z
    .number()
    .meta({ unit: 'calls', description: 'successful cryptographic calls in usage_days before' }),
  principals_before: z.number().meta({ unit: 'principals', description: 'of these calls' }),
  services_before: z.number().meta({ unit: 'services', description: 'of these calls' }),
  last_used_at: nullable('last successful cryptographic call in usage_days before'),
  last_used_by: nullable('principal of that call'),
  failures_after: z.number().meta({
    unit: 'calls',
    description:
      'DisabledException, KMSInvalidStateException, NotFoundException from the change until undone (a lower bound)',
  }),
  principals_failing: z.number().meta({ unit: 'principals', description: 'of these failures' }),
  first_failure_at: nullable('first of these failures'),
  last_failure_at: nullable('last of these failures'),
  event_id: fields.event_id,
});

export default defineInvestigation({
  name: 'deletion-risk',
  topic: 'investigation',
  title: 'Deletion risk',
  question:
    'Which keys were scheduled for deletion, disabled or robbed of material while in use, by whom, how many days are left, and what failed since?',
  audience: ['security', 'finops'],
  headline: [
    'key',
    'change',
    'state',
    'days_left',
    'deletes_at',
    'calls_before',
    'last_used_at',
    'failures_after',
  ],
  caveats: [
    'Data keys that clients or S3 Bucket Keys hold keep working without a KMS call: no failure is no proof that nothing depends on the key.',
    'CloudTrail logs failed calls in some scenarios only: failures are a lower bound.',
    'A cancelled deletion leaves the key disabled until it is enabled.',
  ],
  sql: new URL('./deletion-risk.sql', import.meta.url),
  params: z.object({
    ...filters,
    account: z.string().max(64).optional().describe('account that owns the key'),
    key: z.string().max(2048).optional().describe('key ARN'),
    principal: z.string().max(2048).optional().describe('only changes by this principal'),
    usage_days: z.coerce
      .number()
      .int()
      .min(1)
      .max(400)
      .default(30)
      .describe('days before the change that are searched for use'),
    limit: limit(500, 10_000),
  }),
  row,
  async run(sql, params, context) {
    const names = (await readAliasIntervals(context)).flatMap(namesOf);
    const found = await runSql(sql, { ...params, names }, context);
    const end = params.to ?? (await dataSpan(context))?.last ?? new Date();
    return { rows: found.map((r) => judged(r, end)) };
  },
});

function judged(r: Record<string, unknown>, end: Date): z.output<typeof row> {
  const { waiting_days, ...rest } = r;
  const scheduled = r['change'] === 'ScheduleKeyDeletion';
  const days = Number(waiting_days ?? waiting_days_default) || waiting_days_default;
  const deletes = new Date(Date.parse(String(r['changed_at'])) + days * day_ms);
  const pending = scheduled && r['undone_at'] === null;
  return {
    ...rest,
    state: stateOf(r, deletes, end),
    deletes_at: scheduled ? deletes.toISOString().replace('.000Z', 'Z') : null,
    days_left: pending ? Math.max(0, (deletes.getTime() - end.getTime()) / day_ms) : null,
  } as z.output<typeof row>;
}

function stateOf(r: Record<string, unknown>, deletes: Date, end: Date): string {
  if (r['undone_at'] !== null) return 'undone';
  if (r['change'] === 'ScheduleKeyDeletion') return deletes <= end ? 'deleted' : 'pending deletion';
  return r['change'] === 'DisableKey' ? 'disabled' : 'no material';
}
