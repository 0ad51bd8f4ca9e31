import { describe, expect, test } from 'vitest';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import { expectSame, fileOf, recordsFile, somePath, withRecipient } from '../support/same-batch.ts';
import { kms } from '../support/scanned.ts';

describe('the fast reader gives the same batch as the plain one', () => {
  test('on every S3 context, plain or not', () => {
    const reader = new FastReader();
    const s3 = [
      'arn:aws:s3:::b/k',
      'arn:aws:s3:::b/k/é\u2028\u007f',
      'arn:aws:s3:::b/',
      'arn:aws:s3:::b',
      'arn:aws:s3:::/k',
      'arn:aws-cn:s3:::b//',
      'arn:AWS:s3:::b/k',
      'x/y',
      '/',
      '',
      'arn:aws:s3:::b/"q"\\',
      'arn:aws:s3:::b/\u0001\ud800',
    ];
    const contexts: unknown[] = [
      ...s3.map((arn) => ({ 'aws:s3:arn': arn })),
      ...s3.map((arn) => ({ 'aws:s3:arn': arn, more: 'x' })),
      { SecretARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:s', SecretVersionId: 'v' },
      { a: 'x', SecretARN: 's', PARAMETER_ARN: 'p' },
      { PARAMETER_ARN: 'p', 'aws:ebs:id': 'vol-1' },
      { 'aws:lambda:FunctionArn': '' },
      { 'aws:logs:arn': 'é' },
      { 'aws:sns:topicArn': 'tab\t' },
      { 'aws:kinesis:arn': 7 },
      { 'aws-crypto-public-key': 'A+/=' },
      { 'aws-crypto-public-key': 'A', SecretARN: 's' },
      { 'aws:dynamodb:tableName': 't', 'aws:dynamodb:subscriberId': '111111111111' },
      { 'branch-key-id': 'b', tablename: 't', 'aws-crypto-public-key': 'A' },
      { stage: 'prod', own: 'arn:', other: 'arn:aws:sqs:::q' },
      { stage: 'prod', '7': 'first for JavaScript' },
      { '': 'x' },
      { __proto__x: 'x', nested: { 'aws:ebs:id': 'v' } },
      Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'arn:x'])),
      { 'aws:s3:arn': null },
      { 'aws:s3:arn': { a: '"}' } },
      { 'aws:cloudtrail:arn': 't', 'aws:s3:arn': s3[0] },
      null,
      'text',
      [],
      {},
    ];
    for (const operation of ['Decrypt', 'ReEncrypt', 'DescribeKey', 'Unheard']) {
      const records = contexts.flatMap((encryptionContext) => [
        kms({ eventName: operation, requestParameters: { encryptionContext, keyId: 'k' } }),
        kms({
          eventName: operation,
          requestParameters: { encryptionContext, sourceEncryptionContext: { a: 'b' } },
        }),
      ]);
      records.push(
        kms({
          eventName: operation,
          requestParameters: { sourceEncryptionContext: { 'aws:s3:arn': s3[0] } },
        }),
      );
      expectSame(reader, [
        recordsFile(withRecipient(records), somePath),
        recordsFile(withRecipient(records)),
      ]);
    }
  });

  test('on every context as it may be written', () => {
    const texts = [
      '{"SecretARN":"s", "a":"b"}',
      '{ "SecretARN":"s"}',
      '{"SecretARN":"s","SecretARN":"t"}',
      '{"a":"b","a":"c"}',
      '{"a":"arn:x","b":"\\u0061rn:y"}',
      '{"\\u0061":"b"}',
      '{"__proto__":"arn:x"}',
      '{"a":"b"}',
      '{"aws:ebs:id":"vol-1","x":null}',
      '{"aws:ebs:id":"vol-1",}',
    ];
    const [record] = withRecipient([kms({ requestParameters: { encryptionContext: 'HERE' } })]);
    for (const text of texts) {
      const written = JSON.stringify(record).replace('"HERE"', text);
      expectSame(new FastReader(), [fileOf(`{"Records":[${written},${written}]}`)]);
    }
  });

  test('on every identity, a plain session of a role or not', () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/app/web/i-0123';
    const issuer = { type: 'Role', arn: 'arn:aws:iam::111122223333:role/x/app', accountId: '1' };
    const session = {
      type: 'AssumedRole',
      principalId: 'AROA:i-0123',
      arn,
      accountId: '111122223333',
      accessKeyId: 'ASIAEXAMPLE',
      sessionContext: { sessionIssuer: issuer, attributes: { mfaAuthenticated: 'false' } },
    };
    const { accessKeyId: _, ...withoutKey } = session;
    const { sessionContext: __, ...withoutContext } = session;
    const arns = [
      'arn:aws-cn:sts::111122223333:assumed-role/a/b',
      'arn:AWS:sts::111122223333:assumed-role/a/b',
      'arn:aws:sts::11112222333:assumed-role/a/b-longer-than-it-was',
      'arn:aws:sts::111122223333:assumed-role/a',
      'arn:aws:sts::111122223333:assumed-role/a/',
      'arn:aws:sts::111122223333:assumed-role//b',
      'arn:aws:sts::111122223333:assumed-role///b',
      'arn:aws:sts::111122223333:assumed-role/é/b',
      'arn:aws:sts::111122223333:assumed-role/a"/b',
      'arn:aws:sts::111122223333:federated-user/bob',
      'arn:aws:iam::111122223333:user/bob',
      '',
    ];
    const users: unknown[] = [
      session,
      withoutKey,
      withoutContext,
      ...arns.map((other) => ({ ...session, arn: other })),
      { ...session, accessKeyId: '' },
      { ...session, accessKeyId: null },
      { ...session, accessKeyId: 7 },
      { ...session, accountId: 7 },
      { ...session, accountId: '' },
      { ...session, type: 'FederatedUser' },
      { ...session, invokedBy: 's3.amazonaws.com' },
      { ...session, invokedBy: '' },
      { ...session, invokedBy: 'AWS Internal' },
      { ...session, sessionContext: {} },
      { ...session, sessionContext: { sessionIssuer: {} } },
      { ...session, sessionContext: { sessionIssuer: { ...issuer, arn: '' } } },
      { ...session, sessionContext: [issuer] },
      { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/bob', accountId: '111122223333' },
      { type: 'AWSService', invokedBy: 'sns.amazonaws.com' },
      null,
      'root',
    ];
    const others = [
      {},
      { sessionCredentialFromConsole: 'true' },
      { sessionCredentialFromConsole: true },
      { sessionCredentialFromConsole: 'false' },
      { sessionCredentialFromConsole: null },
      { recipientAccountId: '' },
      { recipientAccountId: 111122223333 },
      { recipientAccountId: null },
    ];
    const records = users.flatMap((userIdentity) =>
      others.map((other) => kms({ userIdentity, ...other })),
    );
    const { rows } = expectSame(new FastReader(), [recordsFile(withRecipient(records), somePath)]);
    expect(rows).toBe(records.length);
    const twice = JSON.stringify(withRecipient([kms({ userIdentity: session })])[0]);
    for (const name of ['arn', 'type', 'accountId', 'sessionIssuer']) {
      const text = twice.replace(`"${name}":`, `"${name}":"x","${name}":`);
      expectSame(new FastReader(), [fileOf(`{"Records":[${text},${twice}]}`)]);
    }
  });

  test('on every client, an IPv4 address or not', () => {
    const sources = [
      '10.0.0.1',
      '255.255.255.255',
      '256.1.1.1',
      '01.1.1.1',
      '1.1.1',
      '1.1.1.1.1',
      '1.1.1.1 ',
      '0.0.0.0',
      '2001:db8::1',
      'AWS Internal',
      's3.amazonaws.com',
      '',
      null,
    ];
    const agents = [
      undefined,
      'aws-cli/2',
      'AWS Internal',
      's3.amazonaws.com',
      '.amazonaws.com',
      'x.amazonaws.com ',
      'é',
      'a"b',
      '',
      7,
    ];
    const more = [
      {},
      { vpcEndpointId: 'vpce-1', tlsDetails: { cipherSuite: 'c', tlsVersion: 'TLSv1.3' } },
      { vpcEndpointId: '', tlsDetails: {} },
      { vpcEndpointId: null, tlsDetails: null },
      { tlsDetails: { tlsVersion: '' } },
      { tlsDetails: { tlsVersion: 1.3 } },
      { tlsDetails: 'TLSv1.3' },
    ];
    const records = sources.flatMap((sourceIPAddress) =>
      agents.flatMap((userAgent) =>
        more.map((rest) => kms({ sourceIPAddress, userAgent, ...rest })),
      ),
    );
    const { rows } = expectSame(new FastReader(), [recordsFile(withRecipient(records))]);
    expect(rows).toBe(records.length);
  });

  test('on every kept record of another service, plainly written or not', () => {
    const object = 'arn:aws:s3:::b/k';
    const usual = {
      eventSource: 's3.amazonaws.com',
      eventName: 'GetObject',
      sourceIPAddress: '10.0.0.1',
      requestParameters: { bucketName: 'b', key: 'k' },
      responseElements: null,
      resources: [{ type: 'AWS::S3::Object', ARN: object }],
    };
    const sources = [
      '10.0.0.1',
      '1.2.3',
      '2001:db8::1',
      's3.amazonaws.com',
      '',
      null,
      7,
      'é',
      'a"',
    ];
    const agents = ['aws-cli', 'AWS Internal', 's3.amazonaws.com', '', null, 'é'];
    const arns = [
      object,
      'arn:aws:s3:::b',
      'arn:aws:s3:::b/',
      'arn:aws:s3:::/k',
      'arn:aws-cn:s3:::b/k',
    ];
    const wrong = [
      'arn:a:b:s3:::b/k',
      'arn::s3:::b/k',
      'arn:aws:s3::1:b/k',
      'x',
      '',
      null,
      'arn:aws:s3:::b/é',
    ];
    const changes: Record<string, unknown>[] = [
      ...sources.flatMap((sourceIPAddress) =>
        agents.map((userAgent) => ({ sourceIPAddress, userAgent })),
      ),
      ...[...arns, ...wrong].map((ARN) => ({ resources: [{ type: 'x', ARN }] })),
      {
        resources: [
          { type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::b' },
          { ARN: object },
          { ARN: 'y' },
        ],
      },
      { resources: [{ arn: object }] },
      { resources: ['x', { ARN: object }] },
      { resources: [] },
      { resources: null },
      { resources: 'x' },
      { awsRegion: 'cn-north-1', resources: [] },
      {
        eventName: 'PutObject',
        responseElements: { 'x-amz-version-id': 'v', n: [1, -2, true, null, {}] },
      },
      { eventName: 'CopyObject', errorCode: 'AccessDenied' },
      { eventName: 'PutBucketEncryption' },
      { eventName: 'DeleteObject' },
      { errorCode: '' },
      { errorCode: null },
      { requestID: 'R é' },
      { requestID: '' },
      { requestID: 7 },
      { requestParameters: null },
      { requestParameters: 'text' },
      { requestParameters: { k: 'é\u2028\u007f', deep: [[[[[[[[[1]]]]]]]]] } },
      { requestParameters: { k: 'x'.repeat(19_990) } },
      { requestParameters: { k: 'x'.repeat(20_001) } },
      { requestParameters: { k: 'é'.repeat(10_500) } },
      { requestParameters: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, i])) },
      { recipientAccountId: '' },
      { awsRegion: '' },
      { awsRegion: null },
      { eventID: 'no uuid' },
      { userIdentity: null },
      { userIdentity: { type: 'IAMUser', accountId: '1', arn: 'arn:aws:iam::1:user/u' } },
      { userIdentity: { type: 'AWSService', invokedBy: 'x.amazonaws.com' } },
      {
        eventSource: 'sts.amazonaws.com',
        eventName: 'AssumeRole',
        requestParameters: { roleArn: 'r' },
      },
      {
        eventSource: 'ssm.amazonaws.com',
        eventName: 'GetParameter',
        requestParameters: { name: 'p' },
      },
    ];
    const records = changes.map((change) => kms({ ...usual, ...change }));
    const file = recordsFile(withRecipient(records), somePath);
    const { related } = expectSame(new FastReader(), [file, file]);
    expect(related).toBe(2 * (records.length - 1));
    const fewer = new Map([['s3.amazonaws.com', new Set(['CopyObject'])]]);
    expect(expectSame(new FastReader(), [file], fewer).related).toBe(1);
    const texts = [
      '{"a": 1}',
      '{"a":1.0}',
      '{"a":1e3}',
      '{"a":-0}',
      '{"a":01}',
      '{"a":1,"a":2}',
      '{"7":1,"a":2}',
      '{"a":tru}',
      '{"a":-}',
      '{"a":[1,]}',
      '{"a":12345678901234567890}',
      '{"a":"\\u0041"}',
      '[]',
      '7',
      '""',
    ];
    const written = JSON.stringify(withRecipient([kms(usual)])[0]);
    for (const text of texts) {
      const changed = written.replace('{"bucketName":"b","key":"k"}', text);
      expectSame(new FastReader(), [fileOf(`{"Records":[${changed},${written}]}`)]);
    }
    const many = Array.from({ length: 17_000 }, (_, i) =>
      kms({ ...usual, requestID: `${i} `.repeat(70) }),
    );
    expectSame(new FastReader(), [recordsFile(withRecipient(many)), file]);
  });

  test('on texts that look like the marks of a shape', () => {
    const texts = ['\u0000', '\u00000.00\u0000', 'a\u00001.00\u0000', '\u00002.00\u0000'];
    const records = texts.flatMap((text) => [
      kms({
        awsRegion: text,
        requestParameters: {
          encryptionContext: { 'aws:dynamodb:tableName': text, 'aws:dynamodb:subscriberId': '1' },
        },
      }),
      kms({ requestParameters: { encryptionContext: { [text]: `arn:${text}/x` } } }),
      kms({
        eventSource: 'secretsmanager.amazonaws.com',
        eventName: 'GetSecretValue',
        requestParameters: { secretId: text },
        resources: [{ ARN: 'arn:aws:s3:::b/k' }],
      }),
      kms({
        eventSource: 's3.amazonaws.com',
        eventName: 'GetObject',
        requestParameters: { bucketName: text, key: text },
      }),
    ]);
    expectSame(new FastReader(), [recordsFile(withRecipient(records))]);
  });
});
