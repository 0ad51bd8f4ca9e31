import { roleSession } from '../callers.ts';
import * as kms from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

/** A key in an external key store: each call counts for the account and for the store. */
export function plantCustomKeyStore(plan: Plan) {
  const account = accounts.data;
  const region = 'ap-southeast-2';
  const key = keyOf(account, region, 'external-vault');
  const store = 'cks-1f2e3d4c5b6a79880';
  const caller = roleSession(account, 'vault-volumes', 'vault-volumes-1');
  const from = plan.at(6, '10:20:00');
  plan.reserve(account, region, from - 30, from + 60);
  const seconds = 10;
  const each = 4;
  for (let i = 0; i < seconds * each; i += 1) {
    const context = { 'aws:ebs:id': `vol-${String(i).padStart(17, '0')}` };
    const call = kms.generateDataKeyWithoutPlaintext(key, context);
    plan.kms(call, {
      at: from + Math.floor(i / each),
      caller,
      via: 'ec2.amazonaws.com',
      additional: { customKeyStoreId: store, xksKeyId: 'vault/key-17' },
      storeQuota: 'custom_key_store_xks',
    });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    custom_key_store_id: store,
    quota_ids: ['crypto_symmetric', 'custom_key_store_xks'],
    calls: seconds * each,
    calls_per_second: each,
    started_at: isoSecond(from),
  };
}

/** Ciphertexts moved to a new key: ReEncrypt names two keys, and was tried out dry before. */
export function plantKeyMigration(plan: Plan) {
  const account = accounts.prod;
  const region = 'ap-southeast-2';
  const source = keyOf(account, region, 'tickets-2019');
  const destination = keyOf(account, region, 'tickets-2026');
  const caller = roleSession(account, 'key-migration', 'tickets');
  const from = plan.at(13, '20:00:00');
  const call = kms.reEncrypt(source, destination, { purpose: 'ticket' });
  const dryRuns = 2;
  for (let i = 0; i < dryRuns; i += 1) {
    const request = { ...(call.request as object), dryRun: true };
    const error = {
      code: 'DryRunOperationException',
      message: 'The request would have succeeded, but the DryRun parameter was specified.',
    };
    plan.kms({ ...call, request }, { at: from - 300 + i, caller, error });
  }
  const moved = 30;
  for (let i = 0; i < moved; i += 1) plan.kms(call, { at: from + i * 2, caller });
  return {
    account_id: account,
    region,
    source_key_arn: source.arn,
    destination_key_arn: destination.arn,
    principal_arn: caller.principalArn,
    re_encrypts: moved,
    dry_runs: dryRuns,
    started_at: isoSecond(from),
  };
}

/** A hierarchical keyring whose cache lives ten seconds: the branch key is fetched all the time. */
export function plantShortBranchKeyCache(plan: Plan) {
  const account = accounts.data;
  const region = 'eu-north-1';
  const key = keyOf(account, region, 'branch-keys');
  const caller = roleSession(account, 'profile-service', 'profile-service-1');
  const branch = '3d0b6a1e-5a0f-4d0c-9a59-0c6f6f2b8e11';
  const context = {
    'branch-key-id': branch,
    type: 'branch:ACTIVE',
    'create-time': '2026-09-01T08:00:00.000000Z',
    tablename: 'BranchKeys',
    'kms-arn': key.arn,
    'hierarchy-version': '1',
    'aws-crypto-ec:department': 'profiles',
  };
  const from = plan.at(14, '15:00:00');
  const calls = 360;
  for (let i = 0; i < calls; i += 1) {
    plan.kms(kms.decrypt(key, context), { at: from + i * 10, caller });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    branch_key_id: branch,
    principal_arn: caller.principalArn,
    calls_before: calls,
    calls_after: { 900: 4, 3600: 1 },
  };
}
