import { awsService, roleSession } from '../callers.ts';
import * as kms from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

/** A key used on the first two days and never again, though its account and Region stay covered. */
export function plantIdleKey(plan: Plan) {
  const account = accounts.prod;
  const region = 'ap-southeast-2';
  const key = keyOf(account, region, 'idle-since-migration');
  const caller = roleSession(account, 'legacy-archive', 'legacy-archive-1');
  const at = [plan.dayStart(0) + 39_600, plan.dayStart(1) + 39_600];
  for (const from of at) {
    for (let i = 0; i < 10; i += 1) {
      plan.kms(kms.mac('VerifyMac', key), { at: from + i * 5, caller });
    }
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    calls: 20,
    last_used_at: isoSecond((at[1] ?? 0) + 45),
    idle_whole_days: plan.days - 2,
  };
}

/** Two services use a key daily; it is scheduled for deletion, and from then on they fail. */
export function plantDeletionWhileInUse(plan: Plan) {
  const account = accounts.prod;
  const region = 'eu-north-1';
  const key = keyOf(account, region, 'warehouse-exports');
  const users = ['warehouse-export', 'partner-feed'].map((n) => roleSession(account, n, `${n}-1`));
  const scheduledDay = plan.day(8);
  const scheduledAt = plan.dayStart(scheduledDay) + 12 * 3600;
  const admin = roleSession(account, 'cost-cleanup', 'cleanup-ticket-4711');
  let before = 0;
  let after = 0;
  for (let day = 0; day < scheduledDay + 5; day += 1) {
    for (const [n, caller] of users.entries()) {
      for (let i = 0; i < 6; i += 1) {
        const at = plan.dayStart(day) + 9 * 3600 + n * 7 + i * 15;
        const call = kms.mac('GenerateMac', key);
        if (at < scheduledAt) {
          plan.kms(call, { at, caller });
          before += 1;
        } else {
          const error = {
            code: 'KMSInvalidStateException',
            message: `${key.arn} is pending deletion.`,
          };
          plan.kms(call, { at, caller, error });
          after += 1;
        }
      }
    }
  }
  // Tue, 20 Oct 2026 12:00:00 GMT -> Oct 20, 2026, 12:00:00 PM, as KMS answers.
  const [, date, month, year] = new Date((scheduledAt + 7 * 86_400) * 1000)
    .toUTCString()
    .split(' ');
  const deletionDate = `${month} ${Number(date)}, ${year}, 12:00:00 PM`;
  const response = { keyId: key.arn, keyState: 'PendingDeletion', deletionDate };
  const request = { pendingWindowInDays: 7 };
  plan.kms(kms.manage('ScheduleKeyDeletion', key, request, response), {
    at: scheduledAt,
    caller: admin,
  });
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    scheduled_at: isoSecond(scheduledAt),
    pending_window_days: 7,
    scheduled_by: admin.principalArn,
    users: users.map((u) => u.principalArn),
    calls_before: before,
    failures_after: after,
    error_code: 'KMSInvalidStateException',
  };
}

/** State-changing calls crowd on one key: refused below every quota, since one key has a limit. */
export function plantHotKey(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'us-east-1';
  const from = plan.at(22, '13:00:00');
  plan.reserve(account, region, from - 60, from + 120);
  const key = keyOf(account, region, 'cluster-volumes');
  const caller = roleSession(account, 'cluster-autoscaler', 'scale-out-900');
  const grantee = roleSession(account, 'cluster-node', 'node').principalArn;
  const each = { TagResource: 4, CreateGrant: 12, RetireGrant: 12 };
  const seconds = 10;
  for (let s = 0; s < seconds; s += 1) {
    const how = { at: from + s, caller };
    for (let i = 0; i < each.TagResource; i += 1) {
      const tags = [{ tagKey: 'node', tagValue: `n${s}-${i}` }];
      plan.kms(kms.manage('TagResource', key, { tags }), how);
    }
    for (let i = 0; i < each.CreateGrant; i += 1) {
      plan.kms(kms.createGrant(key, grantee, ['Decrypt', 'GenerateDataKey']), how);
    }
    for (let i = 0; i < each.RetireGrant; i += 1) {
      plan.kms(kms.retireGrant(key, `grant-${s}-${i}`), how);
    }
    for (let i = 0; i < 2; i += 1) {
      const refused = kms.withoutResources(kms.createGrant(key, grantee, ['Decrypt']));
      plan.kms(refused, { ...how, error: kms.throttled });
    }
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    started_at: isoSecond(from),
    seconds,
    accepted_calls: each,
    accepted_calls_by_second: 28,
    throttled_create_grants: 2 * seconds,
  };
}

