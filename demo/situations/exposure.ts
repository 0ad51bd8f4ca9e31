import { otherAccount, roleSession } from '../callers.ts';
import * as kms from '../kms-calls.ts';
import { accounts, foreignAccount, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { idOfName } from '../rng.ts';
import { writeObject } from '../s3-calls.ts';

/** Our principal encrypts our bucket's objects with a key of an account that is not ours. */
export function plantForeignKey(plan: Plan) {
  const account = accounts.prod;
  const region = 'eu-north-1';
  const key = keyOf(foreignAccount, region, 'not-ours');
  const bucket = 'acme-contracts';
  const caller = roleSession(account, 'contractor-access', 'contractor-4');
  const from = plan.at(24, '02:40:00');
  const objects = 25;
  for (let i = 0; i < objects; i += 1) {
    const at = from + i * 2;
    writeObject(plan, { at, caller, key, bucket, object: `c/${i}.pdf` }).sharedEventId =
      plan.sharedId();
  }
  return {
    account_id: account,
    region,
    bucket,
    key_arn: key.arn,
    key_account_id: foreignAccount,
    principal_arn: caller.principalArn,
    started_at: isoSecond(from),
    objects,
  };
}

/** Three grants let another organisation's principal decrypt, and it does. */
export function plantForeignGrants(plan: Plan) {
  const account = accounts.data;
  const region = 'ap-southeast-2';
  const key = keyOf(account, region, 'customer-exports');
  const grantee = `arn:aws:iam::${foreignAccount}:role/collector`;
  const caller = roleSession(account, 'contractor-access', 'contractor-5');
  const from = plan.at(25, '01:15:00');
  const grants = [['Decrypt'], ['Decrypt', 'CreateGrant'], ['Decrypt', 'DescribeKey']];
  grants.forEach((operations, i) => {
    plan.kms(kms.createGrant(key, grantee, operations), { at: from + i * 20, caller });
  });
  // Only our copy is here: the foreign account's trail is not ours.
  const collector = otherAccount(foreignAccount, idOfName('AROA', grantee, 17));
  for (let i = 0; i < 5; i += 1) {
    plan.kms(kms.decrypt(key, { export: `customers-${i}` }), {
      at: from + 300 + i * 4,
      caller: collector,
      recipient: account,
      sharedEventId: plan.sharedId(),
    });
  }
  return {
    account_id: account,
    region,
    key_arn: key.arn,
    grantee,
    grantee_account_id: foreignAccount,
    granted_by: caller.principalArn,
    granted_at: grants.map((_, i) => isoSecond(from + i * 20)),
    grants_with_create_grant: 1,
    uses_by_foreign_account: 5,
  };
}

const statement = (principal: unknown, action: string) => ({
  Effect: 'Allow',
  Principal: principal,
  Action: action,
  Resource: '*',
});

/** A key opened to everyone, one to another account, one with the lock-out check switched off. */
export function plantOpenPolicies(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'eu-central-1';
  const from = plan.at(26, '22:05:00');
  const caller = roleSession(account, 'contractor-access', 'contractor-6');
  const root = { AWS: `arn:aws:iam::${account}:root` };
  const changes = [
    {
      verdict: 'public',
      statements: [statement(root, 'kms:*'), statement({ AWS: '*' }, 'kms:Encrypt')],
      bypass: false,
    },
    {
      verdict: 'foreign_account',
      statements: [
        statement(root, 'kms:*'),
        statement({ AWS: `arn:aws:iam::${foreignAccount}:root` }, 'kms:Decrypt'),
      ],
      bypass: false,
    },
    {
      verdict: 'lockout_bypass',
      statements: [statement({ AWS: caller.principalArn }, 'kms:*')],
      bypass: true,
    },
  ];
  const truth = changes.map((change, i) => {
    const key = keyOf(account, region, `policy-${change.verdict}`);
    const at = from + i * 60;
    const request = {
      policyName: 'default',
      policy: JSON.stringify({ Version: '2012-10-17', Statement: change.statements }),
      bypassPolicyLockoutSafetyCheck: change.bypass,
    };
    plan.kms(kms.manage('PutKeyPolicy', key, request), { at, caller });
    return { verdict: change.verdict, key_arn: key.arn, at: isoSecond(at), bypass: change.bypass };
  });
  return { account_id: account, region, principal_arn: caller.principalArn, changes: truth };
}
