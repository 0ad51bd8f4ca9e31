import { expect, test } from 'vitest';
import { addressOf } from '../../ingest/sources/address.ts';

test.each([
  ['s3://bucket', 's3://bucket'],
  ['S3://bucket/a/b/', 's3://bucket/a/b/'],
  ['s3a://bucket/AWSLogs', 's3://bucket/AWSLogs'],
  ['s3n://bucket/AWSLogs', 's3://bucket/AWSLogs'],
  ['arn:aws:s3:::bucket', 's3://bucket'],
  ['arn:aws:s3:::bucket/AWSLogs/*', 's3://bucket/AWSLogs/'],
  ['arn:aws-us-gov:s3:::bucket/a', 's3://bucket/a'],
  ['https://bucket.s3.eu-west-1.amazonaws.com/AWSLogs/', 's3://bucket/AWSLogs/'],
  ['https://bucket.s3.amazonaws.com', 's3://bucket'],
  ['https://my.dotted.bucket.s3-us-west-2.amazonaws.com/a%20b', 's3://my.dotted.bucket/a b'],
  ['https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a', 's3://bucket/a'],
  ['https://s3.eu-west-1.amazonaws.com/bucket/AWSLogs', 's3://bucket/AWSLogs'],
  ['https://s3.amazonaws.com/bucket', 's3://bucket'],
  ['https://bucket.s3.cn-north-1.amazonaws.com.cn/a', 's3://bucket/a'],
  [
    'https://eu-west-1.console.aws.amazon.com/s3/buckets/bucket?region=eu-west-1&prefix=AWSLogs/',
    's3://bucket/AWSLogs/',
  ],
  ['https://s3.console.aws.amazon.com/s3/buckets/bucket', 's3://bucket'],
])('%s is %s', (spec, s3) => {
  expect(addressOf(spec)).toEqual({ kind: 's3', spec: s3 });
});

test.each([
  ['./AWSLogs', './AWSLogs'],
  ['/var/log/a.json', '/var/log/a.json'],
  ['C:\\logs', 'C:\\logs'],
  ['a:b.json', 'a:b.json'],
  ['file:///var/log/a%20b.json', '/var/log/a b.json'],
])('%s is the path %s', (spec, path) => {
  expect(addressOf(spec)).toEqual({ kind: 'local', path });
});

test.each(['-', '/dev/stdin', '/dev/fd/63'])('%s is a stream', (spec) => {
  expect(addressOf(spec)).toMatchObject({ kind: 'stream' });
});

test.each([
  ['https://example.com/bucket', /--endpoint/],
  ['https://b.s3.amazonaws.com/a.json.gz?X-Amz-Signature=secret', /presigned/],
  ['https://s3.amazonaws.com/', /names no bucket/],
  ['gs://bucket/a', /s3:\/\/bucket/],
  ['s3:bucket/a', /s3:\/\/bucket/],
  ['arn:aws:cloudtrail:eu-west-1:111122223333:trail/t', /s3:\/\/bucket/],
  ['file://host/a', /file:\/\/\//],
])('%s is refused with the right form', (spec, fix) => {
  try {
    addressOf(spec);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({
      code: 'source_invalid',
      exitCode: 2,
      fix: expect.stringMatching(fix),
    });
    // A signature is a secret.
    expect((error as Error).message).not.toContain('secret');
  }
});
