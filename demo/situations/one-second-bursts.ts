import { roleSession } from '../callers.ts';
import { mac } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

const account = accounts.sandbox;
const region = 'ap-southeast-2';

/** Five times 240 calls in one second and nothing else in the minute: 4 a second on average. */
export function plantOneSecondBursts(plan: Plan) {
  const caller = roleSession(account, 'flash-sale', 'coupon-signer');
  const key = keyOf(account, region, 'coupons');
  const calls = 240;
  const bursts = [2, 7, 12, 17, 22].map((day) => {
    const at = plan.at(day, '17:30:17');
    plan.reserve(account, region, at - 60, at + 60);
    for (let i = 0; i < calls; i += 1) plan.kms(mac('VerifyMac', key), { at, caller });
    return isoSecond(at);
  });
  return {
    account_id: account,
    region,
    quota_id: 'crypto_symmetric',
    quota_calls_per_second: 300,
    principal_arn: caller.principalArn,
    bursts_at: bursts,
    calls_each: calls,
    minute_average_calls_per_second: calls / 60,
    peak_percent_of_quota: (100 * calls) / 300,
  };
}
