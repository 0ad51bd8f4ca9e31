import { isIP } from 'node:net';

/** Columns of `kms_events` but for place and count. Instants are ISO text. */
export type OracleRow = Record<string, string | boolean | null>;

export type Json = Record<string, any>;

export const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
/** The first that is a text or a number; an empty text is none. */
export const first = (...values: unknown[]): string | null => {
  const value = values.find((v) => typeof v === 'number' || (typeof v === 'string' && v !== ''));
  return value === undefined ? null : String(value);
};

/** The contract's context_kind, resource_arn and S3 columns. */
export function contextColumns(value: unknown, region: string | null): OracleRow {
  const row: OracleRow = {
    encryption_context: value === null || value === undefined ? null : JSON.stringify(value),
    context_kind: 'none',
    resource_arn: null,
    s3_bucket: null,
    s3_context_is_bucket: null,
  };
  if (row['encryption_context'] === null || row['encryption_context'] === '{}') return row;
  if (typeof value !== 'object' || Array.isArray(value)) return { ...row, context_kind: 'other' };
  const context = value as Json;
  const has = (name: string): string | null =>
    typeof context[name] === 'string' ? context[name] : null;
  const s3 = has('aws:s3:arn');
  const trail = has('aws:cloudtrail:arn');
  if (s3 !== null && /^arn:aws[a-z-]*:s3:::[^/]/.test(s3)) {
    const path = s3.slice(s3.indexOf(':::') + 3);
    row['s3_bucket'] = path.split('/')[0]!;
    row['s3_context_is_bucket'] = !path.includes('/');
  }
  const database = has('aws:rds:db-id') ?? has('aws:rds:dbc-id');
  const table = has('aws:dynamodb:tableName');
  const owner = has('aws:dynamodb:subscriberId');
  const single: [name: string, kind: string][] = [
    ['SecretARN', 'secretsmanager'],
    ['PARAMETER_ARN', 'ssm'],
    ['aws:ebs:id', 'ebs'],
    ['aws:sqs:arn', 'sqs'],
    ['aws:sns:topicArn', 'sns'],
    ['aws:lambda:FunctionArn', 'lambda'],
    ['aws:kinesis:arn', 'kinesis'],
    ['aws:logs:arn', 'logs'],
    ['aws:redshift:arn', 'redshift'],
    ['aws:redshift-serverless:arn', 'redshift_serverless'],
    ['aws:ses:message-id', 'ses'],
    ['aws:workmail:arn', 'workmail'],
    ['aws:acm:arn', 'acm'],
    ['aws:elasticfilesystem:filesystem:id', 'efs'],
    ['glue_catalog_id', 'glue'],
    ['aws:events:event-bus:arn', 'eventbridge'],
    ['aws:pipes:arn', 'eventbridge_pipes'],
    ['aws:scheduler:schedule:arn', 'eventbridge_scheduler'],
    ['aws:states:stateMachineArn', 'stepfunctions'],
    ['aws:states:activityArn', 'stepfunctions'],
    ['aws:backup:backup-vault', 'backup'],
    ['aws:bedrock:arn', 'bedrock'],
    ['aws:connect:instanceId', 'connect'],
    ['userpool-id', 'cognito'],
  ];
  const named = single.find(([name]) => has(name) !== null);
  if (trail !== null) return { ...row, context_kind: 'cloudtrail', resource_arn: s3 ?? trail };
  // Amazon ECR's layers are in a bucket of its own.
  if (has('aws:ecr:arn') !== null) {
    const resource_arn = has('aws:ecr:arn');
    return {
      ...row,
      s3_bucket: null,
      s3_context_is_bucket: null,
      context_kind: 'ecr',
      resource_arn,
    };
  }
  if (s3 !== null) return { ...row, context_kind: 's3', resource_arn: s3 };
  if (has('aws:pi:service') !== null) {
    return { ...row, context_kind: 'performance_insights', resource_arn: database };
  }
  if (database !== null) return { ...row, context_kind: 'rds', resource_arn: database };
  const desktop = has('aws:workspaces:sid-directoryid');
  if (desktop !== null) return { ...row, context_kind: 'workspaces', resource_arn: desktop };
  if (table !== null) {
    const partition = region?.startsWith('cn-')
      ? 'aws-cn'
      : region?.startsWith('us-gov-')
        ? 'aws-us-gov'
        : 'aws';
    const arn =
      owner && region ? `arn:${partition}:dynamodb:${region}:${owner}:table/${table}` : table;
    return { ...row, context_kind: 'dynamodb', resource_arn: arn };
  }
  if (named?.[1] === 'ses') {
    return { ...row, context_kind: 'ses', resource_arn: has('aws:ses:rule-name') };
  }
  if (named) return { ...row, context_kind: named[1], resource_arn: has(named[0]) };
  if (has('branch-key-id') !== null) {
    return { ...row, context_kind: 'hierarchical_keyring', resource_arn: has('tablename') };
  }
  if (has('kms_cmk_id') !== null) return { ...row, context_kind: 's3_client_side' };
  if (has('aws-crypto-public-key') !== null) return { ...row, context_kind: 'encryption_sdk' };
  const arn = Object.values(context).find((v) => typeof v === 'string' && v.startsWith('arn:'));
  return { ...row, context_kind: 'other', resource_arn: (arn as string | undefined) ?? null };
}

/** The service that called on behalf of somebody: from invokedBy, else from the kind of context. */
export function viaService(invokedBy: string | null, kind: string): string | null {
  const byKind: Record<string, string> = {
    ebs: 'ec2',
    cloudtrail: 's3',
    performance_insights: 'rds',
    redshift_serverless: 'redshift-serverless',
    efs: 'elasticfilesystem',
    eventbridge: 'events',
    eventbridge_pipes: 'pipes',
    eventbridge_scheduler: 'scheduler',
    stepfunctions: 'states',
    cognito: 'cognito-idp',
    keyspaces: 'cassandra',
    session_manager: 'ssm',
  };
  const named = [
    'none',
    'other',
    'encryption_sdk',
    'hierarchical_keyring',
    's3_client_side',
  ].includes(kind)
    ? null
    : `${byKind[kind] ?? kind}.amazonaws.com`;
  if (invokedBy === null) return kind === 'lambda' ? named : null;
  const service = invokedBy.toLowerCase();
  if (service === 'aws internal') return named ?? 'aws-internal';
  return service.startsWith('fas.') ? service.slice(4) : service;
}

export function clientColumns(record: Json): OracleRow {
  const source = first(record['sourceIPAddress']);
  const agent = first(record['userAgent']);
  const byService =
    agent !== null && (agent === 'AWS Internal' || agent.endsWith('.amazonaws.com'));
  return {
    source_ip: source !== null && isIP(source) > 0 && !byService ? source : null,
    caller_source: source,
    user_agent: agent,
    vpc_endpoint_id: first(record['vpcEndpointId']),
    tls_version: first(object(record['tlsDetails'])['tlsVersion']),
  };
}
