import { iamUser, roleSession, rootUser } from '../callers.ts';
import * as kms from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { readObject, writeObject } from '../s3-calls.ts';

/** Keys whose material the attacker alone holds: written with, then the material is taken away. */
export function plantRansomware(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'eu-north-1';
  const key = keyOf(account, region, 'imported-by-attacker');
  const bucket = 'acme-backups-sandbox';
  const caller = iamUser(account, 'old-automation', { sourceIp: '203.0.113.66' });
  const from = plan.at(27, '03:00:00');
  const metadata = { keyId: key.id, arn: key.arn, origin: 'EXTERNAL', keyState: 'PendingImport' };
  const create = kms.manage('CreateKey', key, {}, { keyMetadata: metadata });
  plan.kms({ ...create, request: { origin: 'EXTERNAL', description: '' } }, { at: from, caller });
  const parameters = { wrappingAlgorithm: 'RSAES_OAEP_SHA_256', wrappingKeySpec: 'RSA_4096' };
  plan.kms(kms.manage('GetParametersForImport', key, parameters), { at: from + 20, caller });
  const validTo = from + 7200;
  const material = { expirationModel: 'KEY_MATERIAL_EXPIRES', validTo: isoSecond(validTo) };
  plan.kms(kms.manage('ImportKeyMaterial', key, material), { at: from + 45, caller });
  const objects = 240;
  for (let i = 0; i < objects; i += 1) {
    const at = from + 120 + Math.floor(i / 4);
    writeObject(plan, { at, caller, key, bucket, object: `b/${i}.tar`, dataEvent: true });
  }
  const deletedAt = from + 300;
  plan.kms(kms.manage('DeleteImportedKeyMaterial', key), { at: deletedAt, caller });
  return {
    account_id: account,
    region,
    principal_arn: caller.principalArn,
    source_ip: '203.0.113.66',
    bucket,
    key_arn: key.arn,
    created_at: isoSecond(from),
    parameters_at: isoSecond(from + 20),
    imported_at: isoSecond(from + 45),
    valid_to: isoSecond(validTo),
    writes: objects,
    writes_from: isoSecond(from + 120),
    material_deleted_at: isoSecond(deletedAt),
  };
}

/** One user reads 600 objects in a minute; the S3 data events say from where. */
export function plantMassDecrypt(plan: Plan) {
  const account = accounts.prod;
  const region = 'eu-central-1';
  const bucket = 'acme-customer-documents';
  const key = keyOf(account, region, 'customer-documents');
  const sourceIp = '198.51.100.23';
  const caller = iamUser(account, 'j.doe', {
    sourceIp,
    userAgent: 'aws-cli/2.17.0 command/s3.sync',
  });
  const from = plan.at(20, '16:32:53');
  const objects = 600;
  for (let i = 0; i < objects; i += 1) {
    const at = from + Math.floor(i / 10);
    readObject(plan, { at, caller, key, bucket, object: `scan/${i}.tiff`, dataEvent: true });
  }
  return {
    account_id: account,
    region,
    bucket,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    true_source_ip: sourceIp,
    started_at: isoSecond(from),
    seconds: 60,
    decrypts: objects,
    distinct_objects: objects,
    calls_per_second_peak: 10,
    get_object_records: objects,
  };
}

/** A secret's ciphertext decrypted without Secrets Manager. */
export function plantDirectSecretDecrypt(plan: Plan) {
  const account = accounts.prod;
  const region = 'ap-southeast-2';
  const secret = `arn:aws:secretsmanager:${region}:${account}:secret:hr/payroll-Aa1Bb2`;
  const key = keyOf(account, region, 'hr-secrets');
  const context = { SecretARN: secret, SecretVersionId: 'd2b8c0f4-3a51-4c0e-8f7e-6b1a9c3d5e72' };
  const caller = iamUser(account, 'svc-migration', { sourceIp: '203.0.113.140' });
  const from = plan.at(21, '04:20:00');
  for (let i = 0; i < 3; i += 1) plan.kms(kms.decrypt(key, context), { at: from + i * 30, caller });
  return {
    account_id: account,
    region,
    secret_arn: secret,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    calls: 3,
    first_at: isoSecond(from),
  };
}

