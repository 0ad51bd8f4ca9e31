import { otherAccount, roleSession } from '../callers.ts';
import { decrypt, denied, mac, withoutResources } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { idOfName } from '../rng.ts';

/** Calls between two accounts of the organisation: two records each, and either may come first. */
export function plantCrossAccountCalls(plan: Plan) {
  const region = 'eu-central-1';
  const from = plan.at(9, '13:00:00');
  const ways = [
    { caller: accounts.data, owner: accounts.prod, actions: 120 },
    { caller: accounts.prod, owner: accounts.data, actions: 80 },
  ];
  let offset = 0;
  const truth = ways.map((way) => {
    const key = keyOf(way.owner, region, 'shared-partner');
    const caller = roleSession(way.caller, 'partner-exchange', 'exchange-1');
    const reduced = otherAccount(way.caller, idOfName('AROA', caller.principalArn, 17));
    for (let i = 0; i < way.actions; i += 1) {
      const call = mac('VerifyMac', key);
      // Half of the owner's copies come seven minutes later, half seven minutes earlier.
      const ownerCopyLater = i % 2 === 0 ? 420 : -420;
      plan.crossAccount(call, {
        at: from + offset + i * 3,
        caller,
        ownerSees: reduced,
        ownerCopyLater,
      });
    }
    offset += way.actions * 3;
    return {
      caller_account_id: way.caller,
      key_account_id: way.owner,
      key_arn: key.arn,
      actions: way.actions,
      records: 2 * way.actions,
    };
  });
  // A refused call is logged for the caller alone.
  const stranger = roleSession(accounts.data, 'partner-exchange', 'exchange-2');
  const closed = keyOf(accounts.prod, region, 'payroll');
  for (let i = 0; i < 10; i += 1) {
    const error = denied('Decrypt', stranger.callerArn, closed.arn);
    const call = withoutResources(decrypt(closed, { exchange: 'partner' }));
    plan.kms(call, { at: from + offset + i, caller: stranger, error });
  }
  return { region, ways: truth, denied_in_caller_account_only: 10 };
}

/** For three days a second trail writes the same records into the same bucket, in other files. */
export function plantSecondTrail(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'us-east-1';
  const from = plan.dayStart(plan.day(10));
  const to = from + 3 * 86_400;
  plan.secondTrails.push({ account, region, from, to });
  const caller = roleSession(account, 'badge-printer', 'badge-1');
  const key = keyOf(account, region, 'badges');
  for (let i = 0; i < 150; i += 1) {
    plan.kms(mac('GenerateMac', key), { at: from + 9 * 3600 + i * 8, caller });
  }
  return {
    account_id: account,
    region,
    from: isoSecond(from),
    to: isoSecond(to),
    key_arn: key.arn,
    /** Of this key alone; the background of these days comes twice as well (see the totals). */
    distinct_events: 150,
    records: 300,
  };
}

/** Fifty calls whose files are published 25 hours later, under the next day's path. */
export function plantLateFiles(plan: Plan) {
  const account = accounts.prod;
  const region = 'ap-southeast-2';
  const from = plan.at(14, '03:00:00');
  const key = keyOf(account, region, 'late-arrivals');
  const caller = roleSession(account, 'branch-office', 'branch-17');
  for (let i = 0; i < 50; i += 1) {
    plan.kms(mac('VerifyMac', key), { at: from + i * 4, caller, publishedAfter: 25 * 3600 });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    calls: 50,
    first_at: isoSecond(from),
    last_at: isoSecond(from + 49 * 4),
    published_day: isoSecond(from + 25 * 3600).slice(0, 10),
  };
}
