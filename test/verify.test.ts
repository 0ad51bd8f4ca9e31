import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PublicKeys } from '../ingest/verify/public-keys.ts';
import { exitCodeOf, summarise } from '../ingest/verify/summary.ts';
import { holes } from '../ingest/verify/trail.ts';
import type { DigestVerdict, HourVerdict, LogVerdict, Verdict } from '../ingest/verify/verdict.ts';
import { verifySource } from '../ingest/verify/verify-source.ts';
import type { VerifyOptions } from '../ingest/verify/verify-source.ts';
import { hashesFromLedger } from '../ingest/verify/log-check.ts';
import type { HourPlan, SigningKey, TrailObject } from './support/digest-trail.ts';
import {
  account,
  bucket,
  buildChain,
  hourMs,
  memoryStore,
  region,
  sha256,
  signDigest,
  signingKey,
  start,
} from './support/digest-trail.ts';
import { createPublicKey } from 'node:crypto';

const keyA = signingKey();
const keyB = signingKey();
const stranger = signingKey();

function keysOf(keys: readonly SigningKey[], isComplete = true): PublicKeys {
  const known = keys.map(({ fingerprint, value }) => ({
    fingerprint,
    value,
    region,
    key: createPublicKey({ key: Buffer.from(value, 'base64'), format: 'der', type: 'pkcs1' }),
  }));
  return {
    isComplete,
    find: (fingerprint) => Promise.resolve(known.find((key) => key.fingerprint === fingerprint)),
    known: () => known,
  };
}

const publicKeys = keysOf([keyA, keyB]);

async function run(
  objects: Map<string, TrailObject>,
  options: Partial<VerifyOptions> = {},
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const store = memoryStore(objects);
  for await (const verdict of verifySource({ store, publicKeys, ...options })) {
    verdicts.push(verdict);
  }
  return verdicts;
}

const digestsOf = (all: Verdict[]) =>
  all.filter((one): one is DigestVerdict => one.kind === 'digest');
const logsOf = (all: Verdict[]) => all.filter((one): one is LogVerdict => one.kind === 'log');
const hoursOf = (all: Verdict[]) =>
  all
    .filter((one): one is HourVerdict => one.kind === 'hour')
    .sort((a, b) => (a.hour_from < b.hour_from ? -1 : 1));
const exit = async (all: Verdict[]) => exitCodeOf(await summarise(all));
const statusOf = (all: Verdict[], key: string) =>
  all.flatMap((one) => (one.kind !== 'hour' && one.key === key ? [one.status] : []));
const isoAt = (hours: number) => new Date(start + hours * hourMs).toISOString().replace('.000', '');

function plan(...logs: number[]): HourPlan[] {
  return logs.map((count) => ({ logs: count, key: keyA }));
}

function fresh(hours: readonly HourPlan[]) {
  const objects = new Map<string, TrailObject>();
  return { objects, digests: buildChain(objects, hours) };
}

const range = (hours: number) => ({ from: start, to: start + hours * hourMs });

function recompress(object: TrailObject, change: (content: Buffer) => Buffer): TrailObject {
  return { ...object, bytes: gzipSync(change(gunzipSync(object.bytes))) };
}

