import { z } from 'zod';
import { flag, filters, limit } from '../params.ts';
import { defineInvestigation, fields } from './investigation.ts';
import { ownAccounts, ownAccountsNote } from './own-accounts.ts';
import { judgePolicyCalls, type PolicyCall } from './policy-history.ts';

export default defineInvestigation({
  name: 'policy-changes',
  topic: 'investigation',
  title: 'Policy changes',
  question:
    'How did key policies change, in plain words, and do they open a key to the public or a foreign account?',
  audience: ['security'],
  headline: [
    'changed_at',
    'key',
    'operation',
    'verdict',
    'verdict_detail',
    'principal_arn',
    'caller_source',
    'event_id',
  ],
  caveats: [
    'The verdict is of the key policy alone: Deny statements, IAM policies, grants and organisation policies are not weighed.',
    'The policy before a change is known only when the log holds the call that set it.',
    'Conditions on encryption context or service do not make a statement for everyone less public; conditions on the caller do.',
  ],
  sql: new URL('./policy-changes.sql', import.meta.url),
  params: z.object({
    ...filters,
    account: z.string().max(64).optional().describe('account that owns the key'),
    key: z.string().max(2048).optional().describe('key ARN'),
    principal: z.string().max(2048).optional().describe('only changes by this principal'),
    with_verdict: flag.default(false).describe('only changes with a verdict'),
    limit: limit(500, 100_000),
  }),
  row: z.object({
    changed_at: z.string().meta({ unit: 'instant', description: 'when the call was made' }),
    key: fields.key,
    operation: z.string().meta({ description: 'PutKeyPolicy, CreateKey or ReplicateKey' }),
    outcome: z.string().meta({ description: 'a call that did not succeed changed nothing' }),
    error_code: z.string().nullable().meta({ description: 'errorCode' }),
    principal_arn: fields.principal_arn,
    account_id: z.string().nullable().meta({ description: 'account that owns the key' }),
    region: fields.region,
    verdict: z.string().meta({
      description:
        'public, foreign_account, lockout_bypass, root_removed, no_root_access (comma-separated), or none',
    }),
    verdict_detail: z.string().meta({ description: 'why, a sentence for each' }),
    difference: z.string().meta({ description: 'what changed from the policy before, in words' }),
    caller_source: z.string().nullable().meta({ description: 'sourceIPAddress as logged' }),
    event_id: fields.event_id,
  }),
  async run(sql, params, context) {
    const { to, account, region, key } = params;
    const bound = { to, account, region, key };
    const calls = (await context.engine.rows(sql, bound, context)) as unknown as PolicyCall[];
    const own = await ownAccounts(context);
    const rows = judgePolicyCalls(calls, own)
      .filter(({ call }) => !params.from || new Date(call.changed_at) >= params.from)
      .filter(
        ({ call }) => params.principal === undefined || call.principal_arn === params.principal,
      )
      .filter(({ verdicts }) => !params.with_verdict || verdicts.length > 0)
      .map(({ call, verdicts, details, difference }) => ({
        changed_at: call.changed_at,
        key: call.key,
        operation: call.operation,
        outcome: call.outcome,
        error_code: call.error_code,
        principal_arn: call.principal_arn,
        account_id: call.account_id,
        region: call.region,
        verdict: verdicts.join(', ') || 'none',
        verdict_detail: details.join('. '),
        difference: difference.join('. '),
        caller_source: call.caller_source,
        event_id: call.event_id,
      }));
    return { rows, notes: [ownAccountsNote(context, own)] };
  },
});
