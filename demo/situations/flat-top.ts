import { roleSession } from '../callers.ts';
import { mac } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

const account = accounts.data;
const region = 'us-east-1';
const quota = 120;

/** Fifteen seconds at exactly the quota and no refusal in the log: what was refused is not seen. */
export function plantFlatTop(plan: Plan) {
  const from = plan.at(15, '10:10:00');
  plan.reserve(account, region, from - 30, from + 120);
  const caller = roleSession(account, 'statement-sealer', 'sealer-eom');
  const key = keyOf(account, region, 'statements');
  const flat = 15;
  const perSecond = [40, 80, 110, ...Array.from({ length: flat }, () => quota), 70, 20];
  perSecond.forEach((calls, second) => {
    for (let i = 0; i < calls; i += 1)
      plan.kms(mac('GenerateMac', key), { at: from + second, caller });
  });
  return {
    account_id: account,
    region,
    quota_id: 'crypto_symmetric',
    quota_calls_per_second: quota,
    principal_arn: caller.principalArn,
    flat_from: isoSecond(from + 3),
    flat_last: isoSecond(from + 3 + flat - 1),
    flat_seconds: flat,
    calls_per_flat_second: quota,
    throttled_calls: 0,
    calls: perSecond.reduce((sum, c) => sum + c, 0),
  };
}
