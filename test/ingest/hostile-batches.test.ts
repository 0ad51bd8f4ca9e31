import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { BatchRows } from '../../ingest/fast/batch-rows.ts';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import { Scanner } from '../../ingest/scan/scanner.ts';
import { hostileFiles } from '../support/hostile-trail.ts';
import {
  expectSame,
  fileOf,
  recordsFile,
  withRecipient,
  type LogFile,
} from '../support/same-batch.ts';
import { kms, other } from '../support/scanned.ts';

/** Compares batches, one after the other, of one reader: their rows, and how many were read plainly. */
function compareBatches(bulky: boolean, numRuns: number) {
  const reader = new FastReader();
  const add = vi.spyOn(BatchRows.prototype, 'add');
  const sum = { rows: 0, related: 0, plain: 0 };
  fc.assert(
    fc.property(hostileFiles(bulky), (files) => {
      const { rows, related } = expectSame(reader, files);
      sum.rows += rows;
      sum.related += related;
    }),
    { numRuns },
  );
  sum.plain = add.mock.calls.length;
  add.mockRestore();
  return sum;
}

test('both readers give the same batches of values that are only nearly plain', () => {
  const { rows, related, plain } = compareBatches(false, 200);
  expect(rows).toBeGreaterThan(2_500);
  expect(related).toBeGreaterThan(1_000);
  expect(plain).toBeGreaterThan(0);
  expect(plain).toBeLessThan(rows);
});

test('both readers give the same batches of texts that soon fill the columns', () => {
  const { rows } = compareBatches(true, 4);
  expect(rows).toBeGreaterThan(40);
});

const session = (name: string) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::111122223333:assumed-role/app/${name}`,
  accountId: '111122223333',
  sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/app' } },
});
const object = (fields: Record<string, unknown>) =>
  other({ sourceIPAddress: '10.0.0.1', resources: [{ ARN: 'arn:aws:s3:::b/k' }], ...fields });
const some = recordsFile(
  withRecipient(
    ['a', 'b', 'c"', 'd'].flatMap((name) => [
      kms({ userIdentity: session(name), errorMessage: name, sourceIPAddress: '10.0.0.1' }),
      object({ userIdentity: session(name), requestParameters: { key: name } }),
    ]),
  ),
);

test('both readers give the same when a limit is reached, and when rows on both sides are taken back', () => {
  const many = (count: number, record: (i: number) => Record<string, unknown>) =>
    recordsFile(withRecipient(Array.from({ length: count }, (_, i) => record(i))));
  const fillers: LogFile[] = [
    // Texts of facts and combinations.
    many(33_000, (i) =>
      kms({
        userIdentity: { ...session(`${i}`), invokedBy: `s${i}.amazonaws.com` },
        sourceIPAddress: `10.0.${i >> 8}.${i & 255}`,
        requestParameters: { encryptionContext: { app: `${i}` }, keyId: `${i}` },
      }),
    ),
    many(33_000, (i) => object({ userIdentity: session('s'), userAgent: `${i}` })),
    many(40, (i) => kms({ userAgent: `${i} `.repeat(150_000) })),
    many(40, (i) => object({ userIdentity: session(`${i} `.repeat(90_000)) })),
    many(7_000, (i) => kms({ userAgent: `${i} `.repeat(1_500) })),
    // Rows and texts that wait.
    many(17_000, () => kms({ userIdentity: session('s') })),
    many(17_000, () => object({ userIdentity: session('s') })),
    many(30, (i) => kms({ errorMessage: `${i} `.repeat(100_000) })),
    many(30, (i) => object({ requestID: `${i} `.repeat(100_000) })),
  ];
  const reader = new FastReader();
  for (const file of fillers) {
    const dropped = { ...file, dropped: true };
    expectSame(reader, [some, dropped, some, { ...some, dropped: true }, file, some]);
  }
});

test('both readers give the same when usual and unusual rows alternate, and blocks stay few', () => {
  const scattered = (count: number) =>
    recordsFile(
      withRecipient(
        Array.from({ length: count }, (_, i) =>
          i % 3 === 0
            ? object({ eventID: i % 2 ? 'no uuid' : undefined, userIdentity: session('s') })
            : kms({ errorMessage: i % 2 ? `"${i}"` : `${i}`, requestID: i % 2 ? 'odd' : null }),
        ),
      ),
    );
  const small = Array.from({ length: 300 }, () => some);
  const files = [...small, scattered(4_000), some, { ...scattered(900), dropped: true }, some];
  const takeBlock = vi.spyOn(BatchRows.prototype, 'takeBlock');
  expectSame(new FastReader(), files);
  expect(takeBlock).toHaveBeenCalledTimes(1);
  takeBlock.mockRestore();
});

test('what is remembered is bounded: a crowded reader forgets before its next batch', () => {
  const reader = new FastReader();
  const forget = vi.spyOn(Scanner.prototype, 'forget');
  const agents = (from: number) =>
    recordsFile(
      withRecipient(
        Array.from({ length: 6_000 }, (_, i) => kms({ userAgent: `${from + i} `.repeat(900) })),
      ),
    );
  for (let from = 1e6; forget.mock.calls.length < 2; from += 6_000) {
    expect(from).toBeLessThan(1e6 + 12 * 6_000);
    expectSame(reader, [agents(from), some]);
  }
  forget.mockRestore();
});

test('both readers refuse a file for damage in what the scanner tells by itself', () => {
  const good = JSON.stringify(
    withRecipient([
      kms({
        userIdentity: session('s'),
        sourceIPAddress: '10.0.0.1',
        tlsDetails: { tlsVersion: 'TLSv1.3' },
      }),
    ])[0],
  );
  const members = [
    '"x":tru',
    '"x":01',
    '"x":[1}',
    '"x":"\\x"',
    '"x\u0001":1',
    '"x" "y":1',
    '"x":1,',
  ];
  const reader = new FastReader();
  for (const member of members) {
    for (const place of ['"type":', '"arn":', '"tlsVersion":']) {
      const bad = good.replace(place, `${member},${place}`);
      expectSame(reader, [fileOf(`{"Records":[${good},${bad}]}`), some]);
    }
  }
});
