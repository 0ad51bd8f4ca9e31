import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openSource } from '../../ingest/sources/open-source.ts';
import { readMany } from '../../ingest/sources/read-many.ts';
import { S3Reader } from '../../ingest/sources/s3-reader.ts';
import type {
  ListedObject,
  ListFilter,
  Listing,
  SourceOptions,
} from '../../ingest/sources/source.ts';
import { s3ServerBinary, startS3Server, type S3Server } from '../support/s3-server.ts';

/** A server that nobody here wrote and that checks signatures: what the double can't prove. */
describe.skipIf(!s3ServerBinary)('a real S3 server', () => {
  const account = 'AWSLogs/o-abc123/111122223333';
  const keys = [
    ...['01', '02', '03', '04', '05', '06'].flatMap((day) =>
      ['us-east-1', 'eu-west-1'].map(
        (region) => `${account}/CloudTrail/${region}/2024/05/${day}/a.json.gz`,
      ),
    ),
    `${account}/CloudTrail/us-east-1/2024/05/06/odd name+%20ü&.json.gz`,
    `copies/flat/b.json`,
  ];
  let server: S3Server;
  let admin: S3Client;
  let options: SourceOptions;
  const credentialsBefore = process.env['AWS_SHARED_CREDENTIALS_FILE'];

  beforeAll(async () => {
    server = await startS3Server();
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = server.credentialsFile;
    options = {
      endpoint: server.endpoint,
      region: server.region,
      pathStyle: true,
      profile: 'good',
      tuning: { retryBaseMs: 1, maxAttempts: 2 },
    };
    admin = new S3Client({
      endpoint: server.endpoint,
      region: server.region,
      forcePathStyle: true,
      credentials: server,
    });
    await admin.send(new CreateBucketCommand({ Bucket: 'logs' }));
    for (const key of keys) await put(key);
    await put(`${account}/CloudTrail-Digest/us-east-1/2024/05/01/d.json.gz`);
    await put(`${account}/vpcflowlogs/us-east-1/2024/05/01/f.log.gz`);
  });

  afterAll(async () => {
    admin?.destroy();
    await server?.stop();
    if (credentialsBefore === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = credentialsBefore;
  });

  async function put(key: string, body = `content of ${key}`): Promise<void> {
    await admin.send(new PutObjectCommand({ Bucket: 'logs', Key: key, Body: body }));
  }

  async function list(spec: string, filter: ListFilter = {}): Promise<Listing[]> {
    const source = await openSource(spec, options);
    const listings: Listing[] = [];
    for await (const one of source.list(filter, new AbortController().signal)) listings.push(one);
    return listings;
  }

  function objectsOf(listings: Listing[]): ListedObject[] {
    return listings.filter((one) => 'source' in one);
  }

  test('lists the logs along the layout and skips the rest', async () => {
    const listings = await list('s3://logs');
    expect(
      objectsOf(listings)
        .map(({ key }) => key)
        .sort(),
    ).toEqual([...keys].sort());
    expect(listings.flatMap((one) => ('skipped' in one ? [one.key] : [])).sort()).toEqual([
      `${account}/CloudTrail-Digest/`,
      `${account}/vpcflowlogs/`,
    ]);
    expect(listings.filter((one) => 'problem' in one)).toEqual([]);
  });

  test('prunes by Region and day from any start inside the layout', async () => {
    const filter = {
      from: Date.UTC(2024, 4, 2),
      to: Date.UTC(2024, 4, 3),
      regions: ['eu-west-1'],
    };
    const kept = ['02', '03', '04'].map(
      (day) => `${account}/CloudTrail/eu-west-1/2024/05/${day}/a.json.gz`,
    );
    for (const start of ['AWSLogs', `${account}/`, `${account}/CloudTrail/eu-west-1/2024`]) {
      const found = objectsOf(await list(`s3://logs/${start}`, filter));
      expect(found.map(({ key }) => key).sort()).toEqual(kept);
    }
  });

  test('gives every object as it was put, odd keys included', async () => {
    const reader = new S3Reader(options);
    const objects = objectsOf(await list('s3://logs'));
    for await (const { object, bytes, error } of readMany(reader, objects)) {
      expect(error).toBeUndefined();
      expect(String(bytes)).toBe(`content of ${object.key}`);
    }
    reader.close();
  });

  test('refuses the object that was overwritten after it was listed', async () => {
    const key = 'copies/changing/c.json';
    await put(key);
    const [object] = objectsOf(await list(`s3://logs/${key}`)) as [ListedObject];
    await put(key, 'other content');
    const reader = new S3Reader(options);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'changed' });
    const [again] = objectsOf(await list(`s3://logs/${key}`)) as [ListedObject];
    expect(String(await reader.read(again))).toBe('other content');
    const absent = { ...object, key: 'copies/changing/absent.json' };
    await expect(reader.read(absent)).rejects.toMatchObject({ errorClass: 'gone' });
    reader.close();
  });

  test('turns away a wrong secret, no signature and a bucket that is not there', async () => {
    const open = (spec: string, more: SourceOptions) => openSource(spec, { ...options, ...more });
    await expect(open('s3://logs', { profile: 'wrong' })).rejects.toMatchObject({
      code: 'credentials_refused',
    });
    await expect(open('s3://logs', { profile: undefined, anonymous: true })).rejects.toMatchObject({
      code: 'bucket_denied',
    });
    await expect(open('s3://no-such-bucket', {})).rejects.toMatchObject({
      code: 'bucket_not_found',
    });
    const denied = new S3Reader({ ...options, profile: 'wrong' });
    const [object] = objectsOf(await list('s3://logs/copies/flat')) as [ListedObject];
    await expect(denied.read(object)).rejects.toMatchObject({ errorClass: 'credentials' });
    denied.close();
  });

  test('opens a bucket whose Region was not named, or wrongly', async () => {
    const source = await openSource('s3://logs', { ...options, region: 'us-west-2' });
    expect(source.reader).toMatchObject({ region: 'eu-central-1' });
    const unnamed = await openSource('s3://logs/copies', { ...options, region: undefined });
    expect(unnamed.reader).toMatchObject({ region: 'eu-central-1' });
  });

  test('pages through more keys than one answer holds', async () => {
    const many = Array.from({ length: 1_050 }, (_, i) => `many/${1000 + i}.json`);
    for (let at = 0; at < many.length; at += 50)
      await Promise.all(many.slice(at, at + 50).map((key) => put(key, '{}')));
    const found = objectsOf(await list('s3://logs/many'));
    expect(found.map(({ key }) => key).sort()).toEqual(many);
  });
});