/** The account's root uses keys from the console. */
export function plantRootUse(plan: Plan) {
  const account = accounts.prod;
  const region = 'us-east-1';
  const key = keyOf(account, region, 'policies');
  const caller = rootUser(account, {
    sourceIp: '203.0.113.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
    fromConsole: true,
  });
  const from = plan.at(19, '22:45:00');
  plan.kms(kms.keyless('ListAliases', account, region), { at: from, caller });
  plan.kms(kms.manage('DescribeKey', key), { at: from + 4, caller });
  plan.kms(kms.manage('GetKeyPolicy', key, { policyName: 'default' }), { at: from + 5, caller });
  plan.kms(kms.manage('DisableKeyRotation', key), { at: from + 30, caller });
  return { account_id: account, region, key_arn: key.arn, calls: 4, first_at: isoSecond(from) };
}

/** A new identity lists what there is and asks every key for its policy and grants. */
export function plantRecon(plan: Plan) {
  const account = accounts.data;
  const region = 'us-east-1';
  const caller = iamUser(account, 'leaked-ci-user', {
    sourceIp: '203.0.113.99',
    userAgent: 'Boto3/1.35.10 md/Botocore#1.35.10 ua/2.0 os/linux#6.8 lang/python#3.12',
  });
  const from = plan.at(23, '01:30:00');
  plan.kms(kms.keyless('ListKeys', account, region), { at: from, caller });
  plan.kms(kms.keyless('ListAliases', account, region), { at: from + 1, caller });
  const keys = 30;
  let refused = 0;
  for (let i = 0; i < keys; i += 1) {
    const key = keyOf(account, region, `recon-target-${i}`);
    for (const operation of ['GetKeyPolicy', 'ListGrants']) {
      const at = from + 3 + i;
      const call = kms.manage(operation, key);
      if (i % 3 === 0) {
        plan.kms(call, { at, caller });
        continue;
      }
      const error = kms.denied(operation, caller.callerArn, key.arn);
      plan.kms(kms.withoutResources(call), { at, caller, error });
      refused += 1;
    }
  }
  return {
    account_id: account,
    region,
    principal_arn: caller.principalArn,
    calls: 2 + 2 * keys,
    keys_asked: keys,
    denied_calls: refused,
    started_at: isoSecond(from),
  };
}

/** Decrypt tried on forty keys, refused on all; both spellings of the error occur. */
export function plantDeniedSpray(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'ap-southeast-2';
  const caller = roleSession(account, 'web-frontend', 'i-0badc0ffee0ddf00d', {
    sourceIp: '10.20.9.9',
  });
  const from = plan.at(24, '05:50:00');
  const keys = 40;
  for (let i = 0; i < keys; i += 1) {
    const key = keyOf(account, region, `spray-${i}`);
    const call = kms.withoutResources(kms.decrypt(key, { probe: 'x' }));
    const request = { ...(call.request as object), keyId: key.arn };
    const refusal = kms.denied('Decrypt', caller.callerArn, key.arn);
    const code = i % 2 === 0 ? refusal.code : 'AccessDeniedException';
    plan.kms({ ...call, request }, { at: from + i, caller, error: { ...refusal, code } });
  }
  return {
    account_id: account,
    region,
    principal_arn: caller.principalArn,
    denied_calls: keys,
    keys_tried: keys,
    started_at: isoSecond(from),
  };
}

/** The log is blinded: KMS taken out of a trail's events, then the trail is stopped. */
export function plantBlindedTrail(plan: Plan) {
  const account = accounts.sandbox;
  const region = 'us-east-1';
  const caller = iamUser(account, 'old-automation', { sourceIp: '203.0.113.66' });
  const trail = `arn:aws:cloudtrail:${region}:${account}:trail/sandbox`;
  const at = plan.at(26, '02:10:00');
  const common = { caller, region, recipient: account, source: 'cloudtrail.amazonaws.com' };
  const eventSelectors = [
    {
      readWriteType: 'All',
      includeManagementEvents: true,
      dataResources: [],
      excludeManagementEventSources: ['kms.amazonaws.com'],
    },
  ];
  const request = { trailName: trail, eventSelectors };
  plan.emit({ ...common, at, operation: 'PutEventSelectors', request });
  plan.emit({ ...common, at: at + 90, operation: 'StopLogging', request: { name: trail } });
  return {
    account_id: account,
    region,
    principal_arn: caller.principalArn,
    trail_arn: trail,
    kms_excluded_at: isoSecond(at),
    stopped_at: isoSecond(at + 90),
  };
}
