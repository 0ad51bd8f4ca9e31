import { describe, expect, test } from 'vitest';
import { contextOf } from '../../ingest/rules/context.ts';
import { viaServiceOf } from '../../ingest/rules/client.ts';
import { contextKinds } from '../../reference/context-kinds.ts';

/** What each documented example names, read off the example by hand. */
const resources: Readonly<Record<string, string | null>> = {
  cloudtrail:
    'arn:aws:s3:::trail-logs/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/28/a.json.gz',
  ecr: 'arn:aws:ecr:us-west-2:111122223333:repository/repository-name',
  s3: 'arn:aws:s3:::invoices/2026/11/28.pdf',
  performance_insights: 'db-AAAAABBBBBCCCCCDDDDDEEEEE',
  rds: 'db-BROWQWTHEXAMPLE',
  workspaces: '[S-1-5-21-277-1107]@[d-1234abcd01]',
  dynamodb: 'arn:aws:dynamodb:us-east-1:111122223333:table/orders',
  keyspaces: 'arn:aws:cassandra:us-east-1:111122223333:/keyspace/shop/table/orders',
  secretsmanager: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3',
  ssm: 'arn:aws:ssm:us-east-1:111122223333:parameter/app/password',
  session_manager: 'i-0123456789abcdef0',
  ebs: 'vol-0cfb133e847d28be9',
  sqs: 'arn:aws:sqs:us-east-1:111122223333:jobs',
  sns: 'arn:aws:sns:us-east-1:111122223333:alerts',
  lambda: 'arn:aws:lambda:us-east-1:111122223333:function:resize',
  kinesis: 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks',
  logs: 'arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/resize',
  redshift: 'arn:aws:redshift:us-east-1:111122223333:cluster:warehouse',
  redshift_serverless: 'arn:aws:redshift-serverless:us-east-1:111122223333:namespace/a1b2',
  ses: 'example-receipt-rule-name',
  workmail:
    'arn:aws:workmail:us-east-1:111122223333:organization/m-68755160c4cb4e29a2b2f8fb58f359d7',
  acm: 'arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012',
  efs: 'fs-4EXAMPLE',
  glue: '111122223333',
  eventbridge: 'arn:aws:events:us-east-1:111122223333:event-bus/orders',
  eventbridge_pipes: 'arn:aws:pipes:us-east-1:111122223333:pipe/orders',
  eventbridge_scheduler: 'arn:aws:scheduler:us-east-1:111122223333:schedule/default/nightly',
  stepfunctions: 'arn:aws:states:us-east-1:111122223333:stateMachine:orders',
  backup: 'Default',
  bedrock: 'arn:aws:bedrock:us-east-1:111122223333:agent/AGENT12345',
  sagemaker: 'arn:aws:sagemaker:us-east-1:111122223333:model-card/fraud',
  connect: 'a1b2c3d4',
  iotsitewise: '111122223333',
  cognito: 'us-west-2_EXAMPLE',
  hierarchical_keyring: 'keystore',
  s3_client_side: null,
  encryption_sdk: null,
};

describe('kinds of encryption contexts', () => {
  test.each(contextKinds)('$kind', ({ kind, service, example, source }) => {
    const context = contextOf(example, 'us-east-1');
    expect(context).toMatchObject({ context_kind: kind, resource_arn: resources[kind] });
    const ownsBucket = kind === 's3' || kind === 'cloudtrail';
    expect(context.s3_bucket !== null).toBe(ownsBucket);
    expect(viaServiceOf('AWS Internal', kind)).toBe(service ?? 'aws-internal');
    expect(viaServiceOf(null, kind)).toBe(kind === 'lambda' ? 'lambda.amazonaws.com' : null);
    expect(source).toMatch(/^https:\/\/docs\.aws\.amazon\.com\//);
  });

  test('each is listed once, and each has its resource here', () => {
    expect(contextKinds.map(({ kind }) => kind).sort()).toEqual(Object.keys(resources).sort());
  });

  test("names of Object's own members are keys like others", () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const context = JSON.parse(`{"${name}":"x"}`) as unknown;
      expect(contextOf(context, null)).toMatchObject({ context_kind: 'other', resource_arn: null });
    }
  });
});
