import { roleSession } from '../callers.ts';
import { mac } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

const account = accounts.prod;
const region = 'eu-central-1';

/**
 * A nightly settlement whose peak second grows by the same number of calls every day, with quiet
 * weekends: the history that a forecast needs. MACs can be neither cached nor batched away.
 */
export function plantQuotaGrowth(plan: Plan) {
  const caller = roleSession(account, 'settlement-batch', 'settlement-nightly');
  const key = keyOf(account, region, 'settlement-mac');
  const first = 180;
  // On the last of 30 days the peak stands at 325 of 400; a longer trail grows slower to the same.
  const perDay = plan.days <= 30 ? 5 : 145 / (plan.days - 1);
  const weekendLess = 60;
  const daily = [];
  for (let day = 0; day < plan.days; day += 1) {
    const weekend = day % 7 >= 5;
    const peak = Math.round(first + perDay * day) - (weekend ? weekendLess : 0);
    const at = plan.dayStart(day) + 2 * 3600 + 15 * 60;
    plan.reserve(account, region, at - 60, at + 240);
    const shape = [peak, Math.floor(peak * 0.3), Math.floor(peak * 0.1)];
    shape.forEach((calls, second) => {
      for (let i = 0; i < calls; i += 1)
        plan.kms(mac('GenerateMac', key), { at: at + second, caller });
    });
    daily.push({
      day: isoSecond(at).slice(0, 10),
      peak_at: isoSecond(at),
      peak_calls: peak,
      weekend,
    });
  }
  return {
    account_id: account,
    region,
    quota_id: 'crypto_symmetric',
    quota_calls_per_second: 400,
    principal_arn: caller.principalArn,
    key_arn: key.arn,
    growth_calls_per_day: perDay,
    weekend_lower_by_calls: weekendLess,
    daily,
    last_peak_calls: daily.at(-1)?.peak_calls ?? 0,
    /** Day index (0 = first day) on which the weekday line reaches 80 % and 100 % of the quota. */
    line_reaches_80_percent_on_day: Math.ceil((0.8 * 400 - first) / perDay),
    line_reaches_100_percent_on_day: Math.ceil((400 - first) / perDay),
  };
}
