import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyCommand } from '../../cli/verify-command.ts';
import { localDigestStore, metadataSuffix } from '../../verify/local-digest-store.ts';
import { inferPathMap, parsePathMap } from '../../verify/path-map.ts';
import type { Verdict } from '../../verify/verdict.ts';
import type { VerifySummary } from '../../verify/summary.ts';
import type { BuiltDigest, TrailObject } from '../support/digest-trail.ts';
import {
  account,
  bucket,
  buildChain,
  region,
  sha256,
  signDigest,
  signingKey,
  writeCopy,
} from '../support/digest-trail.ts';

const key = signingKey();
let directory: string;
let keyFile: string;
let objects: Map<string, TrailObject>;
let digests: BuiltDigest[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'keymeter-verify-'));
  keyFile = path.join(directory, 'keys.json');
  const entry = {
    Value: key.value,
    Fingerprint: key.fingerprint,
    ValidityStartTime: 1_700_000_000,
  };
  await writeFile(keyFile, JSON.stringify({ PublicKeyList: [entry] }));
  objects = new Map();
  digests = buildChain(objects, [
    { logs: 1, key },
    { logs: 0, key },
    { logs: 2, key },
    { logs: 1, key },
  ]);
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs the command as a user would and reads its ndjson. */
async function verify(source: string, ...flags: string[]) {
  let text = '';
  let exitCode: number | null = null;
  const command = verifyCommand({
    write: (more) => void (text += more),
    now: () => new Date('2026-03-05T00:00:00Z'),
    setExitCode: (code) => void (exitCode = code),
  });
  const program = new Command().addCommand(command);
  await program.parseAsync(['verify', source, '--keys', keyFile, ...flags], { from: 'user' });
  return { text, exitCode };
}

async function verdictsOf(source: string, ...flags: string[]) {
  const { text, exitCode } = await verify(source, '--format', 'ndjson', ...flags);
  const lines = text.trim().split('\n');
  const verdicts = lines.slice(0, -1).map((line) => JSON.parse(line) as Verdict);
  const summary = JSON.parse(lines.at(-1)!) as VerifySummary & { kind: 'summary' };
  expect(summary.kind).toBe('summary');
  const statuses = verdicts.flatMap((one) =>
    one.kind === 'hour' ? [] : [`${one.kind} ${one.status}`],
  );
  return { verdicts, summary, statuses, exitCode };
}

describe('a local copy', () => {
  test('without metadata proves all but the newest digest', async () => {
    const copy = path.join(directory, 'copy');
    await writeCopy(objects, copy);
    const { statuses, summary, exitCode } = await verdictsOf(copy);
    expect(statuses).toEqual([
      'digest not_verifiable',
      'log not_verifiable',
      'digest valid',
      'log valid',
      'log valid',
      'digest valid',
      'digest valid',
      'log valid',
    ]);
    expect(summary.hours).toEqual({ not_verifiable: 1, whole: 2, empty: 1 });
    expect(exitCode).toBe(4);
  });

  test('needs no metadata for a range that ends before its newest digest', async () => {
    await writeCopy(objects, directory);
    const to = new Date(digests[2]!.to).toISOString();
    const { summary, exitCode } = await verdictsOf(directory, '--to', to);
    expect(summary.digests).toEqual({ valid: 3 });
    expect(exitCode).toBe(0);
  });

  test.each([
    ['plain', (metadata: object) => metadata],
    ['as head-object prints it', (Metadata: object) => ({ ETag: '"x"', Metadata })],
  ])(
    'with the metadata of the newest digest beside it, %s, is proven whole',
    async (_name, shape) => {
      await writeCopy(objects, directory);
      const newest = digests.at(-1)!.key;
      const sidecar = path.join(directory, newest + metadataSuffix);
      await writeFile(sidecar, JSON.stringify(shape(objects.get(newest)!.metadata)));
      expect((await verdictsOf(directory)).exitCode).toBe(0);
      await writeFile(sidecar, 'no JSON');
      expect((await verdictsOf(directory)).statuses[0]).toBe('digest bad_signature');
    },
  );

  test.each([0, 1, 2])('reports a change of digest %i', async (index) => {
    const { key: name } = digests[index]!;
    const content = gunzipSync(objects.get(name)!.bytes).toString();
    const changed = content.replace('"logFiles":[', '"logFiles": [');
    objects.set(name, { bytes: gzipSync(changed), metadata: {} });
    await writeCopy(objects, directory);
    const { statuses, exitCode } = await verdictsOf(directory);
    expect(statuses.filter((status) => status === 'digest bad_signature')).toHaveLength(1);
    // The signature that the changed digest repeats still proves the one before it.
    expect(statuses.filter((status) => status === 'digest valid')).toHaveLength(2);
    expect(exitCode).toBe(1);
  });

  test('reports a changed log of the unproven newest digest', async () => {
    objects.set(digests.at(-1)!.logKeys[0]!, { bytes: gzipSync('{}'), metadata: {} });
    await writeCopy(objects, directory);
    const { statuses, exitCode } = await verdictsOf(directory);
    expect(statuses.slice(0, 2)).toEqual(['digest not_verifiable', 'log invalid_hash']);
    expect(exitCode).toBe(1);
  });
});

