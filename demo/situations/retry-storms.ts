import { type Caller, roleSession } from '../callers.ts';
import { decrypt, mac, throttled, withoutResources } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

const account = accounts.sandbox;
const region = 'eu-north-1';

/**
 * While a load test fills the quota for 12 seconds, three principals repeat one call each until it
 * gets through: without a pause, every 5 seconds, and with doubling pauses.
 */
export function plantRetryStorms(plan: Plan) {
  const from = plan.at(21, '10:40:00');
  plan.reserve(account, region, from - 60, from + 240);
  const filler = roleSession(account, 'load-test', 'load-test-1');
  const fillKey = keyOf(account, region, 'load-test');
  for (let second = 0; second < 12; second += 1) {
    for (let i = 0; i < 60; i += 1)
      plan.kms(mac('VerifyMac', fillKey), { at: from + second, caller: filler });
  }
  // Eight attempts in each of ten seconds: no pause at all.
  const none = Array.from({ length: 80 }, (_, i) => 1 + Math.floor(i / 8));
  const storms = [
    storm(plan, { from, name: 'impatient-worker', shape: 'none', refusedAt: none, succeedsAt: 12 }),
    storm(plan, {
      from,
      name: 'polling-worker',
      shape: 'fixed',
      refusedAt: [1, 6, 11],
      succeedsAt: 16,
    }),
    storm(plan, {
      from,
      name: 'patient-worker',
      shape: 'exponential',
      refusedAt: [0, 1, 3, 7],
      succeedsAt: 15,
    }),
  ];
  return {
    account_id: account,
    region,
    quota_id: 'crypto_symmetric',
    quota_calls_per_second: 60,
    filler_principal_arn: filler.principalArn,
    started_at: isoSecond(from),
    storms,
  };
}

interface Storm {
  from: number;
  name: string;
  shape: 'none' | 'fixed' | 'exponential';
  /** Seconds after `from` of each refused attempt. */
  refusedAt: number[];
  succeedsAt: number;
}

function storm(plan: Plan, s: Storm) {
  const caller: Caller = roleSession(account, s.name, `${s.name}-1`);
  const key = keyOf(account, region, s.name);
  const call = decrypt(key, { job: s.name, item: 'invoice-1' });
  for (const second of s.refusedAt) {
    plan.kms(withoutResources(call), { at: s.from + second, caller, error: throttled });
  }
  plan.kms(call, { at: s.from + s.succeedsAt, caller });
  return {
    principal_arn: caller.principalArn,
    back_off: s.shape,
    operation: 'Decrypt',
    context: { job: s.name, item: 'invoice-1' },
    throttled_calls: s.refusedAt.length,
    /** Attempts for one call that was wanted. */
    attempts: s.refusedAt.length + 1,
    refused_at: s.refusedAt.map((second) => isoSecond(s.from + second)),
    succeeded_at: isoSecond(s.from + s.succeedsAt),
  };
}
