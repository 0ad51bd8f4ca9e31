import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openReader } from '../../ingest/sources/open-reader.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { S3Reader } from '../../ingest/sources/s3-reader.ts';
import {
  ObjectError,
  type ListedObject,
  type ListFilter,
  type Listing,
  type Source,
  type SourceOptions,
} from '../../ingest/sources/source.ts';
import { S3Double, type FaultKind } from '../support/s3-double.ts';

const day = 'AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/01';
const body = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7) % 251));

/** For faults that only a time limit ends; all others answer at once and wait for a busy machine. */
const impatient = { requestTimeoutMs: 1_500, socketTimeoutMs: 1_500 };
const tuningFor = (kind: FaultKind) =>
  kind === 'hang' || kind === 'stall_mid_body' ? impatient : {};

let s3: S3Double;
let options: SourceOptions;

beforeEach(async () => {
  s3 = await S3Double.start();
  options = {
    endpoint: s3.endpoint,
    region: 'eu-central-1',
    pathStyle: true,
    anonymous: true,
    tuning: {
      maxAttempts: 2,
      connectionTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      socketTimeoutMs: 60_000,
      retryBaseMs: 1,
    },
  };
});

afterEach(async () => s3.stop());

async function list(source: Source, filter: ListFilter = {}): Promise<Listing[]> {
  const listings: Listing[] = [];
  for await (const one of source.list(filter, new AbortController().signal)) listings.push(one);
  return listings;
}

function keysOf(listings: Listing[]): string[] {
  return listings.flatMap((one) => ('source' in one ? [one.key] : [])).sort();
}

async function listedOne(): Promise<ListedObject> {
  s3.put('logs', `${day}/one.json.gz`, body);
  const source = await openSource('s3://logs', options);
  const [object] = (await list(source)).filter((one) => 'source' in one);
  if (!object) throw new Error('not listed');
  return object;
}

function reader(tuning: SourceOptions['tuning'] = {}): S3Reader {
  return new S3Reader({ ...options, tuning: { ...options.tuning, ...tuning } });
}

describe('reading an object', () => {
  const mended: [FaultKind, number][] = [
    ['slow_down', 1],
    ['error_500', 1],
    ['reset', 1],
    ['hang', 1],
    ['reset_mid_body', 3],
    ['stall_mid_body', 2],
    ['short_body', 3],
    ['short_chunked', 3],
    ['flipped_bit', 3],
  ];
  test.each(mended)('is mended by trying again: %s, %i times', async (kind, times) => {
    const object = await listedOne();
    s3.fault({ op: 'get', kind, times });
    const s3Reader = reader(tuningFor(kind));
    expect((await s3Reader.read(object)).equals(body)).toBe(true);
    expect(s3.seen.filter(({ op }) => op === 'get')).toHaveLength(times + 1);
    s3Reader.close();
  });

  const lasting: [FaultKind, string][] = [
    ['slow_down', 'transient'],
    ['error_500', 'transient'],
    ['reset', 'transient'],
    ['hang', 'transient'],
    ['reset_mid_body', 'transient'],
    ['stall_mid_body', 'transient'],
    ['short_body', 'transient'],
    ['short_chunked', 'transient'],
    ['flipped_bit', 'transient'],
    ['denied', 'denied'],
    ['archived', 'archived'],
    ['expired_token', 'credentials'],
    ['not_found', 'gone'],
  ];
  test.each(lasting)('that fails for ever ends after few tries: %s is %s', async (kind, wanted) => {
    const object = await listedOne();
    s3.fault({ op: 'get', kind });
    const s3Reader = reader(tuningFor(kind));
    const error = await s3Reader.read(object).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ObjectError);
    expect((error as ObjectError).errorClass).toBe(wanted);
    expect((error as ObjectError).message).toContain('one.json.gz');
    expect(s3.seen.filter(({ op }) => op === 'get').length).toBeLessThanOrEqual(4);
    s3Reader.close();
  });

  test('that was overwritten after it was listed is changed, and its next listing reads', async () => {
    const object = await listedOne();
    s3.put('logs', object.key, 'new content');
    const s3Reader = openReader({ source: 's3', ...options });
    await expect(s3Reader.read(object)).rejects.toMatchObject({ errorClass: 'changed' });
    const [again] = (await list(await openSource('s3://logs', options))) as ListedObject[];
    expect(String(await s3Reader.read(again as ListedObject))).toBe('new content');
    s3Reader.close();
  });

  test('that was deleted after it was listed is gone', async () => {
    const object = await listedOne();
    s3.delete('logs', object.key);
    await expect(reader().read(object)).rejects.toMatchObject({ errorClass: 'gone' });
  });

  test('gives up at the deadline on a body that only trickles', async () => {
    const object = await listedOne();
    s3.fault({ op: 'get', kind: 'stall_mid_body' });
    const slow = reader({ objectDeadlineMs: 100 });
    await expect(slow.read(object)).rejects.toThrow(/not done after 100 ms/);
  });

  test('refuses one too large to be a log without asking for it', async () => {
    const object = { ...(await listedOne()), size_bytes: 5_000_000_000 };
    await expect(reader().read(object)).rejects.toMatchObject({ errorClass: 'unreadable' });
    expect(s3.seen.filter(({ op }) => op === 'get')).toEqual([]);
  });

  test('stops at once when the run is aborted', async () => {
    const object = await listedOne();
    s3.fault({ op: 'get', kind: 'stall_mid_body' });
    const stop = new AbortController();
    const read = reader().read(object, stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(read).rejects.toThrow('enough');
  });

  test('an empty object is an empty buffer', async () => {
    s3.put('logs', 'a/empty.json', '');
    const [object] = await list(await openSource('s3://logs/a', options));
    expect(await reader().read(object as ListedObject)).toHaveLength(0);
  });

  test('halves its concurrency on SlowDown and every object still arrives', async () => {
    for (let i = 0; i < 200; i++) s3.put('logs', `a/${i}.json`, `{"i":${i}}`);
    const objects = (await list(await openSource('s3://logs/a/', options))) as ListedObject[];
    s3.getsAtOnceMost = 4;
    s3.latencyMs = 3;
    const s3Reader = reader({ maxAttempts: 10 });
    expect(s3Reader.concurrencyNow).toBe(32);
    const bodies = await Promise.all(objects.map((object) => s3Reader.read(object)));
    expect(bodies.map(String).sort()).toEqual(objects.map((_, i) => `{"i":${i}}`).sort());
    expect(s3Reader.concurrencyNow).toBeLessThan(16);
    s3Reader.close();
  });
});

