import { z } from 'zod';
import { ownAccounts } from '../investigation/own-accounts.ts';
import { accountOfText } from '../investigation/key-policy.ts';
import type { Evidence } from './detection.ts';
import { plural } from '../../core/words.ts';
import { defineDetection, detectionParams } from './detection.ts';

function operationsOf(request: unknown): { operations: string[]; constrained: boolean } {
  try {
    const value = JSON.parse(String(request)) as {
      operations?: unknown;
      constraints?: unknown;
    } | null;
    const listed = value?.operations;
    return {
      operations: Array.isArray(listed) ? listed.map(String) : [],
      constrained: value?.constraints !== undefined && value.constraints !== null,
    };
  } catch {
    return { operations: [], constrained: false };
  }
}

export default defineDetection({
  name: 'outside-grant',
  id: 'KMS-03',
  title: 'Grant to a foreign account',
  question: 'Did a grant let a principal of a foreign account use or retire, and was it used?',
  severity: 'high',
  techniques: [
    { id: 'T1098', name: 'Account Manipulation' },
    { id: 'T1537', name: 'Transfer Data to Cloud Account' },
  ],
  false_positives: ['partners and vendors with agreed access; configure their accounts as own'],
  caveats: ['Grants to services are not foreign.'],
  sql: new URL('./outside-grant.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
  }),
  bind: async (_, context) => ({ own: [...(await ownAccounts(context))] }),
  async judge(rows, _, context) {
    const own = await ownAccounts(context);
    return (rows as Evidence[]).filter((row) =>
      [row['grantee'], row['retiring_principal']].some((name) => {
        const account = typeof name === 'string' ? accountOfText(name) : null;
        return account !== null && account !== row['key_account_id'] && !own.has(account);
      }),
    );
  },
  severityOf: (row) => (Number(row['uses'] ?? 0) > 0 ? 'critical' : 'high'),
  finding: (row) => {
    const request = operationsOf(row['request_parameters']);
    const uses = Number(row['uses'] ?? 0);
    return [
      `grant to ${row['grantee'] ?? '(not in the record)'}${row['retiring_principal'] ? `, retired by ${row['retiring_principal']}` : ''}`,
      `allows ${request.operations.join(', ') || '(not in the record)'}${request.constrained ? ' with a constraint on the encryption context' : ' without constraint'}`,
      ...(request.operations.includes('CreateGrant') ? ['the grantee may grant further'] : []),
      ...(uses > 0 ? [`used ${plural(uses, 'time')} since ${row['first_used_at']}`] : []),
    ].join('; ');
  },
});
