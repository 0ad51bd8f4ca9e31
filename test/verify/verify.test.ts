import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hashesFromLedger } from '../../verify/log-check.ts';
import type { PublicKeys } from '../../verify/public-keys.ts';
import { summarise } from '../../verify/summary.ts';
import type { TrailObject } from '../support/digest-trail.ts';
import {
  account,
  bucket,
  buildChain,
  hourMs,
  memoryStore,
  region,
  sha256,
  signDigest,
  start,
} from '../support/digest-trail.ts';
import {
  digestsOf,
  exit,
  fresh,
  hoursOf,
  isoAt,
  keyA,
  keyB,
  logsOf,
  plan,
  publicKeys,
  range,
  run,
  statusOf,
} from '../support/verify-run.ts';

describe('an untouched trail', () => {
  test('is valid, hour by hour', async () => {
    const { objects, digests } = fresh(plan(2, 0, 3, 1));
    const all = await run(objects, range(4));
    expect(await exit(all)).toBe(0);
    expect(digestsOf(all).map(({ status, key }) => [status, key])).toEqual(
      digests.toReversed().map(({ key }) => ['valid', key]),
    );
    expect(logsOf(all).map(({ status, key }) => [status, key])).toEqual(
      digests.toReversed().flatMap(({ logKeys }) => logKeys.map((key) => ['valid', key])),
    );
    expect(
      hoursOf(all).map((hour) => [hour.hour_from, hour.hour_to, hour.status, hour.log_files]),
    ).toEqual([
      ['2026-03-01T21:04:05Z', '2026-03-01T22:04:05Z', 'whole', 2],
      ['2026-03-01T22:04:05Z', '2026-03-01T23:04:05Z', 'empty', 0],
      ['2026-03-01T23:04:05Z', '2026-03-02T00:04:05Z', 'whole', 3],
      ['2026-03-02T00:04:05Z', '2026-03-02T01:04:05Z', 'whole', 1],
    ]);
    expect(hoursOf(all)[0]).toMatchObject({
      account_id: account,
      region,
      trail: `main_trail_${region}`,
      digest_key: digests[0]?.key,
    });
    expect(await summarise(all)).toMatchObject({
      digests: { valid: 4 },
      log_files: { valid: 6 },
      hours: { whole: 3, empty: 1 },
      proven_from: isoAt(0),
      proven_to: isoAt(4),
    });
  });

  test('is valid without a range, and judges only what a range meets', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1, 1, 1));
    expect(digestsOf(await run(objects))).toHaveLength(5);
    const middle = await run(objects, { from: start + 1.5 * hourMs, to: start + 3 * hourMs });
    expect(digestsOf(middle).map(({ key }) => key)).toEqual([digests[2]?.key, digests[1]?.key]);
    expect(await exit(middle)).toBe(0);
  });

  test('stays valid when its files are compressed anew', async () => {
    const { objects } = fresh(plan(2, 1));
    for (const [key, object] of objects) {
      objects.set(key, { ...object, bytes: gzipSync(gunzipSync(object.bytes), { level: 1 }) });
    }
    expect(await exit(await run(objects, range(2)))).toBe(0);
  });

  test('is open before the oldest digest when its predecessor has expired, unless --from says so', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    for (const key of [digests[0]?.key, ...(digests[0]?.logKeys ?? [])]) objects.delete(key ?? '');
    expect(await exit(await run(objects))).toBe(4);
    expect(await exit(await run(objects, { ...range(3), from: start + hourMs }))).toBe(0);
    expect(await exit(await run(objects, range(3)))).toBe(1);
  });

  test('is valid with other trails beside it, each with its own chain', async () => {
    const { objects } = fresh(plan(1, 2));
    buildChain(objects, plan(1, 1), { trail: 'other', from: start + 600_000 });
    const all = await run(objects);
    expect(await exit(all)).toBe(0);
    expect(new Set(digestsOf(all).map(({ trail }) => trail)).size).toBe(2);
  });

  test('is valid across a rotation of the signing key', async () => {
    const hours = [...plan(1, 1), { logs: 1, key: keyB }, { logs: 0, key: keyB }];
    const { objects } = fresh(hours);
    expect(await exit(await run(objects, range(4)))).toBe(0);
  });
});