describe('where a copy comes from', () => {
  const place = (part: string) => path.join(directory, part);

  test('is found out from its digests', async () => {
    await writeCopy(objects, place('a'));
    expect(await inferPathMap(place('a'))).toEqual({
      bucket,
      keyPrefix: '',
      directory: place('a'),
    });
    await writeCopy(objects, place(`b/${bucket}`));
    expect(await inferPathMap(place('b'))).toEqual({
      bucket,
      keyPrefix: '',
      directory: place(`b/${bucket}`),
    });
    expect(await inferPathMap(place(`a/AWSLogs/${account}`))).toEqual({
      bucket,
      keyPrefix: `AWSLogs/${account}/`,
      directory: place(`a/AWSLogs/${account}`),
    });
    expect((await verdictsOf(place(`a/AWSLogs/${account}`))).summary.digests).toEqual({
      not_verifiable: 1,
      valid: 3,
    });
  });

  test('can be said, and is checked', async () => {
    await writeCopy(objects, place('c'));
    const right = await verdictsOf(place('c'), '--path-map', `s3://${bucket}=${place('c')}`);
    expect(right.summary.digests).toMatchObject({ valid: 3 });
    const wrong = await verdictsOf(place('c'), '--path-map', `s3://other/=${place('c')}`);
    expect(wrong.summary.digests).toEqual({ moved: 4 });
    expect(wrong.exitCode).toBe(1);
    expect(parsePathMap('s3://b/some/prefix=dir')).toEqual({
      bucket: 'b',
      keyPrefix: 'some/prefix/',
      directory: 'dir',
    });
    await expect(verify(place('c'), '--path-map', 'nonsense')).rejects.toThrow('no path map');
  });

  test('must be known', async () => {
    await mkdir(place('empty'));
    await expect(verify(place('empty'))).rejects.toMatchObject({ code: 'path_map_needed' });
    await expect(verify(place('nowhere'))).rejects.toMatchObject({ code: 'source_not_found' });
    await expect(verify(directory, '--from', 'soon')).rejects.toMatchObject({
      code: 'bad_instant',
    });
    await expect(verify(directory, '--from', '1d', '--to', '2d')).rejects.toMatchObject({
      code: 'bad_range',
    });
  });
});

describe('names in digests', () => {
  test('lead to no file outside the copy', async () => {
    const secret = path.join(directory, 'outside.json.gz');
    const content = Buffer.from('outside');
    await writeFile(secret, gzipSync(content));
    const copy = path.join(directory, 'copy');
    const newest = digests.at(-1)!.key;
    const digest = JSON.parse(gunzipSync(objects.get(newest)!.bytes).toString());
    const named = ['../outside.json.gz', 'AWSLogs/../../outside.json.gz', 'AWSLogs/link.json.gz'];
    digest.logFiles = named.map((s3Object) => ({
      s3Bucket: bucket,
      s3Object,
      hashValue: sha256(content),
      hashAlgorithm: 'SHA-256',
    }));
    const signed = signDigest(digest, key);
    objects.set(newest, signed.object);
    await writeCopy(objects, copy);
    await symlink(secret, path.join(copy, 'AWSLogs/link.json.gz'));
    await writeFile(
      path.join(copy, newest + metadataSuffix),
      JSON.stringify(signed.object.metadata),
    );
    const { verdicts } = await verdictsOf(copy);
    expect(
      verdicts.flatMap((one) =>
        one.kind === 'log' && one.digest_key === newest ? [one.status] : [],
      ),
    ).toEqual(['unreadable', 'unreadable', 'unreadable']);
  });

  test('are text in the table', async () => {
    const hostile = `AWSLogs/${account}/CloudTrail-Digest/${region}/2026/03/02/${account}_CloudTrail-Digest_${region}_\u001b[2J_${region}_20260302T010405Z.json.gz`;
    objects.set(hostile, { bytes: gzipSync('{}'), metadata: {} });
    await writeCopy(objects, directory);
    const { text } = await verify(directory);
    expect(text).toContain('\\u001b[2J');
    expect(text).not.toContain('\u001b');
    expect((await verify(directory, '--format', 'ndjson')).text).not.toContain('\u001b');
  });
});

test('the JSON is one document, whether or not there are verdicts', async () => {
  await writeCopy(objects, directory);
  const { text } = await verify(directory, '--format', 'json');
  expect(JSON.parse(text)).toMatchObject({ summary: { digests_total: 4 } });
  const none = await verify(directory, '--format', 'json', '--account', '999999999999');
  expect(JSON.parse(none.text)).toMatchObject({ verdicts: [], summary: { digests_total: 0 } });
  expect(none.exitCode).toBe(4);
});

test('the table tells what is wrong and counts the rest', async () => {
  objects.delete(digests[2]!.logKeys[1]!);
  await writeCopy(objects, directory);
  const { text } = await verify(directory);
  expect(text).toContain(`log     missing  s3://${bucket}/${digests[2]!.logKeys[1]}  (not found)`);
  expect(text).toContain('1 not_verifiable, 3 valid');
  expect(text).not.toContain('log     valid');
  expect((await verify(directory, '--verbose')).text).toContain('log     valid');
});

test('the store lists keys as S3 does, whatever is skipped', async () => {
  const names = ['a/b/1', 'a/b/2', 'a/b!/3', 'a/c', 'a/d/e/f', 'a/d0', 'b'];
  for (const name of names) {
    await mkdir(path.join(directory, 'l', path.dirname(name)), { recursive: true });
    await writeFile(path.join(directory, 'l', name), '');
  }
  const store = await localDigestStore([
    { bucket: 'b', keyPrefix: 'p/', directory: path.join(directory, 'l') },
  ]);
  for (const after of [undefined, 'p/a/b/1', 'p/a/c', 'p/a/d', 'p/a/d/e/', 'p/a/d/zz', 'p/z', '']) {
    const expected = names
      .map((name) => `p/${name}`)
      .filter((name) => name.startsWith('p/a/') && name > (after ?? ''))
      .sort();
    const listed: string[] = [];
    for await (const name of store.keys('b', 'p/a/', after)) listed.push(name);
    expect(listed).toEqual(expected);
  }
});
