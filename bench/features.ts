import { hash32, Rng, uuidOf } from '../demo/rng.ts';

/** What a made trail is like; each alone moves the cost of a record, and none is typical. */
export interface Features {
  /** Share of KMS records, and of S3 data events among the others. */
  kms: number;
  s3: number;
  /** Share of AssumeRole among the other others. */
  assumeRole: number;
  /** Share of records whose session of a role is new; the rest come from `sessions` of them. */
  newSessions: number;
  sessions: number;
  roles: number;
  /** Share of callers that are IAM users with temporary credentials. */
  users: number;
  keys: number;
  buckets: number;
  /** Whether each key has one bucket; otherwise any key is used for any bucket. */
  oneBucketAKey: boolean;
  operations: number;
  /** Share of contexts that are ever new texts with escaped quotes, and of those of log delivery. */
  oddContexts: number;
  logContexts: number;
  /** Share of KMS records that failed, with an escaped message. */
  errors: number;
  /** Share of texts that are not ASCII. */
  nonAscii: number;
  /** Share of absent members that are written as null. */
  nulls: number;
  /** Share of records whose members are in another order. */
  shuffled: number;
  /** Share of calls that go through a service. */
  viaService: number;
  /** Bytes of padding in a member that nothing reads. */
  padding: number;
  minor: number;
}

export const base: Features = {
  kms: 0.5,
  s3: 0.5,
  assumeRole: 0,
  newSessions: 0,
  sessions: 400,
  roles: 60,
  users: 0,
  keys: 60,
  buckets: 60,
  oneBucketAKey: true,
  operations: 2,
  oddContexts: 0,
  logContexts: 0,
  errors: 0,
  nonAscii: 0,
  nulls: 0,
  shuffled: 0,
  viaService: 0.3,
  padding: 0,
  minor: 11,
};

/** Features drawn at random: no value is favoured, so that nothing can be tuned to one. */
export function featuresOf(seed: number): Features {
  const rng = new Rng(hash32('features', seed));
  const share = (most: number) => (rng.real() < 0.4 ? 0 : rng.real() * most);
  const count = (most: number) => Math.ceil(most ** rng.real());
  return {
    kms: rng.real(),
    s3: rng.real() * 0.8,
    assumeRole: share(0.6),
    newSessions: share(1),
    sessions: count(5_000),
    roles: count(3_000),
    users: share(1),
    keys: count(5_000),
    buckets: count(500),
    oneBucketAKey: rng.real() < 0.5,
    operations: rng.between(1, 6),
    oddContexts: share(1),
    logContexts: share(0.5),
    errors: share(0.3),
    nonAscii: share(0.3),
    nulls: share(1),
    shuffled: share(1),
    viaService: rng.real(),
    padding: rng.real() < 0.5 ? 0 : count(16_000),
    minor: rng.between(2, 11),
  };
}

const account = '444455556666';
const region = 'us-east-2';
const start = Date.UTC(2026, 2, 1) / 1000;
const operations = [
  'Decrypt',
  'GenerateDataKey',
  'Encrypt',
  'DescribeKey',
  'ReEncryptFrom',
  'Sign',
];
const services = ['s3.amazonaws.com', 'lambda.amazonaws.com', 'AWS Internal'];

type Members = [name: string, value: unknown][];

/** One record as text; `sequence` is its number in the trail. */
export function featureRecord(f: Features, rng: Rng, sequence: number) {
  const isKms = rng.real() < f.kms;
  const made = isKms ? kmsMembers(f, rng, sequence) : otherMembers(f, rng, sequence);
  const members: Members = [
    ['eventVersion', `1.0${f.minor}`.replace('1.010', '1.10').replace('1.011', '1.11')],
    ['userIdentity', identity(f, rng, sequence, made.invokedBy)],
    [
      'eventTime',
      `${new Date((start + Math.floor(sequence / 40)) * 1000).toISOString().slice(0, 19)}Z`,
    ],
    ['awsRegion', region],
    ['requestID', uuidOf(7, sequence, 2)],
    ['eventID', uuidOf(7, sequence, 1)],
    ['eventType', 'AwsApiCall'],
    ['managementEvent', isKms],
    ['recipientAccountId', account],
    ['eventCategory', isKms ? 'Management' : 'Data'],
    ...made.members,
  ];
  if (f.padding > 0) members.push(['addendum', { reason: 'x'.repeat(f.padding) }]);
  for (const name of ['errorCode', 'responseElements', 'sharedEventID', 'vpcEndpointId']) {
    const isThere = members.some(([own]) => own === name);
    if (!isThere && rng.real() < f.nulls) members.push([name, null]);
  }
  if (rng.real() < f.shuffled) rng.shuffle(members);
  return { text: JSON.stringify(Object.fromEntries(members)), isKms };
}

