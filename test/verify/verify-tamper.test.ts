import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TrailObject } from '../support/digest-trail.ts';
import { buildChain, signDigest } from '../support/digest-trail.ts';
import {
  digestsOf,
  exit,
  flip,
  fresh,
  keyA,
  keysOf,
  logsOf,
  plan,
  range,
  recompress,
  run,
  statusOf,
  stranger,
} from '../support/verify-run.ts';

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
