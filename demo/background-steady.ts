import { awsService, kmsInternal, roleSession } from './callers.ts';
import * as kms from './kms-calls.ts';
import { accounts, keyOf } from './organisation.ts';
import type { Plan } from './plan.ts';

/** Within the stretch of each hour in which the place is at work anyway. */
const lastMinutes = 3300;

/** Ordinary traffic that comes by the clock: log delivery, daily jobs, rotation, AWS Config. */
export function steadyFlows(plan: Plan): void {
  for (let day = 0; day < plan.days; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) {
      const from = plan.dayStart(day) + hour * 3600 + lastMinutes;
      logDelivery(plan, from + 140);
      tableKey(plan, from + 20);
    }
    dailySecret(plan, plan.dayStart(day) + 6 * 3600 + lastMinutes + 40);
    configNoise(plan, plan.dayStart(day) + 5 * 3600 + lastMinutes + 100);
    keyReview(plan, plan.dayStart(day) + 4 * 3600 + lastMinutes + 60);
  }
  deployments(plan);
  serviceEvents(plan);
}

const { prod } = accounts;
const home = 'eu-central-1';

function quiet(plan: Plan, at: number): boolean {
  return !plan.isReserved(prod, home, at);
}

/** The trail's own files: one data key for each, asked for by CloudTrail itself. */
function logDelivery(plan: Plan, at: number): void {
  if (!quiet(plan, at)) return;
  const context = {
    'aws:cloudtrail:arn': `arn:aws:cloudtrail:${home}:${prod}:trail/organisation`,
    'aws:s3:arn': `arn:aws:s3:::acme-org-trail/AWSLogs/${prod}/CloudTrail/${home}/${at}.json.gz`,
  };
  const call = kms.generateDataKey(keyOf(prod, home, 'trail'), context);
  const caller = awsService('cloudtrail.amazonaws.com');
  plan.kms(call, { at, caller, sharedEventId: plan.sharedId() });
}

/** A client that keeps its connections: once an hour is as rare as DynamoDB gets. */
function tableKey(plan: Plan, at: number): void {
  if (!quiet(plan, at)) return;
  const context = { 'aws:dynamodb:tableName': 'customers', 'aws:dynamodb:subscriberId': prod };
  const caller = roleSession(prod, 'customers-api', 'customers-api-1');
  const call = kms.decrypt(keyOf(prod, home, 'tables'), context);
  plan.kms(call, { at, caller, via: 'dynamodb.amazonaws.com' });
}

function dailySecret(plan: Plan, at: number): void {
  if (!quiet(plan, at)) return;
  const secret = `arn:aws:secretsmanager:${home}:${prod}:secret:nightly/report-Zk3v9Q`;
  const caller = roleSession(prod, 'nightly-report', 'nightly-report');
  plan.emit({
    at,
    caller,
    region: home,
    recipient: prod,
    source: 'secretsmanager.amazonaws.com',
    operation: 'GetSecretValue',
    request: { secretId: secret },
  });
  const context = { SecretARN: secret, SecretVersionId: '6f0a3c1d-5b7e-4f59-8d4c-0a9b8c7d6e5f' };
  const call = kms.decrypt(keyOf(prod, home, 'secrets'), context);
  plan.kms(call, { at, caller, via: 'secretsmanager.amazonaws.com' });
}

/** The Config recorder asks for what it may not have; everybody knows and nobody minds. */
function configNoise(plan: Plan, at: number): void {
  if (!quiet(plan, at)) return;
  const caller = roleSession(prod, 'AWSServiceRoleForConfig', 'LambdaDescribeHandlerSession', {
    path: '/aws-service-role/config.amazonaws.com/',
  });
  const key = keyOf(prod, home, 'functions');
  const context = { 'aws:lambda:FunctionArn': `arn:aws:lambda:${home}:${prod}:function:invoices` };
  const call = kms.withoutResources(kms.decrypt(key, context));
  const error = kms.denied('Decrypt', caller.callerArn, key.arn);
  plan.kms(call, { at, caller, via: 'lambda.amazonaws.com', error });
}

/** A daily posture scanner reads what keys there are, and is allowed to. */
function keyReview(plan: Plan, at: number): void {
  if (!quiet(plan, at)) return;
  const caller = roleSession(prod, 'SecurityAudit', 'posture-scan', { path: '/security/' });
  plan.kms(kms.keyless('ListKeys', prod, home), { at, caller });
  plan.kms(kms.keyless('ListAliases', prod, home), { at, caller });
  for (const [i, name] of ['streams', 'logs', 'volumes', 'tokens', 'etl'].entries()) {
    const key = keyOf(prod, home, name);
    plan.kms(kms.manage('GetKeyPolicy', key, { policyName: 'default' }), { at: at + i, caller });
    plan.kms(kms.manage('GetKeyRotationStatus', key), { at: at + i, caller });
  }
}

/** The pipeline makes a key once a week, with the account's ordinary policy and an alias. */
function deployments(plan: Plan): void {
  const caller = roleSession(prod, 'ci-deployer', 'GitHubActions', { path: '/ci/' });
  for (let day = 2; day < plan.days; day += 7) {
    const at = plan.dayStart(day) + 9 * 3600 + lastMinutes + 30;
    if (!quiet(plan, at)) continue;
    const key = keyOf(prod, home, `deployed-${day}`);
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Enable IAM policies',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${prod}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    });
    const bypassPolicyLockoutSafetyCheck = false;
    const request = { description: 'service key', policy, bypassPolicyLockoutSafetyCheck };
    const metadata = { keyId: key.id, arn: key.arn, origin: 'AWS_KMS', keyState: 'Enabled' };
    const create = kms.manage('CreateKey', key, {}, { keyMetadata: metadata });
    plan.kms({ ...create, request }, { at, caller });
    plan.kms(kms.alias('CreateAlias', `alias/service-${day}`, key), { at: at + 1, caller });
    plan.kms(kms.manage('EnableKeyRotation', key), { at: at + 2, caller });
  }
}

/** KMS's own events and an endpoint owner's copy: history, never part of a rate. */
function serviceEvents(plan: Plan): void {
  const key = keyOf(prod, home, 'tables');
  const at = plan.dayStart(0) + 3 * 3600 + lastMinutes + 90;
  plan.emit({
    at,
    caller: kmsInternal(prod),
    region: home,
    recipient: prod,
    source: 'kms.amazonaws.com',
    operation: 'RotateKey',
    type: 'AwsServiceEvent',
    readOnly: false,
    serviceDetails: { keyId: key.id, rotationType: 'AUTOMATIC' },
    resources: [kms.keyResource(key)],
  });
  const caller = roleSession(prod, 'session-service', 'web-1');
  const call = kms.keyless('ListKeys', prod, home);
  plan.kms(call, {
    at: at + 5,
    caller,
    type: 'AwsVpceEvent',
    category: 'NetworkActivity',
    quota: undefined,
  });
}
