import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyCommand } from '../../cli/verify-command.ts';
import { hashesFromLedger } from '../../verify/log-check.ts';
import {
  publicKeysFromCloudTrail,
  publicKeysFromFile,
  savePublicKeys,
} from '../../verify/public-keys.ts';
import { s3DigestStore } from '../../verify/s3-digest-store.ts';
import { exitCodeOf, summarise } from '../../verify/summary.ts';
import type { Verdict } from '../../verify/verdict.ts';
import { verifySource } from '../../verify/verify-source.ts';
import type { VerifyOptions } from '../../verify/verify-options.ts';
import { startAwsDouble } from '../support/aws-double.ts';
import type { AwsDouble } from '../support/aws-double.ts';
import type { TrailObject } from '../support/digest-trail.ts';
import {
  account,
  bucket,
  buildChain,
  hourMs,
  region,
  sha256,
  signingKey,
  start,
} from '../support/digest-trail.ts';

const keys = [signingKey(), signingKey(), signingKey()];
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
let aws: AwsDouble;
let endpoint: string;
let objects: Map<string, TrailObject>;

beforeAll(async () => {
  aws = await startAwsDouble(bucket, keys);
  endpoint = aws.endpoint;
});
afterAll(() => aws.close());

beforeEach(() => {
  objects = new Map();
  aws.reset(objects);
  buildChain(
    objects,
    keys.flatMap((key) => [
      { logs: 2, key },
      { logs: 0, key },
    ]),
  );
});

function online(): Omit<VerifyOptions, 'from' | 'to'> {
  const client = new S3Client({
    region,
    endpoint,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  return {
    store: s3DigestStore({ bucket, prefix: '' }, client),
    publicKeys: publicKeysFromCloudTrail({
      client: (asked) => new CloudTrailClient({ region: asked, endpoint, credentials }),
    }),
  };
}

async function run(options: VerifyOptions): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for await (const verdict of verifySource(options)) verdicts.push(verdict);
  return verdicts;
}
const whole = { from: start, to: start + 6 * hourMs };

test('verifies over HTTP with the keys of ListPublicKeys, asked for once', async () => {
  const all = await run({ ...online(), ...whole });
  const summary = await summarise(all);
  expect(summary).toMatchObject({
    digests: { valid: 6 },
    log_files: { valid: 6 },
    outcome: 'valid',
  });
  expect(exitCodeOf(summary)).toBe(0);
  expect(aws.requests.filter((request) => request === 'POST list')).toHaveLength(keys.length);
  for (const key of objects.keys()) {
    expect(aws.requests.filter((request) => request === `GET ${key}`)).toHaveLength(1);
  }
});

test.each([
  '',
  'AWSLogs',
  'AWSLogs/',
  `AWSLogs/${account}/`,
  `AWSLogs/${account}/CloudTrail`,
  `AWSLogs/${account}/CloudTrail/${region}/`,
])('finds the digests of the source s3://bucket/%s', async (prefix) => {
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  const store = s3DigestStore({ bucket, prefix }, client);
  expect(await summarise(await run({ ...online(), store }))).toMatchObject({
    digests: { valid: 6 },
  });
});

test('filters by account and Region', async () => {
  const options = online();
  expect(await run({ ...options, accounts: ['999999999999'] })).toEqual([]);
  expect(await run({ ...options, regions: ['us-east-1'] })).toEqual([]);
  expect(await run({ ...options, regions: [region], accounts: [account] })).not.toEqual([]);
});

test('keys that were saved verify again without CloudTrail', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'keymeter-keys-'));
  try {
    const options = online();
    await run({ ...options, ...whole });
    const file = path.join(directory, 'keys.json');
    await savePublicKeys(file, options.publicKeys.known());
    aws.requests.length = 0;
    const publicKeys = await publicKeysFromFile(file);
    expect(exitCodeOf(await summarise(await run({ ...online(), ...whole, publicKeys })))).toBe(0);
    expect(aws.requests).not.toContain('POST list');
    await expect(publicKeysFromFile(path.join(directory, 'none'))).rejects.toMatchObject({
      code: 'public_keys_unreadable',
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('failures that pass are tried again; those that last are no verdict on the content', async () => {
  const logs = [...objects.keys()].filter((key) => key.includes('/CloudTrail/'));
  aws.faults.set(logs[0]!, [503, 'cut']);
  aws.faults.set(logs[1]!, [403]);
  aws.faults.set(logs[2]!, [503, 503, 503, 503]);
  const all = await run({ ...online(), ...whole });
  const status = (key: string) => all.find((one) => one.kind === 'log' && one.key === key)?.status;
  expect(status(logs[0]!)).toBe('valid');
  expect(status(logs[1]!)).toBe('unreadable');
  expect(status(logs[2]!)).toBe('unreadable');
  const summary = await summarise(all);
  expect(summary.hours).toEqual({ whole: 1, not_verifiable: 2, empty: 3 });
  expect(exitCodeOf(summary)).toBe(4);
});

test('the ledger takes the place of downloads', async () => {
  const options = online();
  const first = await run({ ...options, ...whole });
  const ledger = new Map(
    first.flatMap((one) =>
      one.kind === 'log' ? [[`${one.key}@${sha256(objects.get(one.key)!.bytes)}`, one.sha256]] : [],
    ),
  );
  aws.requests.length = 0;
  const knownHashes = hashesFromLedger(options.store, ({ key, version }) => {
    const hash = ledger.get(`${key}@${version}`);
    return Promise.resolve(hash ? { sha256: hash } : undefined);
  });
  const second = await run({ ...options, ...whole, knownHashes });
  expect(await summarise(second)).toMatchObject({ outcome: 'valid', log_files_from_ledger: 6 });
  expect(
    aws.requests.filter((request) => request.startsWith('GET') && request.includes('/CloudTrail/')),
  ).toEqual([]);
});

test('the command verifies a bucket with saved keys, and says when there is none', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'keymeter-keys-'));
  try {
    const options = online();
    await run({ ...options, ...whole });
    const file = path.join(directory, 'keys.json');
    await savePublicKeys(file, options.publicKeys.known());
    let exitCode: number | null = null;
    const command = () =>
      verifyCommand({ write: () => {}, setExitCode: (code) => void (exitCode = code) });
    const flags = ['--keys', file, '--endpoint', endpoint, '--path-style', '--anonymous'];
    await command().parseAsync([`s3://${bucket}/`, ...flags], { from: 'user' });
    expect(exitCode).toBe(0);
    aws.faults.set('', [404, 404]); // Its head, then its listing.
    await expect(
      command().parseAsync([`s3://${bucket}/`, ...flags], { from: 'user' }),
    ).rejects.toMatchObject({ code: 'bucket_not_found' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
