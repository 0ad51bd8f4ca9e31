import { z } from 'zod';
import { runSql } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { AliasResolver, isAlias, readAliasIntervals } from './alias-intervals.ts';
import { defineInvestigation, fields } from './investigation.ts';

const row = z.object({
  principal_arn: fields.principal_arn,
  account_id: fields.account_id,
  region: fields.region,
  key: fields.key,
  key_resolved: z
    .boolean()
    .meta({ description: 'false when the record does not tell the key, only what was typed' }),
  alias_key_arn: z.string().nullable().meta({
    description:
      'key that an unresolved alias meant, when it meant one key from first_at to last_at',
  }),
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
  ],
  sql: new URL('./access-matrix.sql', import.meta.url),
  params: z.object({
    ...filters,
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
    key: z.string().max(2048).optional().describe('key ARN, or the key as typed when unresolved'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const found = (await runSql(sql, params, context)) as z.output<typeof row>[];
    const typedAlias = found.some((r) => !r.key_resolved && r.key !== null && isAlias(r.key));
    const resolver = new AliasResolver(typedAlias ? await readAliasIntervals(context) : []);
    return { rows: found.map((r) => ({ ...r, alias_key_arn: aliasKey(resolver, r) })) };
  },
});

function aliasKey(resolver: AliasResolver, r: z.output<typeof row>): string | null {
  if (r.key_resolved || r.key === null) return null;
  const meant = resolver
    .intervals(r.key, r.account_id, r.region)
    .filter((i) => i.valid_from <= r.last_at && (i.valid_to === null || i.valid_to > r.first_at));
  const [only] = meant;
  const whole =
    only &&
    meant.length === 1 &&
    only.valid_from <= r.first_at &&
    (only.valid_to === null || only.valid_to > r.last_at);
  return whole ? only.key_arn : null;
}