/** An alias is moved to another key: what it means depends on when it was said. */
export function plantAliasSwap(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'eu-central-1';
  const alias = 'alias/payments';
  const before = keyOf(account, region, 'payments-2025');
  const after = keyOf(account, region, 'payments-unreviewed');
  const createdAt = plan.at(0, '10:00:00');
  const movedAt = plan.at(17, '23:10:00');
  const admin = roleSession(account, 'platform-admin', 'admin-1');
  const mover = roleSession(account, 'contractor-access', 'contractor-9');
  const user = roleSession(account, 'payments-api', 'payments-api-1');
  plan.kms(kms.alias('CreateAlias', alias, before), { at: createdAt, caller: admin });
  plan.kms(kms.alias('UpdateAlias', alias, after), { at: movedAt, caller: mover });
  const use = (at: number, key: typeof before, refused: boolean): void => {
    const call = kms.encrypt(key, { purpose: 'card' }, alias);
    const error = kms.denied('Encrypt', user.callerArn, alias);
    if (refused) plan.kms(kms.withoutResources(call), { at, caller: user, error });
    else plan.kms(call, { at, caller: user });
  };
  // Two refused calls on each side name the alias only: it must be resolved as of its own time.
  for (let i = 0; i < 12; i += 1) use(movedAt - 900 + i * 10, before, i < 2);
  for (let i = 0; i < 8; i += 1) use(movedAt + 60 + i * 10, after, i < 2);
  return {
    account_id: account,
    region,
    alias,
    created_at: isoSecond(createdAt),
    moved_at: isoSecond(movedAt),
    moved_by: mover.principalArn,
    key_before_arn: before.arn,
    key_after_arn: after.arn,
    calls_before: 12,
    calls_after: 8,
    refused_by_alias_before: 2,
    refused_by_alias_after: 2,
  };
}

/** A copy of a key is made in a Region where the organisation does nothing. */
export function plantReplicaInUnusedRegion(plan: Plan) {
  const account = accounts.data;
  const region = 'eu-central-1';
  const key = keyOf(account, region, 'mrk-customer-vault');
  const at = plan.at(23, '03:12:00');
  const caller = roleSession(account, 'contractor-access', 'contractor-2');
  const replicaRegion = 'sa-east-1';
  const replicaArn = key.arn.replace(region, replicaRegion);
  const request = { replicaRegion, bypassPolicyLockoutSafetyCheck: false };
  const response = { replicaKeyMetadata: { arn: replicaArn, multiRegion: true }, keyId: key.arn };
  plan.kms(kms.manage('ReplicateKey', key, request, response), { at, caller });
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    replica_region: replicaRegion,
    replica_arn: replicaArn,
    principal_arn: caller.principalArn,
    at: isoSecond(at),
  };
}

/** DynamoDB keeps its own data key: a service principal, with no account in its identity. */
export function plantServicePrincipalCalls(plan: Plan) {
  const account = accounts.data;
  const region = 'eu-north-1';
  const key = keyOf(account, region, 'ledger-table');
  const context = { 'aws:dynamodb:tableName': 'ledger', 'aws:dynamodb:subscriberId': account };
  const from = plan.at(4, '04:00:00');
  for (let i = 0; i < 12; i += 1) {
    const caller = awsService('dynamodb.amazonaws.com');
    const at = from + i * 600;
    plan.kms(kms.decrypt(key, context), { at, caller, sharedEventId: plan.sharedId() });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    principal: 'dynamodb.amazonaws.com',
    calls: 12,
  };
}