describe('opening a bucket', () => {
  test.each([
    ['denied', 'bucket_denied'],
    ['expired_token', 'credentials_expired'],
    ['error_500', 'bucket_unreachable'],
    ['truncated_list', 'bucket_unreachable'],
  ] as [FaultKind, string][])('that answers %s throws %s', async (kind, code) => {
    s3.put('logs', 'a.json');
    s3.fault({ op: 'list', kind });
    const error = await openSource('s3://logs', options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'KeymeterError', code });
    expect((error as { fix: string }).fix).not.toBe('');
  });

  test('that does not exist throws bucket_not_found', async () => {
    await expect(openSource('s3://nowhere/x', options)).rejects.toMatchObject({
      code: 'bucket_not_found',
    });
  });

  test('at a prefix where nothing is names what is near', async () => {
    s3.put('logs', 'trail-a/x.json');
    await expect(openSource('s3://logs/trail', options)).rejects.toMatchObject({
      code: 'source_not_found',
      fix: 'did you mean trail-a/?',
    });
  });

  test.each(['s3://', 's3:///x', 's3:/logs'])('by the bad address %s throws', async (spec) => {
    await expect(openSource(spec, options)).rejects.toMatchObject({ code: 'source_invalid' });
  });

  test('without credentials throws credentials_missing', async () => {
    const names = ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_EC2_METADATA_DISABLED'];
    const before = names.map((name) => process.env[name]);
    process.env['AWS_CONFIG_FILE'] = process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent';
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    const open = openSource('s3://logs', { ...options, anonymous: false, profile: 'no-such' });
    await expect(open).rejects.toMatchObject({ code: 'credentials_missing' });
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  });

  test('anonymously sends no signature', async () => {
    s3.put('logs', 'a.json');
    const [object] = await list(await openSource('s3://logs', options));
    await reader().read(object as ListedObject);
    expect(s3.seen.map(({ op, signed }) => [op, signed])).toEqual([
      ['head', false],
      ['list', false],
      ['list', false],
      ['get', false],
    ]);
  });

  test('asks the bucket for its Region once, and signs for that one from then on', async () => {
    s3.put('logs', 'a.json');
    s3.region = 'eu-north-1';
    process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'made-up';
    const source = await openSource('s3://logs', { ...options, anonymous: false });
    const [object] = await list(source);
    const s3Reader = openReader(source.reader);
    await s3Reader.read(object as ListedObject);
    s3Reader.close();
    delete process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    expect(s3.seen.map(({ op, region }) => [op, region])).toEqual([
      ['head', 'eu-central-1'],
      ['list', 'eu-north-1'],
      ['list', 'eu-north-1'],
      ['get', 'eu-north-1'],
    ]);
  });

  test('a bucket that is empty lists nothing and is no error', async () => {
    s3.createBucket('logs');
    expect(await list(await openSource('s3://logs', options))).toEqual([]);
  });

  test('a key named directly is taken whatever its name', async () => {
    s3.put('logs', 'a/odd-name.bin', 'x');
    const listings = await list(await openSource('s3://logs/a/odd-name.bin', options));
    expect(keysOf(listings)).toEqual(['a/odd-name.bin']);
  });
});

