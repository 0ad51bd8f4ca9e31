import fc from 'fast-check';
import { idOf } from './kms-records.ts';
import { noPath, somePath, type LogFile } from './same-batch.ts';

/**
 * Log files aimed at what the scanner tells by itself (sessions of roles, IPv4 clients, plain contexts,
 * objects of S3) and at the limits of its memory: usual records whose values are, now and then, such as are
 * only nearly plain. Values are JSON as text, because how they are written matters.
 */
export function hostileFiles(bulky: boolean): fc.Arbitrary<LogFile[]> {
  const record = fc.oneof(kmsRecord(bulky), kmsRecord(bulky), objectRecord(bulky));
  const file = fc
    .record({
      records: fc.array(record, { minLength: bulky ? 12 : 4, maxLength: 24, size: 'max' }),
      ids: fc.noShrink(fc.nat()),
      path: fc.constantFrom(noPath, somePath),
      dropped: sometimes(false, fc.constant(true)),
      end: sometimes(']}', fc.constantFrom(',{"eventID":}]}', ']', '', ',7]}')),
    })
    .map(({ records, ids, path, dropped, end }) => ({
      bytes: Buffer.from(`{"Records":[${records.map((r, i) => r(`${ids} ${i}`)).join()}${end}`),
      path,
      dropped,
    }));
  return fc.array(file, { minLength: 1, maxLength: 4 });
}

/** Writes a record with ids by this name. */
type Written = (name: string) => string;
type Json = fc.Arbitrary<string>;

/** Nearly always the usual value. */
function sometimes<T>(usual: T, odd: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 24, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
}

const quoted = (...texts: string[]) => texts.map((text) => `"${text}"`);

/** Strings that are plain, and such as are not; and values that are no strings. */
const odd: Json = fc.oneof(
  fc.constantFrom(
    ...quoted('', 'x', 'é', '\u007f', '\u2028', '\u{1f600}', '__proto__', ' ', '/', ':', 'arn:'),
    ...quoted('\\u0041', 'a\\"b', '\\\\', '\\ud800', '\\n', 'toString', 'AWS Internal'),
    ...quoted('.amazonaws.com', 'x.amazonaws.com', 's3.amazonaws.com', 'fas.s3.amazonaws.com'),
    ...['null', 'true', '7', '-0', '1.50', '1e3', '[]', '{}', '["x"]', '{"a":"b"}', '{"":{}}'],
  ),
  fc.constantFrom(15, 16, 17, 31, 32, 33, 63, 64, 65).map((n) => `"${'x'.repeat(n)}"`),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text)),
);

/** Text that is no JSON, where a span is not looked into: both readers must notice. */
const broken: Json = fc.constantFrom(
  '"\\x"',
  '"\u0001"',
  '{"a":[1}}',
  '{"a":tru}',
  '{"a":01}',
  '[1,]',
  '{"a" "b"}',
  '{"\t":1}',
);

/** Long texts: some too long for a tuple, all of them soon too much for a table. */
const long: Json = fc
  .record({
    length: fc.constantFrom(3_000, 200_000, 524_200, 600_000, 1_048_500),
    own: fc.nat(99),
  })
  .map(({ length, own }) => `"${`${own} `.repeat(length / 3)}"`);

const valueOf = (bulky: boolean, ...usual: string[]): Json =>
  fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...usual) },
    { weight: 3, arbitrary: odd },
    { weight: bulky ? 5 : 0, arbitrary: long },
  );

/** An object with, now and then, members left out, one twice or one more, or white space. */
function objectOf(members: Record<string, Json>, damage: Json = odd): Json {
  const own = Object.keys(members);
  return fc
    .record({
      values: fc.record(members, { noNullPrototype: true }),
      without: sometimes([], fc.subarray(own)),
      more: sometimes(
        [],
        fc.tuple(fc.constantFrom(...own, 'n'), damage).map((one) => [one]),
      ),
      space: sometimes('', fc.constantFrom(' ', '\n\t')),
    })
    .map(({ values, without, more, space }) => {
      const kept = Object.entries(values).filter(([name]) => !without.includes(name));
      return `{${space}${[...kept, ...more].map(pair).join(`,${space}`)}${space}}`;
    });
}
const pair = ([name, value]: readonly [string, string]) => `"${name}":${value}`;

