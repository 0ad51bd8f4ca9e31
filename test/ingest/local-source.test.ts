import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { openReader } from '../../ingest/sources/open-reader.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { ListedObject, ListFilter, Listing } from '../../ingest/sources/source.ts';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'keymeter-local-')));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, content: string | Buffer = name): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function list(spec: string, filter: ListFilter = {}): Promise<Listing[]> {
  const source = await openSource(spec);
  const listings: Listing[] = [];
  for await (const one of source.list(filter, new AbortController().signal)) listings.push(one);
  return listings;
}

function namesOf(listings: Listing[]): string[] {
  return listings.flatMap((one) => ('source' in one ? [path.relative(root, one.key)] : []));
}

function skipsOf(listings: Listing[]): Record<string, string> {
  return Object.fromEntries(
    listings.flatMap((one) =>
      'skipped' in one ? [[path.relative(root, one.key), one.skipped]] : [],
    ),
  );
}

async function listedOne(content: string | Buffer): Promise<ListedObject> {
  const [object] = await list(write('one.json.gz', content));
  return object as ListedObject;
}

describe('walking a directory', () => {
  test('lists log names in order, files of a directory before its sub-directories', async () => {
    for (const name of ['b/2.json', 'b/1.json.gz', 'z.ndjson', 'a.jsonl', 'b/a/0.gz', 'C.JSON.GZ'])
      write(name);
    expect(namesOf(await list(root))).toEqual([
      'C.JSON.GZ',
      'a.jsonl',
      'z.ndjson',
      'b/1.json.gz',
      'b/2.json',
      'b/a/0.gz',
    ]);
  });

  test('gives the real path, the size and the time of change in nanoseconds', async () => {
    const file = write('logs/a.json', 'abc');
    utimesSync(file, 1_700_000_000.25, 1_700_000_000.25);
    symlinkSync(path.join(root, 'logs'), path.join(root, 'link'));
    expect(await list(path.join(root, 'link'))).toEqual([
      {
        source: 'local',
        bucket: '',
        key: file,
        version: '1700000000250000000',
        size_bytes: 3,
        last_modified_at: 1_700_000_000_250,
      },
    ]);
  });

  test('leaves out what is no log, with the reason', async () => {
    const account = 'AWSLogs/111122223333';
    write(`${account}/CloudTrail/us-east-1/2024/05/01/a.json.gz`);
    write(`${account}/CloudTrail-NetworkActivity/us-east-1/2024/05/01/n.json.gz`);
    write(`${account}/CloudTrail-Digest/us-east-1/2024/05/01/d.json.gz`);
    write(`${account}/CloudTrail-Insight/us-east-1/2024/05/01/i.json.gz`);
    write(`${account}/Config/us-east-1/2024/5/1/c.json.gz`);
    write('111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20240501T000000Z.json.gz');
    write('readme.txt');
    write('kms.duckdb');
    const listings = await list(root);
    expect(namesOf(listings)).toEqual([
      'readme.txt',
      `${account}/CloudTrail/us-east-1/2024/05/01/a.json.gz`,
      `${account}/CloudTrail-NetworkActivity/us-east-1/2024/05/01/n.json.gz`,
    ]);
    expect(
      listings.flatMap((one) => ('sniff' in one ? [path.relative(root, one.key)] : [])),
    ).toEqual(['readme.txt']);
    expect(skipsOf(listings)).toEqual({
      '111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_20240501T000000Z.json.gz':
        'digest file',
      'kms.duckdb': 'a DuckDB database',
      [`${account}/CloudTrail-Digest`]: expect.stringContaining('digest') as string,
      [`${account}/CloudTrail-Insight`]: expect.stringContaining('Insights') as string,
      [`${account}/Config`]: expect.stringContaining("another service's") as string,
    });
  });

  test('follows no symbolic link: outside, inside, loop, dangling', async () => {
    const outside = mkdtempSync(path.join(tmpdir(), 'keymeter-outside-'));
    writeFileSync(path.join(outside, 'secret.json'), '{}');
    write('in/a.json');
    symlinkSync(outside, path.join(root, 'out'));
    symlinkSync(path.join(outside, 'secret.json'), path.join(root, 'out.json'));
    symlinkSync(path.join(root, 'in/a.json'), path.join(root, 'same.json'));
    symlinkSync('..', path.join(root, 'in/loop'));
    symlinkSync('nowhere', path.join(root, 'dangling.json'));
    // A sibling whose path begins with the root's name is outside all the same.
    mkdirSync(`${root}-2`);
    symlinkSync(`${root}-2`, path.join(root, 'sibling'));
    const listings = await list(root);
    expect(namesOf(listings)).toEqual(['in/a.json']);
    expect(skipsOf(listings)).toEqual({
      out: 'symbolic link that leaves the source',
      'out.json': 'symbolic link that leaves the source',
      'same.json': 'symbolic link to what stands in the same source',
      'in/loop': 'symbolic link to what stands in the same source',
      'dangling.json': 'symbolic link that leads nowhere',
      sibling: 'symbolic link that leaves the source',
    });
    rmSync(outside, { recursive: true });
    rmSync(`${root}-2`, { recursive: true });
  });

  test('leaves out a named pipe instead of waiting for it', async () => {
    write('a.json');
    execFileSync('mkfifo', [path.join(root, 'pipe.json')]);
    const listings = await list(root);
    expect(namesOf(listings)).toEqual(['a.json']);
    expect(skipsOf(listings)).toEqual({ 'pipe.json': 'not a regular file' });
  });

  test('lists and reads names with a line end, spaces and non-ASCII letters', async () => {
    const names = ['line\nend.json', 'a b.json', 'ünï\u{1f511}.json'];
    for (const name of names) write(name, name);
    const listings = await list(root);
    expect(namesOf(listings).sort()).toEqual([...names].sort());
    const reader = openReader({ source: 'local' });
    for (const object of listings as ListedObject[])
      expect(String(await reader.read(object))).toBe(path.basename(object.key));
  });

  test('names a file whose name is not UTF-8', async () => {
    const name = Buffer.concat([
      Buffer.from(`${root}/bad-`),
      Buffer.from([0xff]),
      Buffer.from('.json'),
    ]);
    writeFileSync(name, '{}');
    expect(Object.values(skipsOf(await list(root)))).toEqual(['its name is not UTF-8: rename it']);
  });

  test.skipIf(process.getuid?.() === 0)('names a directory that may not be read', async () => {
    write('closed/a.json');
    write('b.json');
    chmodSync(path.join(root, 'closed'), 0);
    const listings = await list(root);
    chmodSync(path.join(root, 'closed'), 0o755);
    expect(namesOf(listings)).toEqual(['b.json']);
    expect(listings).toContainEqual(
      expect.objectContaining({ problem: 'denied', place: path.join(root, 'closed') }),
    );
  });

  test('names a directory that vanishes on the way, and goes on', async () => {
    write('a/1.json');
    write('b/1.json');
    write('c/1.json');
    const source = await openSource(root);
    const listings: Listing[] = [];
    for await (const one of source.list({}, new AbortController().signal)) {
      listings.push(one);
      rmSync(path.join(root, 'b'), { recursive: true, force: true });
    }
    expect(namesOf(listings)).toEqual(['a/1.json', 'c/1.json']);
    expect(listings).toContainEqual(
      expect.objectContaining({ problem: 'missing', place: path.join(root, 'b') }),
    );
  });

  test('prunes by account, Region and day, also when the root lies inside the layout', async () => {
    for (const account of ['111122223333', '444455556666'])
      for (const date of ['2024/04/30', '2024/05/01', '2024/05/03', '2024/05/04'])
        write(`AWSLogs/${account}/CloudTrail/eu-west-1/${date}/a.json.gz`);
    const filter = {
      from: Date.UTC(2024, 4, 1),
      to: Date.UTC(2024, 4, 2),
      accounts: ['444455556666'],
    };
    const kept = ['2024/05/01', '2024/05/03'].map(
      (date) => `AWSLogs/444455556666/CloudTrail/eu-west-1/${date}/a.json.gz`,
    );
    expect(namesOf(await list(root, filter))).toEqual(kept);
    expect(
      namesOf(
        await list(path.join(root, 'AWSLogs/444455556666/CloudTrail/eu-west-1/2024'), filter),
      ),
    ).toEqual(kept);
    const left = path.join(root, 'AWSLogs/111122223333');
    expect(await list(left, filter)).toEqual([{ filtered: 'account', key: left }]);
  });

  test('stops when the run is aborted', async () => {
    for (let i = 0; i < 200; i++) write(`${i}.json`);
    const source = await openSource(root);
    const stop = new AbortController();
    const listing = source.list({}, stop.signal)[Symbol.asyncIterator]();
    await listing.next();
    stop.abort(new Error('enough'));
    await expect(
      (async () => {
        while (!(await listing.next()).done);
      })(),
    ).rejects.toThrow('enough');
  });
});