describe('listing', () => {
  test('gives bucket, key, version, size and time of each object', async () => {
    s3.put('logs', 'a/1.json.gz', 'abc');
    const [object] = await list(await openSource('s3://logs/a', options));
    expect(object).toMatchObject({
      source: 's3',
      bucket: 'logs',
      key: 'a/1.json.gz',
      version: '900150983cd24fb0d6963f7d28e17f72', // md5 of "abc", RFC 1321.
      size_bytes: 3,
    });
  });

  test('never opens digest, insight and other services folders, and says so once each', async () => {
    const account = 'trail/AWSLogs/o-abc123/111122223333';
    s3.put('logs', `${account}/CloudTrail/us-east-1/2024/05/01/a.json.gz`);
    for (let i = 0; i < 20; i++) {
      s3.put('logs', `${account}/CloudTrail-Digest/us-east-1/2024/05/01/${i}.json.gz`);
      s3.put('logs', `${account}/CloudTrail-Insight/us-east-1/2024/05/01/${i}.json.gz`);
      s3.put('logs', `${account}/vpcflowlogs/us-east-1/2024/05/01/${i}.log.gz`);
    }
    const listings = await list(await openSource('s3://logs', options));
    expect(keysOf(listings)).toEqual([`${account}/CloudTrail/us-east-1/2024/05/01/a.json.gz`]);
    expect(listings.flatMap((one) => ('skipped' in one ? [one.key] : [])).sort()).toEqual([
      `${account}/CloudTrail-Digest/`,
      `${account}/CloudTrail-Insight/`,
      `${account}/vpcflowlogs/`,
    ]);
    const opened = s3.seen.filter(({ key }) => /Digest|Insight|vpcflow/.test(key));
    expect(opened).toEqual([]);
  });

  test('opens only the account, Region and days that the filter allows', async () => {
    for (const account of ['111122223333', '444455556666'])
      for (const region of ['us-east-1', 'eu-west-1'])
        for (const date of ['2023/12/31', '2024/04/30', '2024/05/01', '2024/05/03', '2024/05/04'])
          s3.put('logs', `AWSLogs/${account}/CloudTrail/${region}/${date}/a.json.gz`);
    const source = await openSource('s3://logs/AWSLogs', options);
    const listings = await list(source, {
      from: Date.UTC(2024, 4, 1, 12),
      to: Date.UTC(2024, 4, 2),
      accounts: ['444455556666'],
      regions: ['eu-west-1'],
    });
    const region = 'AWSLogs/444455556666/CloudTrail/eu-west-1';
    expect(keysOf(listings)).toEqual([
      `${region}/2024/05/01/a.json.gz`,
      `${region}/2024/05/03/a.json.gz`,
    ]);
    expect(s3.seen.map(({ key }) => key).filter((key) => key.includes('/2'))).toEqual([
      `${region}/2024/`,
      `${region}/2024/05/`,
      `${region}/2024/05/01/`,
      `${region}/2024/05/03/`,
    ]);
  });

  test('lists an unknown wide folder through instead of opening each sub-folder', async () => {
    for (let i = 0; i < 300; i++) s3.put('logs', `data/part-${i}/x.json.gz`);
    const listings = await list(await openSource('s3://logs/data', options));
    expect(keysOf(listings)).toHaveLength(300);
    expect(s3.seen.length).toBeLessThan(6);
  });

  test('brings many pages, and keys with odd characters, as they are', async () => {
    s3.pageKeysMost = 7;
    const odd = ['a b', 'a+b', 'a%20b', 'ünï', 'line\nend', '<&>"', '\u{1f511}', 'a\u0001b'];
    const keys = [
      ...odd.map((name) => `AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/01/${name}.json.gz`),
      ...Array.from(
        { length: 60 },
        (_, i) => `AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/02/${i}.json.gz`,
      ),
    ];
    for (const key of keys) s3.put('logs', key, key);
    const listings = await list(await openSource('s3://logs', options));
    expect(keysOf(listings)).toEqual([...keys].sort());
    const s3Reader = reader();
    for (const object of listings as ListedObject[]) {
      expect(String(await s3Reader.read(object))).toBe(object.key);
    }
    s3Reader.close();
  });

  test.each([
    ['truncated_list', 2],
    ['short_list', 2],
    ['slow_down', 1],
    ['error_500', 1],
    ['reset', 1],
    ['hang', 1],
  ] as [FaultKind, number][])('is mended by asking again: %s, %i times', async (kind, times) => {
    s3.pageKeysMost = 3;
    const keys = Array.from({ length: 10 }, (_, i) => `${day}/${i}.json.gz`);
    for (const key of keys) s3.put('logs', key);
    const source = await openSource('s3://logs', {
      ...options,
      tuning: { ...options.tuning, ...tuningFor(kind) },
    });
    s3.fault({ op: 'list', kind, times, laterPages: true });
    expect(keysOf(await list(source))).toEqual(keys);
  });

  test.each([
    ['denied', 'denied'],
    ['truncated_list', 'failed'],
    ['short_list', 'failed'],
    ['error_500', 'failed'],
    ['reset', 'failed'],
  ] as [FaultKind, string][])(
    'names a place that answers %s and goes on',
    async (kind, problem) => {
      s3.pageKeysMost = 3;
      for (const account of ['111122223333', '444455556666'])
        for (let i = 0; i < 5; i++)
          s3.put('logs', `AWSLogs/${account}/CloudTrail/us-east-1/2024/05/01/${i}.json.gz`);
      const source = await openSource('s3://logs', options);
      s3.fault({ op: 'list', kind, key: /444455556666.*01\/$/ });
      const listings = await list(source);
      expect(keysOf(listings)).toHaveLength(5);
      expect(listings.filter((one) => 'problem' in one)).toEqual([
        {
          problem,
          place: 's3://logs/AWSLogs/444455556666/CloudTrail/us-east-1/2024/05/01/',
          message: expect.stringContaining('444455556666') as string,
        },
      ]);
    },
  );

  test('keeps the pages before one that fails', async () => {
    s3.pageKeysMost = 3;
    for (let i = 0; i < 5; i++) s3.put('logs', `${day}/${i}.json.gz`);
    const source = await openSource('s3://logs', options);
    s3.fault({ op: 'list', kind: 'truncated_list', laterPages: true });
    const listings = await list(source);
    expect(keysOf(listings)).toHaveLength(3);
    expect(listings).toContainEqual(expect.objectContaining({ problem: 'failed' }));
  });

  test('gives up when everything fails, and when the credentials expire on the way', async () => {
    for (let i = 10; i < 40; i++)
      s3.put('logs', `AWSLogs/1111222233${i}/CloudTrail/us-east-1/x.json`);
    const source = await openSource('s3://logs/AWSLogs', options);
    s3.fault({ op: 'list', kind: 'error_500', key: /CloudTrail|11112222/ });
    await expect(list(source)).rejects.toMatchObject({ code: 'bucket_unreachable' });
    s3.clearFaults();
    s3.fault({ op: 'list', kind: 'expired_token' });
    await expect(list(source)).rejects.toMatchObject({ code: 'credentials_expired' });
  });

  test('finds an object that earlier listings did not show, though its key is older', async () => {
    s3.put('logs', `${day}/a.json.gz`);
    s3.put('logs', `${day}/b.json.gz`);
    s3.hide('logs', `${day}/a.json.gz`);
    const source = await openSource('s3://logs', options);
    expect(keysOf(await list(source))).toEqual([`${day}/b.json.gz`]);
    s3.hide('logs', `${day}/a.json.gz`, false);
    expect(keysOf(await list(source))).toEqual([`${day}/a.json.gz`, `${day}/b.json.gz`]);
  });

  test('waits for a slow reader instead of filling memory', async () => {
    s3.pageKeysMost = 2;
    for (let i = 0; i < 400; i++) s3.put('logs', `${day}/${1000 + i}.json.gz`);
    const source = await openSource('s3://logs', options);
    const before = s3.seen.length;
    const stop = new AbortController();
    const listing = source.list({}, stop.signal)[Symbol.asyncIterator]();
    await listing.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 7 levels, 8 pages waiting, one with the reader, one on its way: not the 200 pages there are.
    expect(s3.seen.length - before).toBeLessThan(24);
    stop.abort(new Error('enough'));
    await expect(
      (async () => {
        while (!(await listing.next()).done);
      })(),
    ).rejects.toThrow('enough');
  });

  test('asks many prefixes at once, within its bound', async () => {
    for (let i = 10; i < 60; i++)
      s3.put('logs', `AWSLogs/1111222233${i}/CloudTrail/us-east-1/2024/05/01/x.json`);
    s3.gate = { key: /CloudTrail/, underWay: 6 };
    const source = await openSource('s3://logs/AWSLogs', { ...options, concurrency: 6 });
    expect(keysOf(await list(source))).toHaveLength(50);
    expect(s3.underWayMost).toBe(6);
  });
});
