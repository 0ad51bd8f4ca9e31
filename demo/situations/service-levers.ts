import { roleSession } from '../callers.ts';
import { decrypt, generateDataKey } from '../kms-calls.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';

/** A client that opens a new connection for every request: the table key is fetched each time. */
export function plantDynamodbThrash(plan: Plan) {
  const account = accounts.prod;
  const region = 'us-east-1';
  const from = plan.at(8, '11:00:00');
  const key = keyOf(account, region, 'orders-table');
  const caller = roleSession(account, 'orders-lambda', 'orders-lambda');
  const table = 'orders';
  const context = { 'aws:dynamodb:tableName': table, 'aws:dynamodb:subscriberId': account };
  const calls = 600;
  for (let i = 0; i < calls; i += 1) {
    plan.kms(decrypt(key, context), { at: from + i * 2, caller, via: 'dynamodb.amazonaws.com' });
  }
  const activeSeconds = calls * 2;
  return {
    account_id: account,
    region,
    table,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    calls_before: calls,
    /** One call for each five minutes of use. */
    calls_after: activeSeconds / 300,
  };
}

/** A queue at the default data key reuse period: producer two calls, consumer one, every 300 s. */
export function plantSqsReuse(plan: Plan) {
  const account = accounts.prod;
  const region = 'us-east-1';
  const from = plan.at(10, '00:00:05');
  const key = keyOf(account, region, 'payments-queue');
  const queue = `arn:aws:sqs:${region}:${account}:payments`;
  const context = { 'aws:sqs:arn': queue };
  const producer = roleSession(account, 'payments-producer', 'producer-1');
  const consumer = roleSession(account, 'payments-consumer', 'consumer-1');
  const via = 'sqs.amazonaws.com';
  const hours = 6;
  const periods = (hours * 3600) / 300;
  for (let i = 0; i < periods; i += 1) {
    const at = from + i * 300;
    plan.kms(generateDataKey(key, context, { numberOfBytes: 32 }), { at, caller: producer, via });
    plan.kms(decrypt(key, context), { at: at + 1, caller: producer, via });
    plan.kms(decrypt(key, context), { at: at + 2, caller: consumer, via });
  }
  return {
    account_id: account,
    region,
    queue_arn: queue,
    key_arn: key.arn,
    reuse_period_seconds: 300,
    calls_before: 3 * periods,
    calls_after_3600: 3 * hours,
    saved_share_3600: 1 - (3 * hours) / (3 * periods),
  };
}

/** A secret fetched for every request, ten seconds apart, for an hour. */
export function plantSecretReader(plan: Plan) {
  const account = accounts.prod;
  const region = 'eu-central-1';
  const from = plan.at(6, '14:00:00');
  const key = keyOf(account, region, 'checkout-secrets');
  const secret = `arn:aws:secretsmanager:${region}:${account}:secret:checkout/db-x7PqLm`;
  const context = { SecretARN: secret, SecretVersionId: '0b8f4d52-6c1e-4a7d-9d3e-2f5a1c7b9e04' };
  const caller = roleSession(account, 'checkout-api', 'checkout-api-1');
  const reads = 360;
  for (let i = 0; i < reads; i += 1) {
    const at = from + i * 10;
    plan.emit({
      at,
      caller,
      region,
      recipient: account,
      source: 'secretsmanager.amazonaws.com',
      operation: 'GetSecretValue',
      request: { secretId: secret },
    });
    plan.kms(decrypt(key, context), { at, caller, via: 'secretsmanager.amazonaws.com' });
  }
  return {
    account_id: account,
    region,
    secret_arn: secret,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    calls_before: reads,
    calls_after: { 300: 12, 3600: 1 },
    get_secret_value_records: reads,
  };
}

/** A SecureString read with decryption every 15 seconds for half an hour. */
export function plantParameterReader(plan: Plan) {
  const account = accounts.data;
  const region = 'ap-southeast-2';
  const from = plan.at(18, '13:00:00');
  const key = keyOf(account, region, 'parameters');
  const name = '/billing/api-key';
  const parameter = `arn:aws:ssm:${region}:${account}:parameter${name}`;
  const caller = roleSession(account, 'billing-worker', 'billing-worker-1');
  const reads = 120;
  for (let i = 0; i < reads; i += 1) {
    const at = from + i * 15;
    plan.emit({
      at,
      caller,
      region,
      recipient: account,
      source: 'ssm.amazonaws.com',
      operation: 'GetParameter',
      request: { name, withDecryption: true },
      resources: [{ accountId: account, type: 'AWS::SSM::Parameter', ARN: parameter }],
    });
    const context = { PARAMETER_ARN: parameter };
    plan.kms(decrypt(key, context), { at, caller, via: 'AWS Internal' });
  }
  return {
    account_id: account,
    region,
    parameter_arn: parameter,
    key_arn: key.arn,
    principal_arn: caller.principalArn,
    calls_before: reads,
    calls_after: { 300: 6, 3600: 1 },
    get_parameter_records: reads,
  };
}

/** Sixty cold starts: each new execution environment decrypts the function's variables once. */
export function plantLambdaColdStarts(plan: Plan) {
  const account = accounts.data;
  const region = 'ap-southeast-2';
  const from = plan.at(19, '08:00:00');
  const key = keyOf(account, region, 'functions');
  const functionArn = `arn:aws:lambda:${region}:${account}:function:thumbnailer`;
  const starts = 60;
  const userAgent = 'aws-internal/3 aws-sdk-java/1.12.770 Linux/5.10 OpenJDK_64-Bit_Server_VM';
  for (let i = 0; i < starts; i += 1) {
    // Real records show the service's own address and no invokedBy.
    const caller = roleSession(account, 'thumbnailer-role', 'thumbnailer', {
      userAgent,
      sourceIp: `203.0.113.${1 + (i % 250)}`,
      startedAt: from + i * 7 - 1,
    });
    plan.kms(decrypt(key, { 'aws:lambda:FunctionArn': functionArn }), { at: from + i * 7, caller });
  }
  return {
    account_id: account,
    region,
    function_arn: functionArn,
    key_arn: key.arn,
    cold_starts: starts,
    started_at: isoSecond(from),
  };
}
