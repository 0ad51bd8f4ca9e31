import type { Caller } from './callers.ts';
import type { PlannedEvent } from './event.ts';
import type { Rng } from './rng.ts';

/** What a non-KMS record says: the bulk of every trail, which ingest must pass over. */
type Said = Pick<PlannedEvent, 'source' | 'operation'> & Partial<PlannedEvent>;

/** One record of another service, of believable size, by the mix of an ordinary account. */
export function otherServiceRecord(
  rng: Rng,
  where: { at: number; region: string; recipient: string },
  caller: Caller,
): PlannedEvent {
  const { recipient, region } = where;
  const said = rng.pick(mix)(rng, recipient, region);
  return { ...where, caller, ...said };
}

const hexId = (rng: Rng, prefix: string): string =>
  prefix + rng.uint32().toString(16).padStart(8, '0') + rng.uint32().toString(16).padStart(9, '0');

const assumeRole = (rng: Rng, account: string): Said => ({
  source: 'sts.amazonaws.com',
  operation: 'AssumeRole',
  request: {
    roleArn: `arn:aws:iam::${account}:role/svc-${rng.between(1, 12)}`,
    roleSessionName: hexId(rng, 's-'),
    durationSeconds: 3600,
  },
  response: {
    credentials: {
      accessKeyId: `ASIA${rng.alphanumeric(16).toUpperCase()}`,
      sessionToken: rng.alphanumeric(400),
      expiration: 'Oct 5, 2026, 11:00:00 PM',
    },
  },
  resources: [
    { accountId: account, type: 'AWS::IAM::Role', ARN: `arn:aws:iam::${account}:role/svc` },
  ],
});

const describeInstances = (rng: Rng): Said => ({
  source: 'ec2.amazonaws.com',
  operation: 'DescribeInstances',
  request: {
    instancesSet: {
      items: Array.from({ length: rng.between(1, 12) }, () => ({ instanceId: hexId(rng, 'i-') })),
    },
    filterSet: {},
  },
});

const runInstances = (rng: Rng, account: string, region: string): Said => ({
  source: 'ec2.amazonaws.com',
  operation: 'RunInstances',
  request: { instancesSet: { items: [{ imageId: hexId(rng, 'ami-'), minCount: 1, maxCount: 1 }] } },
  response: {
    requestId: hexId(rng, 'r-'),
    ownerId: account,
    instancesSet: {
      items: Array.from({ length: rng.between(1, 4) }, () => ({
        instanceId: hexId(rng, 'i-'),
        instanceType: 'm7g.large',
        placement: { availabilityZone: `${region}a`, tenancy: 'default' },
        privateDnsName: `ip-10-20-${rng.between(0, 250)}-${rng.between(0, 250)}.internal`,
        blockDeviceMapping: {},
        tagSet: {
          items: [
            { key: 'team', value: 'platform' },
            { key: 'env', value: 'prod' },
          ],
        },
        networkInterfaceSet: { items: [{ networkInterfaceId: hexId(rng, 'eni-') }] },
        iamInstanceProfile: { arn: `arn:aws:iam::${account}:instance-profile/node` },
      })),
    },
  },
});

const createLogStream = (rng: Rng): Said => ({
  source: 'logs.amazonaws.com',
  operation: 'CreateLogStream',
  request: {
    logGroupName: `/aws/lambda/service-${rng.between(1, 30)}`,
    logStreamName: `2026/10/05/[$LATEST]${hexId(rng, '')}`,
  },
});

const describeTable = (rng: Rng, account: string, region: string): Said => ({
  source: 'dynamodb.amazonaws.com',
  operation: 'DescribeTable',
  request: { tableName: `table-${rng.between(1, 9)}` },
  resources: [
    {
      accountId: account,
      type: 'AWS::DynamoDB::Table',
      ARN: `arn:aws:dynamodb:${region}:${account}:table/table-${rng.between(1, 9)}`,
    },
  ],
});

const getObject = (rng: Rng, account: string, region: string): Said => {
  const bucket = `acme-static-${region}`;
  const key = `assets/${rng.between(1, 5000)}/part-${rng.alphanumeric(12)}.parquet`;
  return {
    source: 's3.amazonaws.com',
    operation: rng.chance(0.7) ? 'GetObject' : 'HeadObject',
    category: 'Data',
    request: { bucketName: bucket, Host: `${bucket}.s3.${region}.amazonaws.com`, key },
    additional: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: 0,
      AuthenticationMethod: 'AuthHeader',
      'x-amz-id-2': rng.alphanumeric(76),
      bytesTransferredOut: rng.between(200, 90_000),
    },
    resources: [
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${key}` },
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
    ],
  };
};

const listBuckets = (): Said => ({
  source: 's3.amazonaws.com',
  operation: 'ListBuckets',
  request: { Host: 's3.amazonaws.com' },
});

const describeAlarms = (): Said => ({
  source: 'monitoring.amazonaws.com',
  operation: 'DescribeAlarms',
  request: { maxRecords: 100, stateValue: 'ALARM' },
});

/** The long tail: policies and scan results of 5 to 20 kB. */
const registerTaskDefinition = (rng: Rng, account: string, region: string): Said => ({
  source: 'ecs.amazonaws.com',
  operation: 'RegisterTaskDefinition',
  readOnly: false,
  request: {
    family: `service-${rng.between(1, 20)}`,
    containerDefinitions: Array.from({ length: rng.between(2, 8) }, (_, i) => ({
      name: `container-${i}`,
      image: `${account}.dkr.ecr.${region}.amazonaws.com/service:${hexId(rng, '')}`,
      environment: Array.from({ length: 12 }, (_e, n) => ({
        name: `SETTING_${n}`,
        value: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      })),
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-region': region } },
    })),
  },
});

const failedCall = (rng: Rng, account: string): Said => ({
  source: 'iam.amazonaws.com',
  operation: 'GetRolePolicy',
  error: {
    code: rng.chance(0.5) ? 'NoSuchEntityException' : 'ThrottlingException',
    message: 'Rate exceeded',
  },
  request: { roleName: `svc-${rng.between(1, 40)}`, policyName: `inline-${account}` },
});

const mix = [
  ...Array.from({ length: 7 }, () => getObject),
  ...Array.from({ length: 5 }, () => assumeRole),
  ...Array.from({ length: 4 }, () => describeInstances),
  ...Array.from({ length: 3 }, () => createLogStream),
  describeTable,
  describeTable,
  describeAlarms,
  describeAlarms,
  listBuckets,
  runInstances,
  failedCall,
  registerTaskDefinition,
];
