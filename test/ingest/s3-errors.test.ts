import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { SourceOptions } from '../../ingest/sources/source.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { kmsRecord, logOf } from '../support/kms-records.ts';
import { S3Double } from '../support/s3-double.ts';

type Answer = [status: number, code: string, message?: string];

const keysCount = 40;
let s3: S3Double;
let database: Database;

beforeEach(async () => {
  s3 = await S3Double.start();
  for (let i = 0; i < keysCount; i++) {
    s3.put('logs', `AWSLogs/${String(i).padStart(3, '0')}.json.gz`, logOf([kmsRecord(`${i}`)]));
  }
  database = await openDatabase(':memory:');
});
afterEach(async () => {
  database.close();
  await s3.stop();
});

const options = (): SourceOptions => ({
  endpoint: s3.endpoint,
  region: 'us-east-1',
  pathStyle: true,
  anonymous: true,
  concurrency: 2,
  tuning: { maxAttempts: 1, requestTimeoutMs: 500, socketTimeoutMs: 500, retryBaseMs: 1 },
});

const run = async (changes: Partial<SourceOptions> = {}) =>
  ingest(database, [await openSource('s3://logs', { ...options(), ...changes })], { workers: 1 });

const gets = () => s3.seen.filter(({ op }) => op === 'get').length;

/** Codes as S3 sends them for a single object, and the class that each becomes. */
const ofOneObject: [Answer, string][] = [
  [[400, 'KMS.DisabledException', 'arn:aws:kms:x is disabled.'], 'object_kms_disabled'],
  [[400, 'KMS.KMSInvalidStateException', 'is pending deletion.'], 'object_kms_disabled'],
  [[400, 'KMS.NotFoundException', 'Key does not exist'], 'object_kms_disabled'],
  [
    [403, 'AccessDenied', 'User: x is not authorized to perform: kms:Decrypt on the resource'],
    'object_kms_denied',
  ],
  [[403, 'AccessDenied', 'Access Denied'], 'object_denied'],
  [
    [
      400,
      'InvalidRequest',
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    ],
    'object_customer_key',
  ],
  [
    [403, 'InvalidObjectState', 'The operation is not valid for the storage class'],
    'object_archived',
  ],
  [[301, 'PermanentRedirect', 'The bucket must be addressed elsewhere'], 'object_wrong_region'],
  [[503, 'SlowDown', 'Please reduce your request rate.'], 'object_transient'],
  [[500, 'InternalError', 'We encountered an internal error'], 'object_transient'],
];
test.each(ofOneObject)('one object with %j waits, the others are read', async (answer, name) => {
  s3.fault({ op: 'get', kind: 'answer', answer, key: /007\.json/ });
  const summary = await run();
  expect(summary).toMatchObject({
    status: 'partial',
    objects_ok: keysCount - 1,
    objects_pending: 1,
    inserted: keysCount - 1,
    classes: { [name]: 1 },
    problems: [],
  });
  s3.clearFaults();
  expect(await run()).toMatchObject({ status: 'done', objects_new: 1, inserted: 1 });
});

/** Codes that concern the credentials: no other object would fare better. */
const ofAll: Answer[] = [
  [400, 'ExpiredToken', 'The provided token has expired.'],
  [400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.'],
  [403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist'],
  [403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match'],
  [403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time'],
];
test.each(ofAll)(
  '%i %s in the middle of a run stops it after a few, with one message',
  async (...answer) => {
    s3.fault({ op: 'get', kind: 'answer', answer, key: /\/(00[3-9]|0[1-9])/ });
    const summary = await run();
    expect(summary).toMatchObject({ status: 'partial', objects_ok: 3, inserted: 3 });
    expect(summary.problems).toHaveLength(1);
    expect(summary.problems[0]!.message).toContain(answer[1]);
    expect(summary.problems[0]!.message).toContain('run again');
    // Three in a row, and what was under way beside them.
    expect(gets()).toBeLessThanOrEqual(3 + 3 + 2);
    s3.clearFaults();
  },
);

test('denial of every object stops after ten, and asks the owner to grant s3:GetObject', async () => {
  s3.fault({ op: 'get', kind: 'denied' });
  const summary = await run();
  expect(summary).toMatchObject({ status: 'partial', objects_ok: 0 });
  expect(summary.problems).toHaveLength(1);
  expect(summary.problems[0]!.message).toContain('grant s3:GetObject');
  expect(gets()).toBeLessThanOrEqual(12);
});

test('denial of a folder, where others are open, stops nothing', async () => {
  s3.fault({ op: 'get', kind: 'denied', key: /\/0[12]/ });
  expect(await run()).toMatchObject({ objects_ok: 20, objects_pending: 20, problems: [] });
});

test('--requester-pays says so in every request', async () => {
  const heard: (string | undefined)[] = [];
  s3.onRequest = (request) => heard.push(request.headers['x-amz-request-payer'] as string);
  await run({ requesterPays: true });
  expect(heard.length).toBeGreaterThan(keysCount);
  expect(new Set(heard)).toEqual(new Set(['requester']));
});

describe('an endpoint', () => {
  const opened = (answer: Answer) => {
    s3.fault({ op: 'list', kind: 'answer', answer });
    return openSource('s3://logs', options());
  };
  test.each([
    [[400, 'InvalidToken'], 'credentials_refused'],
    [[403, 'RequestTimeTooSkewed'], 'clock_skewed'],
    [[400, 'ExpiredToken'], 'credentials_expired'],
    [[301, 'PermanentRedirect'], 'bucket_elsewhere'],
    [[403, 'AccessDenied'], 'bucket_denied'],
    [[404, 'NoSuchBucket'], 'bucket_not_found'],
  ] as [Answer, string][])('that answers %j is refused with %s', async (answer, code) => {
    await expect(opened(answer)).rejects.toMatchObject({ code });
  });

  test('that accepts connections and says nothing is given up in under a minute', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const started = performance.now();
    // As a user has it, without tuning.
    const opening = openSource('s3://logs', {
      endpoint: `http://127.0.0.1:${port}`,
      pathStyle: true,
      anonymous: true,
      region: 'us-east-1',
    });
    await expect(opening).rejects.toMatchObject({ code: 'bucket_unreachable' });
    expect(performance.now() - started).toBeLessThan(60_000);
    silent.close();
  }, 90_000);
});
