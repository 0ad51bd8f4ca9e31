import { roleSession } from '../callers.ts';
import { generateDataKeyPair, mac } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

const account = accounts.data;

/** A quota so small that a certificate rollout of 19 key pairs a second is at 95 % of it. */
export function plantNearQuotaKeyPairs(plan: Plan) {
  const region = 'eu-north-1';
  const caller = roleSession(account, 'device-provisioning', 'rollout-7');
  const key = keyOf(account, region, 'device-wrapping');
  const perSecond = [6, 12, 16, 17, 19, 18, 15, 9, 4];
  const from = plan.at(11, '09:00:10');
  plan.reserve(account, region, from - 10, from + 60);
  perSecond.forEach((calls, second) => {
    for (let i = 0; i < calls; i += 1) {
      const context = { fleet: 'meters', rollout: '7' };
      plan.kms(generateDataKeyPair(key, context), { at: from + second, caller });
    }
  });
  return nearQuota({ region, quota: 'gdkp_rsa_2048', limit: 20, perSecond, from });
}

/** A quota that AWS raised or lowered for the account: only the override in the config tells. */
export function plantNearQuotaOverride(plan: Plan) {
  const region = 'eu-central-1';
  const caller = roleSession(account, 'ledger-sealer', 'sealer-1');
  const key = keyOf(account, region, 'ledger-mac');
  const perSecond = [30, 75, 110, 121, 146, 139, 120, 60];
  const from = plan.at(13, '09:00:10');
  plan.reserve(account, region, from - 10, from + 60);
  perSecond.forEach((calls, second) => {
    for (let i = 0; i < calls; i += 1)
      plan.kms(mac('GenerateMac', key), { at: from + second, caller });
  });
  return nearQuota({ region, quota: 'crypto_symmetric', limit: 150, perSecond, from });
}

function nearQuota(n: {
  region: string;
  quota: string;
  limit: number;
  perSecond: number[];
  from: number;
}) {
  const peak = Math.max(...n.perSecond);
  const secondsAt = (share: number) => n.perSecond.filter((c) => c >= share * n.limit).length;
  const threeSeconds = n.perSecond.map((c, i, all) => (all[i - 1] ?? 0) + c + (all[i + 1] ?? 0));
  return {
    account_id: account,
    region: n.region,
    quota_id: n.quota,
    quota_calls_per_second: n.limit,
    started_at: isoSecond(n.from),
    calls_by_second: n.perSecond,
    calls: n.perSecond.reduce((sum, c) => sum + c, 0),
    peak_calls: peak,
    peak_at: isoSecond(n.from + n.perSecond.indexOf(peak)),
    peak_percent_of_quota: (100 * peak) / n.limit,
    /** The largest sum of three seconds in a row. */
    three_second_calls_max: Math.max(...threeSeconds),
    seconds_at_50_percent: secondsAt(0.5),
    seconds_at_80_percent: secondsAt(0.8),
    seconds_at_100_percent: secondsAt(1),
  };
}
