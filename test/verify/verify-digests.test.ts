import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holes } from '../../verify/trail.ts';
import type { Verdict } from '../../verify/verdict.ts';
import type { TrailObject } from '../support/digest-trail.ts';
import {
  digestsOf,
  exit,
  fresh,
  hoursOf,
  isoAt,
  plan,
  range,
  recompress,
  run,
  statusOf,
} from '../support/verify-run.ts';

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
    const without = withContent((digest) => ({ ...digest, [field]: undefined }));
    expect(await judge(without)).toEqual(['invalid_format']);
  });

  test.each([
    ['no JSON', (object: TrailObject) => recompress(object, () => Buffer.from('digest'))],
    ['JSON of another kind', withContent(() => [])],
    [
      'an end that is no instant',
      withContent((one) => ({ ...one, digestEndTime: '2026-99-99T00:00:00Z' })),
    ],
    [
      'an end before its start',
      withContent((one) => ({ ...one, digestEndTime: '2025-01-01T00:00:00Z' })),
    ],
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

describe('the oldest digest', () => {
  test('that names one before it which is not there: evidence before it cannot be proven', async () => {
    const { objects, digests } = fresh(plan(1, 1, 1));
    objects.delete(digests[0]!.key);
    for (const key of digests[0]!.logKeys) objects.delete(key);
    const all = await run(objects, {});
    const open = digestsOf(all).filter(({ status }) => status !== 'valid');
    expect(open.map(({ key, status }) => [key, status])).toEqual([
      [digests[0]!.key, 'not_verifiable'],
    ]);
    expect(open[0]!.reason).toContain(`evidence before ${isoAt(1)} cannot be proven`);
    expect(await exit(all)).toBe(4);
  });

  test('that begins a chain names none', async () => {
    const { objects } = fresh(plan(1, 1));
    const all = await run(objects, {});
    expect(digestsOf(all).every(({ status }) => status === 'valid')).toBe(true);
    expect(await exit(all)).toBe(0);
  });
});