function flip(bytes: Buffer, at: number, xor: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ xor;
  return changed;
}

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

  test('is valid when the oldest listed digest has a predecessor that has expired', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    for (const key of [digests[0]?.key, ...(digests[0]?.logKeys ?? [])]) objects.delete(key ?? '');
    expect(await exit(await run(objects))).toBe(0);
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

describe('every change is reported', () => {
  const { objects: whole } = fresh(plan(2, 0, 1));
  const keys = [...whole.keys()];

  test('one byte of the content of any digest or log', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...keys),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (key, place, xor) => {
          const objects = new Map(whole);
          objects.set(
            key,
            recompress(objects.get(key)!, (content) => flip(content, place % content.length, xor)),
          );
          const all = await run(objects, range(3));
          const found = all.filter((one) => one.kind !== 'hour' && one.key === key);
          expect(found.map(({ outcome }) => outcome)).toContain('invalid');
          expect(await exit(all)).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('each single byte of one digest and one log, one after another', async () => {
    for (const key of [keys.find((one) => one.includes('/CloudTrail/'))!, keys.at(-1)!]) {
      const { length } = gunzipSync(whole.get(key)!.bytes);
      for (let at = 0; at < length; at++) {
        const objects = new Map(whole);
        objects.set(
          key,
          recompress(whole.get(key)!, (content) => flip(content, at, 1)),
        );
        expect(await exit(await run(objects, range(3)))).toBe(1);
      }
    }
  });

  test('one byte of the compressed file, unless the content is the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...keys),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (key, place, xor) => {
          const objects = new Map(whole);
          const { bytes, metadata } = objects.get(key)!;
          const changed = flip(bytes, place % bytes.length, xor);
          objects.set(key, { bytes: changed, metadata });
          let isSame = false;
          try {
            isSame = gunzipSync(changed).equals(gunzipSync(bytes));
          } catch {
            // damaged
          }
          expect(await exit(await run(objects, range(3)))).toBe(isSame ? 0 : 1);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(keys)('a missing, truncated or appended file: %s', async (key) => {
    const original = whole.get(key)!;
    const without = new Map(whole);
    without.delete(key);
    const isNewest = key === keys.at(-1);
    const missing = await run(without, range(3));
    // Nothing names the newest digest: its hour is without a proof, and its file without a digest.
    expect(await exit(missing)).toBe(isNewest ? 4 : 1);
    if (!isNewest) expect(statusOf(missing, key)).toEqual(['missing']);
    for (const [status, bytes] of [
      ['invalid_format', original.bytes.subarray(0, -1)],
      ['invalid_format', original.bytes.subarray(0, original.bytes.length / 2)],
      ['invalid_format', Buffer.alloc(0)],
      ['trailing_data', Buffer.concat([original.bytes, Buffer.from([0])])],
      ['trailing_data', Buffer.concat([original.bytes, gzipSync('{"Records":[]}')])],
    ] as const) {
      const objects = new Map(whole).set(key, { ...original, bytes });
      const all = await run(objects, range(3));
      expect(statusOf(all, key)).toEqual([status]);
      expect(await exit(all)).toBe(1);
    }
  });

  test('any two files swapped', async () => {
    for (const one of keys) {
      for (const other of keys) {
        if (one >= other) continue;
        const objects = new Map(whole);
        objects.set(one, whole.get(other)!).set(other, whole.get(one)!);
        const all = await run(objects, range(3));
        // A log whose digest is no longer believed is named by no digest.
        for (const key of [one, other]) expect(statusOf(all, key)).not.toEqual(['valid']);
        expect(await exit(all)).toBe(1);
      }
    }
  });

  test('a digest or log that was moved, and one that was put beside', async () => {
    for (const key of keys) {
      const isDigest = key.includes('CloudTrail-Digest');
      const renamed = isDigest
        ? key.replace('05Z.json.gz', '59Z.json.gz')
        : key.replace(/_[A-Za-z0-9]+\.json\.gz$/, '_MOVED00000000000.json.gz');
      expect(renamed).not.toBe(key);
      const moved = new Map(whole).set(renamed, whole.get(key)!);
      const beside = await run(moved, range(4));
      expect(statusOf(beside, renamed)).toEqual([isDigest ? 'moved' : 'unlisted']);
      moved.delete(key);
      expect(await exit(await run(moved, range(3)))).toBe(1);
    }
  });

  test('a log file put among the others', async () => {
    const key = keys[0]!.replace(/[^_]+\.json\.gz$/, 'PLANTED000000000.json.gz');
    const objects = new Map(whole).set(key, { bytes: gzipSync('{"Records":[]}'), metadata: {} });
    const all = await run(objects, range(3));
    expect(statusOf(all, key)).toEqual(['unlisted']);
    expect(await exit(all)).toBe(4);
  });

  test('an earlier digest of the same trail put in the place of a later one', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    const [first, second] = digests;
    objects.set(second!.key, objects.get(first!.key)!);
    expect(statusOf(await run(objects, range(3)), second!.key)).toEqual(['moved']);
  });

  test('another genuine digest in the place of the one that the chain names', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    const { key } = digests[1]!;
    const changed = JSON.parse(gunzipSync(objects.get(key)!.bytes).toString());
    objects.set(key, signDigest({ ...changed, logFiles: [] }, keyA).object);
    const all = await run(objects, range(3));
    expect(statusOf(all, key)).toEqual(['invalid_hash']);
  });

  test('a whole chain signed anew by a stranger', async () => {
    const objects = new Map<string, TrailObject>();
    buildChain(objects, [
      { logs: 1, key: stranger },
      { logs: 1, key: stranger },
    ]);
    const online = await run(objects, range(2));
    expect(digestsOf(online).map(({ status }) => status)).toEqual(['unknown_key', 'unknown_key']);
    expect(await exit(online)).toBe(1);
    const offline = await run(objects, { ...range(2), publicKeys: keysOf([keyA], false) });
    expect(digestsOf(offline).map(({ outcome }) => outcome)).not.toContain('valid');
    expect(logsOf(offline).map(({ outcome }) => outcome)).not.toContain('valid');
    expect(await exit(offline)).toBe(4);
  });

  test('a stranger who names the fingerprint of a real key', async () => {
    const objects = new Map<string, TrailObject>();
    buildChain(objects, [{ logs: 1, key: { ...stranger, fingerprint: keyA.fingerprint } }]);
    const all = await run(objects, range(1));
    expect(digestsOf(all).map(({ status }) => status)).toEqual(['bad_signature']);
  });
});

describe('deleted digests', () => {
  const broken = (all: Verdict[]) =>
    hoursOf(all)
      .filter(({ status }) => status === 'broken')
      .map(({ hour_from, hour_to }) => [hour_from, hour_to]);

  test('one: it and its hour are reported', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1, 1, 1, 1));
    objects.delete(digests[3]!.key);
    const all = await run(objects, range(6));
    const bad = digestsOf(all).filter(({ status }) => status !== 'valid');
    expect(bad.map(({ status, key }) => [status, key])).toEqual([['missing', digests[3]!.key]]);
    expect(broken(all)).toEqual([[isoAt(3), isoAt(4)]]);
    // Its log is there, but nothing speaks for it.
    expect(statusOf(all, digests[3]!.logKeys[0]!)).toEqual(['unlisted']);
    expect(statusOf(all, digests[2]!.logKeys[0]!)).toEqual(['valid']);
  });

  test.each([2, 3])('%i in a row: the hole is reported to its full width', async (count) => {
    const { objects, digests } = fresh(plan(1, 1, 1, 1, 1, 1));
    for (let at = 5 - count; at < 5; at++) objects.delete(digests[at]!.key);
    const all = await run(objects, range(6));
    const bad = digestsOf(all).filter(({ status }) => status !== 'valid');
    expect(bad.map(({ status, key }) => [status, key])).toEqual([
      ['missing', digests[4]!.key],
      ['missing', ''],
    ]);
    expect(bad[1]!.reason).toContain(`about ${count - 1} more digest`);
    expect(broken(all)).toEqual([
      [isoAt(5 - count), isoAt(4)],
      [isoAt(4), isoAt(5)],
    ]);
    expect(await exit(all)).toBe(1);
  });

  test('all before one: the rest of the range is without a digest', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1, 1));
    for (const { key } of digests.slice(0, 3)) objects.delete(key);
    const all = await run(objects, range(4));
    expect(hoursOf(all).map(({ hour_from, status }) => [hour_from, status])).toEqual([
      [isoAt(0), 'no_digest'],
      [isoAt(2), 'broken'],
      [isoAt(3), 'whole'],
    ]);
  });

  test('the newest: nothing names them, so only a range with an end shows the hole', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1, 1));
    for (const { key } of digests.slice(2)) objects.delete(key);
    const all = await run(objects, range(4));
    expect(hoursOf(all).map(({ hour_from, status }) => [hour_from, status])).toEqual([
      [isoAt(0), 'whole'],
      [isoAt(1), 'whole'],
      [isoAt(2), 'no_digest'],
    ]);
    expect(await exit(all)).toBe(4);
    expect(await exit(await run(objects))).toBe(0);
  });

  test('all of them', async () => {
    const { objects, digests } = fresh(plan(1, 1));
    for (const { key } of digests) objects.delete(key);
    const all = await run(objects, range(2));
    expect(all).toMatchObject([{ kind: 'hour', status: 'no_digest', hour_from: isoAt(0) }]);
    expect(await exit(all)).toBe(4);
    expect(await run(objects)).toMatchObject([{ hour_from: '2026-03-01T00:00:00Z' }]);
    expect(await exit(await run(new Map(), range(2)))).toBe(4);
  });

  test('holes are the complement of the periods', () => {
    const period = fc
      .tuple(fc.nat(30), fc.nat(8))
      .map(([from, length]) => ({ from, to: from + length }));
    fc.assert(
      fc.property(fc.array(period), fc.nat(30), fc.nat(30), (periods, from, to) => {
        const inside = (spans: { from: number; to: number }[], at: number) =>
          spans.some((span) => span.from <= at && at < span.to);
        const found = holes(periods, from, to);
        for (let at = 0; at < 40; at++) {
          expect(inside(found, at)).toBe(from <= at && at < to && !inside(periods, at));
        }
      }),
    );
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

describe('digests that are not as they should be', () => {
  const judge = async (change: (object: TrailObject) => TrailObject) => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    const { key } = digests[1]!;
    objects.set(key, change(objects.get(key)!));
    const all = await run(objects, range(3));
    // The walk goes on behind a false digest.
    expect(statusOf(all, digests[0]!.key)).toEqual(['valid']);
    expect(statusOf(all, digests[0]!.logKeys[0]!)).toEqual(['valid']);
    // What a false digest says of its files is not believed.
    expect(statusOf(all, digests[1]!.logKeys[0]!)).toEqual(['unlisted']);
    return statusOf(all, key);
  };
  const withContent =
    (change: (digest: Record<string, unknown>) => unknown) => (object: TrailObject) =>
      recompress(object, (content) =>
        Buffer.from(
          JSON.stringify(change(JSON.parse(content.toString()) as Record<string, unknown>)),
        ),
      );

  test.each([
    'digestPublicKeyFingerprint',
    'digestS3Bucket',
    'digestS3Object',
    'previousDigestSignature',
    'digestEndTime',
    'digestStartTime',
  ])('without %s', async (field) => {
    const without = withContent(({ [field]: _, ...rest }) => rest);
    expect(await judge(without)).toEqual(['invalid_format']);
  });

  test.each([
    ['no JSON', (object: TrailObject) => recompress(object, () => Buffer.from('digest'))],
    ['JSON of another kind', withContent(() => [])],
    ['a log file without hash', withContent((digest) => ({ ...digest, logFiles: [{}] }))],
  ])('%s', async (_name, change) => {
    expect(await judge(change)).toEqual(['invalid_format']);
  });

  test('an empty list of files in place of the true one', async () => {
    expect(await judge(withContent((digest) => ({ ...digest, logFiles: [] })))).toEqual([
      'bad_signature',
    ]);
  });

  test.each([
    ['no signature', {}],
    ['no algorithm', { signature: 'ab' }],
    ['another algorithm', { signature: 'ab', 'signature-algorithm': 'SHA1withRSA' }],
    ['a signature that is no hex', { signature: 'xy', 'signature-algorithm': 'SHA256withRSA' }],
    ['an empty signature', { signature: '', 'signature-algorithm': 'SHA256withRSA' }],
    ['a short signature', { signature: 'abcd', 'signature-algorithm': 'SHA256withRSA' }],
  ])('%s in the metadata', async (_name, metadata) => {
    expect(
      await judge((object) => ({ ...object, metadata: metadata as Record<string, string> })),
    ).toEqual(['bad_signature']);
  });

  test('one changed digit of the signature', async () => {
    const change = (object: TrailObject) => {
      const { signature = '' } = object.metadata;
      const digit = signature.startsWith('0') ? '1' : '0';
      return { ...object, metadata: { ...object.metadata, signature: digit + signature.slice(1) } };
    };
    expect(await judge(change)).toEqual(['bad_signature']);
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