function identity(f: Features, rng: Rng, sequence: number, invokedBy: string | null) {
  const isNew = rng.real() < f.newSessions;
  const session = isNew ? 1e6 + sequence : rng.between(0, f.sessions - 1);
  const own = hash32('session', session).toString(16).padStart(8, '0');
  const attributes = {
    creationDate: `2026-03-01T00:00:${(own.charCodeAt(0) % 50) + 10}Z`,
    mfaAuthenticated: 'false',
  };
  const by = invokedBy === null ? {} : { invokedBy };
  const accessKeyId = `ASIA${own.toUpperCase()}${hash32(own, 1).toString(16).toUpperCase()}`;
  if (rng.real() < f.users) {
    const userName = `user-${session % f.roles}`;
    return {
      type: 'IAMUser',
      principalId: `AIDA${hash32(userName).toString(16).toUpperCase()}`,
      arn: `arn:aws:iam::${account}:user/${userName}`,
      accountId: account,
      accessKeyId,
      userName,
      sessionContext: { attributes },
      ...by,
    };
  }
  const role = `role-${session % f.roles}`;
  const id = `AROA${hash32(role).toString(16).toUpperCase()}`;
  return {
    type: 'AssumedRole',
    principalId: `${id}:${own}`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/${own}`,
    accountId: account,
    accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: id,
        arn: `arn:aws:iam::${account}:role/${role}`,
        accountId: account,
        userName: role,
      },
      attributes,
    },
    ...by,
  };
}

const agents = [
  'aws-sdk-java/2.29.40',
  'Boto3/1.34.2',
  'aws-cli/2.15 Python/3.11',
  'aws-sdk-go-v2/1.24',
];

function client(f: Features, rng: Rng): Members {
  const agent = rng.real() < f.nonAscii ? 'klient/1.0 (zażółć)' : rng.pick(agents);
  return [
    ['sourceIPAddress', `10.${rng.between(0, 3)}.1.${rng.between(1, 250)}`],
    ['userAgent', agent],
  ];
}

function kmsMembers(f: Features, rng: Rng, sequence: number) {
  const key = rng.between(0, f.keys - 1);
  const bucket = f.oneBucketAKey ? key % f.buckets : rng.between(0, f.buckets - 1);
  const arn = `arn:aws:kms:${region}:${account}:key/${uuidOf(5, key, 9)}`;
  const invokedBy = rng.real() < f.viaService ? rng.pick(services) : null;
  const members: Members = [
    ['eventSource', 'kms.amazonaws.com'],
    ['eventName', operations[rng.between(0, f.operations - 1)]],
    ['readOnly', true],
    ['resources', [{ accountId: account, type: 'AWS::KMS::Key', ARN: arn }]],
    [
      'requestParameters',
      {
        encryptionContext: context(f, rng, sequence, bucket),
        keyId: arn,
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
    ],
    ...(invokedBy === null
      ? client(f, rng)
      : ([
          ['sourceIPAddress', invokedBy],
          ['userAgent', invokedBy],
        ] as Members)),
  ];
  if (rng.real() < f.errors) {
    members.push(
      ['errorCode', 'AccessDenied'],
      [
        'errorMessage',
        `User: role-${sequence} is not authorized to perform: "kms:Decrypt" on ${arn}`,
      ],
    );
  }
  return { members, invokedBy };
}

function context(f: Features, rng: Rng, sequence: number, bucket: number) {
  const object = rng.real() < f.nonAscii ? `daten/größe-${sequence}` : `data/part-${sequence}`;
  if (rng.real() < f.oddContexts) return { note: `the "best" of ${sequence}`, stage: 'prod' };
  const s3 = { 'aws:s3:arn': `arn:aws:s3:::bucket-${bucket}/${object}` };
  if (rng.real() >= f.logContexts) return s3;
  return { 'aws:cloudtrail:arn': `arn:aws:cloudtrail:${region}:${account}:trail/all`, ...s3 };
}

function otherMembers(
  f: Features,
  rng: Rng,
  sequence: number,
): { members: Members; invokedBy: null } {
  const bucket = `bucket-${rng.between(0, f.buckets - 1)}`;
  const kind = rng.real();
  if (kind < f.s3) {
    const key = `data/part-${sequence}`;
    return {
      invokedBy: null,
      members: [
        ['eventSource', 's3.amazonaws.com'],
        ['eventName', rng.pick(['GetObject', 'PutObject'])],
        ['requestParameters', { bucketName: bucket, Host: `${bucket}.s3.amazonaws.com`, key }],
        ['responseElements', { 'x-amz-expiration': `expiry-date="Sat, ${sequence}"` }],
        ['resources', [{ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${key}` }]],
        ...client(f, rng),
      ],
    };
  }
  const isAssume = (kind - f.s3) / (1 - f.s3) < f.assumeRole;
  const roleArn = `arn:aws:iam::${account}:role/role-${rng.between(0, f.roles - 1)}`;
  return {
    invokedBy: null,
    members: [
      ['eventSource', isAssume ? 'sts.amazonaws.com' : 'ec2.amazonaws.com'],
      ['eventName', isAssume ? 'AssumeRole' : 'DescribeInstances'],
      ['requestParameters', { roleArn, roleSessionName: `s-${sequence}`, maxResults: 100 }],
      ['responseElements', isAssume ? { credentials: { accessKeyId: `ASIA${sequence}` } } : null],
      ...client(f, rng),
    ],
  };
}