const names = (...more: string[]) => ['111122223333', '444455556666', ...more];
const arns = [
  'arn:aws:sts::111122223333:assumed-role/app/i-1',
  'arn:aws:sts::111122223333:assumed-role/app/web/i-2',
  'arn:aws-cn:sts::111122223333:assumed-role/a/b',
  'arn:aws:sts::111122223333:assumed-role//b',
  'arn:aws:sts::11112222333:assumed-role/app/i-12345',
  'arn:AWS:sts::111122223333:assumed-role/a/b',
  'arn:aws:sts::111122223333:assumed-role/a/',
  'arn:aws:iam::111122223333:user/bob',
];

function identity(bulky: boolean, damage: Json): Json {
  const issuer = objectOf({
    type: fc.constant('"Role"'),
    arn: valueOf(bulky, ...quoted('arn:aws:iam::111122223333:role/app', 'r')),
  });
  return objectOf(
    {
      type: valueOf(false, ...quoted('AssumedRole', 'AssumedRole', 'AssumedRole', 'IAMUser')),
      principalId: valueOf(false, '"AROA:x"'),
      arn: valueOf(bulky, ...quoted(...arns)),
      accountId: valueOf(false, ...quoted(...names())),
      accessKeyId: valueOf(bulky, '"ASIA"'),
      sessionContext: fc.oneof(
        {
          weight: 9,
          arbitrary: objectOf({ sessionIssuer: issuer, attributes: fc.constant('{}') }),
        },
        { weight: 1, arbitrary: odd },
      ),
      ...(bulky ? { invokedBy: valueOf(bulky, '"s3.amazonaws.com"') } : {}),
    },
    damage,
  );
}

const contextNames = [
  ...['SecretARN', 'PARAMETER_ARN', 'aws:ebs:id', 'aws:lambda:FunctionArn', 'aws:logs:arn'],
  ...['aws-crypto-public-key', 'aws:s3:arn', 'aws:cloudtrail:arn', 'aws:dynamodb:tableName'],
  ...['branch-key-id', 'tablename', 'aws:dynamodb:subscriberId', 'stage', 'app', '__proto__'],
  ...['7', '07', '-1', '', 'é', '\\u0061pp', '\u007f', 'toString', 'a'.repeat(33)],
];

function context(bulky: boolean, damage: Json): Json {
  const value = valueOf(
    bulky,
    ...quoted('x', 'arn:x', 'arn:yz', 'arn:aws:s3:::b/k', 'arn:aws:s3:::b', 'y'),
  );
  const member = (names: readonly string[]) => fc.tuple(fc.constantFrom(...names), value);
  const once = (...names: string[]) =>
    fc.uniqueArray(member(names), { selector: ([name]) => name, maxLength: 4 });
  const object = fc
    .oneof(
      fc.array(member(contextNames), { maxLength: 9 }),
      once(...contextNames),
      once('stage', 'app', 'own'),
      once('stage', 'SecretARN', '7', '2x'),
    )
    .map((members) => `{${members.map(pair).join()}}`);
  const s3 = fc
    .tuple(
      fc.constantFrom('b', 'c', '', 'é'),
      fc.constantFrom('k', '', 'é', 'a/b', '\\"', '\u007f'),
    )
    .map(([bucket, key]) => `{"aws:s3:arn":"arn:aws:s3:::${bucket}/${key}"}`);
  return fc.oneof(
    { weight: 8, arbitrary: object },
    { weight: 6, arbitrary: s3 },
    { weight: 1, arbitrary: damage },
  );
}

const shared = (bulky: boolean) => ({
  eventVersion: fc.constant('"1.11"'),
  eventTime: valueOf(false, ...quoted('2026-10-05T12:00:00Z', '1969-12-31T23:59:59Z')),
  awsRegion: valueOf(bulky, ...quoted('eu-west-1', 'cn-north-1')),
  sourceIPAddress: valueOf(
    bulky,
    ...quoted('10.0.0.1', '255.255.255.255', '0.0.0.0', '10.0.0.1', '256.1.1.1', '01.1.1.1'),
    ...quoted('1.1.1', '1.1.1.1.1', '2001:db8::1', '::ffff:1.2.3.4', '1.1.1.1 ', '1..1.1'),
  ),
  userAgent: valueOf(bulky, ...quoted('aws-cli/2', 'b', 'AWS Internal', 'x.amazonaws.com')),
  recipientAccountId: valueOf(bulky, ...quoted(...names())),
});

