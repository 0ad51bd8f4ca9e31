import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AnalysisContext } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { instantText } from './data-end.ts';
import {
  grantsOf,
  GrantUses,
  namesOfGrantee,
  type Grant,
  type GrantCall,
  type GrantUse,
} from './grant-history.ts';
import { defineInvestigation, fields } from './investigation.ts';
import { accountOfText } from './key-policy.ts';
import { ownAccounts, ownAccountsNote } from './own-accounts.ts';

const useSql = readFileSync(new URL('./grant-use.sql', import.meta.url), 'utf8');
const nullable = (description: string) => z.string().nullable().meta({ description });

/** Calls on the keys of these grants by their grantees, ready to be asked for each grant. */
async function readUses(
  grants: readonly Grant[],
  range: { from?: Date | undefined; to?: Date | undefined },
  context: AnalysisContext,
): Promise<GrantUses> {
  const keys = [...new Set(grants.flatMap((grant) => grant.key ?? []))];
  const grantees = [...new Set(grants.flatMap((grant) => namesOfGrantee(grant.grantee ?? '')))];
  if (keys.length === 0) return new GrantUses([]);
  const rows = await context.engine.rows(useSql, { keys, grantees, ...range }, context);
  return new GrantUses(rows as unknown as GrantUse[]);
}

export default defineInvestigation({
  name: 'grants',
  topic: 'investigation',
  title: 'Grants',
  question: 'Which grants were created, retired, revoked, are still open, and who used them?',
  audience: ['security'],
  headline: [
    'grantee',
    'key',
    'status',
    'operations',
    'created_at',
    'created_by',
    'calls',
    'last_used_at',
  ],
  caveats: [
    'The log does not tell which grant allowed a call: use counts calls of the grantee that the grant covers, in its life; a policy may have allowed them as well.',
    'A grant made before the log begins is known only by its end, or not at all.',
    'Grants are compared by key, grantee, operation and time, not by their constraints.',
  ],
  sql: new URL('./grants.sql', import.meta.url),
  params: z.object({
    ...filters,
    account: z.string().max(64).optional().describe('account that owns the key'),
    key: z.string().max(2048).optional().describe('key ARN'),
    principal: z
      .string()
      .max(2048)
      .optional()
      .describe('grantee, retiring principal, or who created or ended the grant'),
    grantee: z.string().max(2048).optional().describe('grantee principal'),
    status: z
      .enum(['open', 'retired', 'revoked'])
      .optional()
      .describe('only grants of this status'),
    limit: limit(1_000, 100_000),
  }),
  row: z.object({
    grant_id: nullable('grant id'),
    key: fields.key,
    region: fields.region,
    status: z.string().meta({ description: 'open, retired or revoked at the end of the range' }),
    grantee: nullable('who may use the key'),
    retiring_principal: nullable('who may retire the grant'),
    foreign: z.boolean().meta({
      description:
        'grantee or retiring principal is of an account that is neither own nor the key owner',
    }),
    operations: z.string().meta({ description: 'operations that the grant allows' }),
    constraints: nullable('encryption context that calls must carry (JSON)'),
    created_at: nullable('creation; null when before the log'),
    created_by: nullable('principal that created it'),
    ended_at: nullable('retired or revoked'),
    ended_by: nullable('principal that retired or revoked it'),
    calls: z.number().meta({
      unit: 'calls',
      description: 'calls of the grantee that the grant covers (upper bound)',
    }),
    first_used_at: nullable('first of these calls'),
    last_used_at: nullable('last of these calls'),
    used_by: z.string().meta({ description: 'principals of these calls' }),
    create_event_id: nullable('eventID of CreateGrant'),
    end_event_id: nullable('eventID of RetireGrant or RevokeGrant'),
  }),
  async run(sql, params, context) {
    const { to, region, key } = params;
    const calls = await context.engine.rows(sql, { to, region, key }, context);
    const from = params.from ? instantText(params.from) : null;
    const grants = grantsOf(calls as unknown as GrantCall[]).filter(
      (grant) =>
        (params.account === undefined || grant.key_account_id === params.account) &&
        (params.grantee === undefined || grant.grantee === params.grantee) &&
        (params.status === undefined || grant.status === params.status) &&
        (params.principal === undefined ||
          [grant.grantee, grant.retiring_principal, grant.created_by, grant.ended_by].includes(
            params.principal,
          )) &&
        // A grant that ended before the range is not of it.
        (from === null || grant.ended_at === null || grant.ended_at >= from),
    );
    const own = await ownAccounts(context);
    const uses = await readUses(grants, { from: params.from, to }, context);
    const isForeign = (grant: Grant) =>
      [grant.grantee, grant.retiring_principal]
        .map((name) => (name === null ? null : accountOfText(name)))
        .some(
          (account) => account !== null && account !== grant.key_account_id && !own.has(account),
        );
    const rows = grants.map((grant) => {
      const { key_account_id: _owner, ...shown } = grant;
      const use = uses.of(grant, from);
      return {
        ...shown,
        operations: grant.operations.join(', '),
        foreign: isForeign(grant),
        ...use,
        used_by: use.used_by.join(', '),
      };
    });
    return { rows, notes: [ownAccountsNote(context, own)] };
  },
});