describe('opening', () => {
  test('a file takes it whatever its name', async () => {
    expect(namesOf(await list(write('trail.log')))).toEqual(['trail.log']);
  });

  test('what is not there throws source_not_found', async () => {
    const spec = path.join(root, 'no-such');
    await expect(openSource(spec)).rejects.toMatchObject({
      code: 'source_not_found',
      message: `there is no file or directory "${spec}"`,
    });
    await expect(openSource(path.join(write('a.json'), 'below'))).rejects.toMatchObject({
      code: 'source_not_found',
    });
  });

  test('a pipe throws source_not_regular', async () => {
    const pipe = path.join(root, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(openSource(pipe)).rejects.toMatchObject({ code: 'source_not_regular' });
  });

  test.skipIf(process.getuid?.() === 0)('what may not be read throws source_denied', async () => {
    const file = write('a.json');
    chmodSync(file, 0);
    await expect(openSource(file)).rejects.toMatchObject({ code: 'source_denied' });
  });
});

describe('reading', () => {
  const reader = openReader({ source: 'local' });

  test('gives the very bytes, of an empty file too, in a buffer that can be transferred', async () => {
    const content = Buffer.from(Array.from({ length: 3_000 }, (_, i) => i % 256));
    const bytes = await reader.read(await listedOne(content));
    expect(bytes.equals(content)).toBe(true);
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer.byteLength).toBe(content.length);
    expect(await reader.read(await listedOne(''))).toHaveLength(0);
  });

  test.each([
    ['grew', (file: string) => appendFileSync(file, 'more')],
    ['shrank', (file: string) => truncateSync(file, 1)],
    ['was written anew', (file: string) => (writeFileSync(file, 'xyz'), utimesSync(file, 1, 2))],
  ])('a file that %s since the listing is changed', async (_, change) => {
    const object = await listedOne('abc');
    change(object.key);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'changed' });
  });

  test('a file that is no longer there is gone', async () => {
    const object = await listedOne('abc');
    rmSync(object.key);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'gone' });
    await expect(
      reader.read({ ...object, key: path.join(write('plain'), 'x.json') }),
    ).rejects.toMatchObject({ errorClass: 'gone' });
  });

  test('a directory or a pipe in its place is unreadable, and nothing waits', async () => {
    const object = await listedOne('abc');
    rmSync(object.key);
    mkdirSync(object.key);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'unreadable' });
    rmSync(object.key, { recursive: true });
    execFileSync('mkfifo', [object.key]);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'unreadable' });
  });

  test('a symbolic link in its place is changed, and not followed', async () => {
    const object = await listedOne('abc');
    renameSync(object.key, `${object.key}.real`);
    symlinkSync(`${object.key}.real`, object.key);
    await expect(reader.read(object)).rejects.toMatchObject({ errorClass: 'changed' });
    expect(statSync(object.key).size).toBe(3);
  });
});
