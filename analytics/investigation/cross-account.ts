import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { AnalysisContext } from '../analysis.ts';
import { filters, limit } from '../params.ts';
import { instantText } from './data-end.ts';
import { grantsOf, type GrantCall } from './grant-history.ts';
import { defineInvestigation, fields } from './investigation.ts';
import { accountOfText } from './key-policy.ts';
import { ownAccounts, ownAccountsNote } from './own-accounts.ts';
import { judgePolicyCalls, type PolicyCall } from './policy-history.ts';

const grantsSql = readFileSync(new URL('./grants.sql', import.meta.url), 'utf8');
const policiesSql = readFileSync(new URL('./policy-changes.sql', import.meta.url), 'utf8');
const nullable = (description: string) => z.string().nullable().meta({ description });

const row = z.object({
  kind: z.string().meta({ description: 'calls, or what opens the way: grant or policy' }),
  direction: z.string().meta({
    description:
      'incoming (a foreign account to an own key), outgoing (an own account to a foreign key), internal (both own) or foreign (neither)',
  }),
  caller_account_id: nullable('account that calls, or that is let in'),
  key_account_id: nullable('account that owns the key'),
  principal_arn: nullable('principal that calls, grantee, or who set the policy'),
  region: fields.region,
  key: fields.key,
  via_service: nullable('service that called on behalf of the principal'),
  first_at: z.string().meta({ unit: 'instant', description: 'first call, or when it was opened' }),
  last_at: z.string().nullable().meta({
    unit: 'instant',
    description: 'last call, or when the grant ended; null while it is open',
  }),
  calls: fields.calls,
  denied_calls: z.number().meta({ unit: 'calls', description: 'of these denied' }),
  detail: nullable('what the grant or policy allows'),
  event_id: fields.event_id,
});

type Row = z.output<typeof row>;

export default defineInvestigation({
  name: 'cross-account',
  topic: 'investigation',
  title: 'Cross-account access',
  question:
    'Which principals use keys of another account, in both directions, and which grants and policies open the way?',
  audience: ['security'],
  headline: [
    'kind',
    'direction',
    'caller_account_id',
    'principal_arn',
    'key',
    'calls',
    'denied_calls',
    'last_at',
  ],
  caveats: [
    'Denied calls across accounts are logged only in the trail of the caller.',
    'A policy is listed from each call that set it with a statement for a foreign account or for everyone; a later policy may have closed it (see policy-changes).',
    'In the copy of the key owner the foreign caller may be reduced to its account.',
  ],
  sql: new URL('./cross-account.sql', import.meta.url),
  params: z.object({
    ...filters,
    account: z.string().max(64).optional().describe('caller account or key owner'),
    key: z.string().max(2048).optional().describe('key ARN'),
    principal: z.string().max(2048).optional().describe('role, user or session ARN, or service'),
    direction: z
      .enum(['incoming', 'outgoing', 'internal', 'foreign'])
      .optional()
      .describe('only this direction'),
    limit: limit(1_000, 100_000),
  }),
  row,
  async run(sql, params, context) {
    const own = await ownAccounts(context);
    const { from, to, account, region, key, principal } = params;
    const bound = { from, to, account, region, key, principal };
    const calls = await context.engine.rows(sql, bound, context);
    const scope = { to, region, key: undefined, account: undefined };
    const start = from ? instantText(from) : '';
    const rows = [
      ...calls.map((call) => ({ kind: 'calls', detail: null, ...call })),
      ...(await grantRows(scope, context)).filter((g) => (g.last_at ?? '~') >= start),
      ...(await policyRows(scope, context, own)).filter((p) => p.first_at >= start),
    ].map((r) => ({ ...r, direction: directionOf(r as Row, own) }) as Row);
    return {
      rows: rows.filter(
        (r) =>
          (params.direction === undefined || r.direction === params.direction) &&
          (key === undefined || r.key === key) &&
          (principal === undefined || r.kind === 'calls' || r.principal_arn === principal) &&
          (account === undefined ||
            r.caller_account_id === account ||
            r.key_account_id === account),
      ),
      notes: [ownAccountsNote(context, own)],
    };
  },
});

type Scope = Record<string, string | Date | undefined>;

async function grantRows(scope: Scope, context: AnalysisContext) {
  const calls = await context.engine.rows(grantsSql, scope, context);
  return grantsOf(calls as unknown as GrantCall[]).flatMap((grant) => {
    const account = grant.grantee === null ? null : accountOfText(grant.grantee);
    if (account === null || account === grant.key_account_id || grant.created_at === null)
      return [];
    return {
      kind: 'grant',
      caller_account_id: account,
      key_account_id: grant.key_account_id,
      principal_arn: grant.grantee,
      region: grant.region,
      key: grant.key,
      via_service: null,
      first_at: grant.created_at,
      last_at: grant.ended_at,
      calls: 0,
      denied_calls: 0,
      detail: `grant ${grant.grant_id} by ${grant.created_by} allows ${grant.operations.join(', ')}${grant.constraints === null ? '' : ` with ${grant.constraints}`} (${grant.status})`,
      event_id: grant.create_event_id!,
    };
  });
}

async function policyRows(scope: Scope, context: AnalysisContext, own: ReadonlySet<string>) {
  const calls = await context.engine.rows(policiesSql, scope, context);
  return judgePolicyCalls(calls as unknown as PolicyCall[], own)
    .filter(({ call }) => call.outcome === 'success')
    .flatMap(({ call, findings }) =>
      findings.flatMap((finding) => {
        const open = finding.verdict === 'public' ? ['*'] : finding.foreign_accounts;
        return open.map((account) => ({
          kind: 'policy',
          caller_account_id: account,
          key_account_id: call.account_id,
          principal_arn: call.principal_arn,
          region: call.region,
          key: call.key,
          via_service: null,
          first_at: call.changed_at,
          last_at: null,
          calls: 0,
          denied_calls: 0,
          detail: finding.detail,
          event_id: call.event_id,
        }));
      }),
    );
}

function directionOf(r: Row, own: ReadonlySet<string>): string {
  const callerOwn = r.caller_account_id !== null && own.has(r.caller_account_id);
  const keyOwn = r.key_account_id !== null && own.has(r.key_account_id);
  if (callerOwn && keyOwn) return 'internal';
  return keyOwn ? 'incoming' : callerOwn ? 'outgoing' : 'foreign';
}