function kmsRecord(bulky: boolean): fc.Arbitrary<Written> {
  const damage = fc.oneof({ weight: 9, arbitrary: odd }, { weight: 1, arbitrary: broken });
  const parameters = objectOf(
    {
      encryptionContext: context(bulky, damage),
      keyId: valueOf(bulky, ...quoted('alias/a', 'k')),
      sourceEncryptionContext: sometimes('{"a":"b"}', context(bulky, damage)),
    },
    damage,
  );
  const record = objectOf({
    ...shared(bulky),
    userIdentity: identity(bulky, damage),
    eventSource: fc.constant('"kms.amazonaws.com"'),
    eventName: valueOf(
      false,
      ...quoted('Decrypt', 'Encrypt', 'GenerateDataKey', 'ReEncrypt', 'ListKeys'),
    ),
    requestParameters: fc.oneof(
      { weight: 9, arbitrary: parameters },
      { weight: 1, arbitrary: damage },
    ),
    responseElements: valueOf(bulky, 'null', 'null', '{"keyId":"k"}'),
    errorMessage: bulky
      ? fc.oneof(long, fc.constant('"denied"'))
      : valueOf(false, ...quoted('', 'denied', 'denied', 'é')),
    vpcEndpointId: valueOf(bulky, '"vpce-1"', 'null'),
    tlsDetails: objectOf({ tlsVersion: valueOf(bulky, '"TLSv1.3"'), cipherSuite: odd }, damage),
    resources: valueOf(bulky, '[]', '[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/k"}]'),
    sessionCredentialFromConsole: valueOf(false, '"true"', '"true"', '"false"', 'true'),
  });
  return withIds(record);
}

/** A kept record of S3, mostly. */
function objectRecord(bulky: boolean): fc.Arbitrary<Written> {
  const arn = valueOf(
    bulky,
    ...quoted('arn:aws:s3:::b/k', 'arn:aws:s3:::b', 'arn::s3:::b/', 'arn:aws:s3:::/k'),
  );
  const resource = fc.oneof(
    { weight: 9, arbitrary: objectOf({ type: fc.constant('"AWS::S3::Object"'), ARN: arn }) },
    { weight: 1, arbitrary: odd },
  );
  const json = fc.oneof(
    objectOf({ bucketName: valueOf(bulky, '"b"'), key: valueOf(bulky, '"k"') }),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    valueOf(bulky, 'null', `{"k":"${'é'.repeat(9_995)}"}`, `{"k":"${'x'.repeat(19_993)}"}`),
    fc.constantFrom(
      '{"7":1,"a":2}',
      '{"a":1,"a":2}',
      '{"a":123456789012345678}',
      '[[[[[[[[[]]]]]]]]]',
    ),
  );
  const record = objectOf({
    ...shared(bulky),
    userIdentity: identity(bulky, odd),
    eventSource: sometimes('"s3.amazonaws.com"', fc.constant('"sts.amazonaws.com"')),
    eventName: valueOf(
      false,
      ...quoted(
        'GetObject',
        'PutObject',
        'CopyObject',
        'AssumeRole',
        'ListBuckets',
        'Get\\u004fbject',
      ),
    ),
    requestParameters: json,
    responseElements: json,
    errorCode: valueOf(bulky, '"AccessDenied"', 'null', '""'),
    resources: fc.array(resource, { maxLength: 3 }).map((list) => `[${list.join()}]`),
  });
  return withIds(record);
}

/** Gives records ids of their own, now and then such as are no UUIDs. */
function withIds(record: Json): fc.Arbitrary<Written> {
  const id = sometimes('', odd);
  return fc.tuple(record, id, id, fc.boolean()).map(([text, event, request, asked]) => (name) => {
    const members = [
      `"eventID":${event || `"${idOf(name)}"`}`,
      asked ? `"requestID":${request || `"${idOf(`request ${name}`)}"`}` : '',
      text.slice(1, -1).trim(),
    ];
    return `{${members.filter(Boolean).join()}}`;
  });
}