describe('pauses and backfill', () => {
  test('validation that was off is a stretch without digests, not an attack', async () => {
    const hours = [...plan(1, 1), { logs: 1, key: keyA, isStart: true, pauseHours: 5 }, ...plan(0)];
    const { objects } = fresh(hours);
    const all = await run(objects, range(9));
    expect(digestsOf(all).map((one) => [one.status, one.is_starting_digest])).toEqual([
      ['valid', false],
      ['valid', true],
      ['valid', false],
      ['valid', true],
    ]);
    expect(hoursOf(all).map((hour) => [hour.hour_from, hour.hour_to, hour.status])).toEqual([
      [isoAt(0), isoAt(1), 'whole'],
      [isoAt(1), isoAt(2), 'whole'],
      [isoAt(2), isoAt(7), 'no_digest'],
      [isoAt(7), isoAt(8), 'whole'],
      [isoAt(8), isoAt(9), 'empty'],
    ]);
    expect(await exit(all)).toBe(4);
  });

  test('backfill digests are a chain of their own and fill the pause', async () => {
    const hours = [...plan(1), { logs: 1, key: keyA, isStart: true, pauseHours: 2 }];
    const { objects } = fresh(hours);
    const filled = buildChain(
      objects,
      [
        { logs: 2, key: keyB },
        { logs: 0, key: keyB },
      ],
      {
        kind: 'backfill',
        from: start + hourMs,
      },
    );
    const all = await run(objects, range(4));
    expect(await exit(all)).toBe(0);
    expect(hoursOf(all).map(({ chain, status }) => [chain, status])).toEqual([
      ['standard', 'whole'],
      ['backfill', 'whole'],
      ['backfill', 'empty'],
      ['standard', 'whole'],
    ]);
    const { metadata, bytes } = objects.get(filled[1]!.key)!;
    const { 'backfill-generation-timestamp': _, ...rest } = metadata;
    objects.set(filled[1]!.key, { bytes, metadata: rest });
    expect(statusOf(await run(objects, range(4)), filled[1]!.key)).toEqual(['invalid_format']);
  });

  test('the key of a backfill digest is asked for at the time it was made', async () => {
    const objects = new Map<string, TrailObject>();
    buildChain(objects, plan(0), { kind: 'backfill' });
    const asked: { from: number; to: number }[] = [];
    const spy: PublicKeys = {
      ...publicKeys,
      find: (fingerprint, where) => {
        asked.push({ from: where.from, to: where.to });
        return publicKeys.find(fingerprint, where);
      },
    };
    await run(objects, { ...range(1), publicKeys: spy });
    const madeAt = start + hourMs + 48 * hourMs;
    expect(asked).toEqual([{ from: madeAt - hourMs, to: madeAt + hourMs }]);
  });
});

describe('the ledger', () => {
  test('spares the download of files that have not changed since', async () => {
    const { objects, digests } = fresh(plan(2, 1));
    const ledger = new Map(
      [...objects].map(([key, { bytes }]) => [
        `${key}@${sha256(bytes)}`,
        sha256(gunzipSync(bytes)),
      ]),
    );
    const verify = async () => {
      const reads: string[] = [];
      const store = memoryStore(objects, { reads });
      const knownHashes = hashesFromLedger(store, ({ key, version }) => {
        const hash = ledger.get(`${key}@${version}`);
        return Promise.resolve(hash === undefined ? undefined : { sha256: hash });
      });
      const all = await run(objects, { ...range(2), store, knownHashes });
      return { all, logReads: reads.filter((key) => !key.includes('Digest')) };
    };
    const clean = await verify();
    expect(clean.logReads).toEqual([]);
    expect(await exit(clean.all)).toBe(0);
    expect(await summarise(clean.all)).toMatchObject({ log_files_from_ledger: 3 });

    const [changed, deleted] = digests[0]!.logKeys;
    objects.set(changed!, { bytes: gzipSync('{"Records":[]}'), metadata: {} });
    objects.delete(deleted!);
    const dirty = await verify();
    expect(dirty.logReads.sort()).toEqual([changed, deleted].sort());
    expect(statusOf(dirty.all, changed!)).toEqual(['invalid_hash']);
    expect(statusOf(dirty.all, deleted!)).toEqual(['missing']);
  });

  test("with a hash that is not the digest's has the file read again", async () => {
    const { objects } = fresh(plan(1));
    const knownHashes = () => Promise.resolve({ sha256: 'f'.repeat(64) });
    expect(await exit(await run(objects, { ...range(1), knownHashes }))).toBe(0);
  });
});

test('a chain goes on in another bucket', async () => {
  const objects = new Map<string, TrailObject>();
  const digests = buildChain(objects, plan(1, 1, 1));
  const old = new Map<string, TrailObject>();
  // The first two hours were delivered to an older bucket: rebuild them there and link to them.
  const rename = (digest: Record<string, unknown>) =>
    JSON.parse(JSON.stringify(digest).replaceAll(bucket, 'older-bucket')) as typeof digest & {
      digestEndTime: string;
      digestS3Bucket: string;
      digestS3Object: string;
      previousDigestSignature: string | null;
    };
  let link = {};
  for (const [index, { key, logKeys }] of digests.entries()) {
    const digest = JSON.parse(gunzipSync(objects.get(key)!.bytes).toString());
    const moved = index < 2 ? rename(digest) : digest;
    const signed = signDigest({ ...moved, ...link }, keyA);
    (index < 2 ? old : objects).set(key, signed.object);
    link = {
      previousDigestS3Bucket: index < 2 ? 'older-bucket' : bucket,
      previousDigestHashValue: signed.hash,
      previousDigestSignature: signed.signature,
    };
    if (index < 2) {
      objects.delete(key);
      for (const log of logKeys) {
        old.set(log, objects.get(log)!);
        objects.delete(log);
      }
    }
  }
  const [here, there] = [memoryStore(objects), memoryStore(old, { name: 'older-bucket' })];
  const pick = (name: string) => (name === bucket ? here : there);
  const store = {
    ...here,
    keys: (name: string, prefix: string, after?: string) => pick(name).keys(name, prefix, after),
    open: (name: string, key: string) => pick(name).open(name, key),
  };
  const all = await run(objects, { ...range(3), store });
  expect(digestsOf(all).map((one) => [one.status, one.bucket])).toEqual([
    ['valid', bucket],
    ['valid', 'older-bucket'],
    ['valid', 'older-bucket'],
  ]);
  expect(await exit(all)).toBe(0);
  // A deleted digest in the older bucket: the walk goes on with what is listed there.
  old.delete(digests[1]!.key);
  const holed = await run(objects, { ...range(3), store });
  expect(digestsOf(holed).map(({ status }) => status)).toEqual(['valid', 'missing', 'valid']);
});
