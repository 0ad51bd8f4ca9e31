import { isObject, type JsonObject } from '../records/record.ts';
import { partitionOfRegion } from './arn.ts';

/** What an encryption context says about the resource behind a call. */
export interface Context {
  encryption_context: string | null;
  context_kind: string;
  resource_arn: string | null;
  s3_bucket: string | null;
  s3_context_is_bucket: boolean | null;
}

/** Context keys that name a service's resource, the more telling first. */
export const resourceKeys: readonly [key: string, kind: string][] = [
  ['SecretARN', 'secretsmanager'],
  ['PARAMETER_ARN', 'ssm'],
  ['aws:ebs:id', 'ebs'],
  ['aws:sqs:arn', 'sqs'],
  ['aws:sns:topicArn', 'sns'],
  ['aws:lambda:FunctionArn', 'lambda'],
  ['aws:kinesis:arn', 'kinesis'],
  ['aws:logs:arn', 'logs'],
];

/** The service that a context of each kind belongs to. */
export const serviceOfContext: Readonly<Record<string, string>> = {
  s3: 's3.amazonaws.com',
  ebs: 'ec2.amazonaws.com',
  dynamodb: 'dynamodb.amazonaws.com',
  secretsmanager: 'secretsmanager.amazonaws.com',
  ssm: 'ssm.amazonaws.com',
  sqs: 'sqs.amazonaws.com',
  sns: 'sns.amazonaws.com',
  lambda: 'lambda.amazonaws.com',
  kinesis: 'kinesis.amazonaws.com',
  logs: 'logs.amazonaws.com',
  // The context of a log file names the trail, but it is S3 that asks on a reader's behalf.
  cloudtrail: 's3.amazonaws.com',
};

const s3Arn = /^arn:aws[a-z-]*:s3:::([^/]+)(\/.*)?$/s;

/** Reads an encryption context; `region` completes a DynamoDB table's ARN. */
export function contextOf(value: unknown, region: string | null): Context {
  const none: Context = {
    encryption_context: null,
    context_kind: 'none',
    resource_arn: null,
    s3_bucket: null,
    s3_context_is_bucket: null,
  };
  if (value === undefined || value === null) return none;
  if (!isObject(value)) {
    return { ...none, encryption_context: JSON.stringify(value), context_kind: 'other' };
  }
  const entries = Object.keys(value);
  if (entries.length === 0) return { ...none, encryption_context: '{}' };
  return { ...none, encryption_context: JSON.stringify(value), ...kindOf(value, entries, region) };
}

function kindOf(context: JsonObject, names: string[], region: string | null): Partial<Context> {
  const text = (name: string) => {
    const value = Object.hasOwn(context, name) ? context[name] : null;
    return typeof value === 'string' ? value : null;
  };
  const bucket = s3Part(text('aws:s3:arn'));
  const trail = text('aws:cloudtrail:arn');
  if (trail !== null) {
    return { context_kind: 'cloudtrail', ...bucket, resource_arn: bucket.resource_arn ?? trail };
  }
  if (bucket.resource_arn !== null) return { context_kind: 's3', ...bucket };
  const table = text('aws:dynamodb:tableName');
  if (table !== null) {
    const account = text('aws:dynamodb:subscriberId');
    const arn =
      account && region
        ? `arn:${partitionOfRegion(region)}:dynamodb:${region}:${account}:table/${table}`
        : table;
    return { context_kind: 'dynamodb', resource_arn: arn };
  }
  for (const [key, kind] of resourceKeys) {
    const resource = text(key);
    if (resource !== null) return { context_kind: kind, resource_arn: resource };
  }
  if (text('branch-key-id') !== null) {
    return { context_kind: 'hierarchical_keyring', resource_arn: text('tablename') };
  }
  if (text('aws-crypto-public-key') !== null) return { context_kind: 'encryption_sdk' };
  const arn = names.map(text).find((value) => value?.startsWith('arn:')) ?? null;
  return { context_kind: 'other', resource_arn: arn };
}

function s3Part(arn: string | null) {
  const match = arn === null ? null : s3Arn.exec(arn);
  return {
    resource_arn: arn,
    s3_bucket: match ? match[1]! : null,
    s3_context_is_bucket: match ? match[2] === undefined : null,
  };
}
