import { z } from 'zod';
import { ownAccounts } from '../investigation/own-accounts.ts';
import { judgePolicyCalls, type PolicyCall } from '../investigation/policy-history.ts';
import { flag } from '../params.ts';
import { defineDetection, detectionParams } from './detection.ts';

export default defineDetection({
  name: 'lock-out-policy',
  id: 'KMS-02',
  title: 'Key policy that opens or locks out',
  question:
    'Did a key policy open a key to everyone or to a foreign account, or shut its owner out?',
  severity: 'high',
  techniques: [
    { id: 'T1098', name: 'Account Manipulation' },
    { id: 'T1537', name: 'Transfer Data to Cloud Account' },
    { id: 'T1531', name: 'Account Access Removal' },
  ],
  false_positives: [
    'an account that belongs to you but is not configured as own',
    'keys of published data that are meant to be open',
  ],
  caveats: ['The key policy alone is judged; see policy-changes.'],
  sql: new URL('./lock-out-policy.sql', import.meta.url),
  params: z.object({
    ...detectionParams,
    any_change: flag.default(false).describe('also report policy changes without a verdict (low)'),
  }),
  async judge(rows, params, context) {
    const own = await ownAccounts(context);
    const judged = judgePolicyCalls(rows as unknown as PolicyCall[], own);
    return judged
      .filter(({ call }) => !params.from || new Date(call.changed_at) >= params.from)
      .filter(
        ({ verdicts, call }) =>
          verdicts.length > 0 || (params.any_change && call.operation === 'PutKeyPolicy'),
      )
      .map(({ call, verdicts, details, difference }) => ({
        first_at: call.changed_at,
        last_at: call.changed_at,
        account_id: call.account_id,
        region: call.region,
        principal_arn: call.principal_arn,
        key: call.key,
        events: 1,
        evidence: [call.event_id],
        verdicts,
        words: `${call.operation}: ${[...details, ...difference].join('; ')}`,
      }));
  },
  finding: (row) => String(row['words']),
  severityOf: (row) => {
    const verdicts = row['verdicts'] as string[];
    if (verdicts.includes('public')) return 'critical';
    if (verdicts.includes('foreign_account') || verdicts.includes('lockout_bypass')) return 'high';
    return verdicts.length > 0 ? 'medium' : 'low';
  },
});
