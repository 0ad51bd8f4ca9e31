import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import { Remembered } from '../../ingest/fast/remembered.ts';
import {
  STOP_ASK,
  STOP_CROWDED,
  STOP_END,
  STOP_FULL,
  STOP_KEPT,
  STOP_PLAIN,
} from '../../ingest/scanner/column-layout.ts';
import { RowEncoder } from '../../ingest/scanner/row-encoder.ts';
import { Scanner } from '../../ingest/scanner/scanner.ts';
import { hostileFiles } from '../support/hostile-trail.ts';
import {
  expectSame,
  fileOf,
  recordsFile,
  withRecipient,
  type LogFile,
} from '../support/same-batch.ts';
import { kms, other } from '../support/scanned.ts';

/** Compares batches, one after the other, of one reader: the rows that they had, and why encoding stopped. */
function compareBatches(bulky: boolean, numRuns: number) {
  const reader = new FastReader();
  const encode = vi.spyOn(RowEncoder.prototype, 'encode');
  const sum = { rows: 0, related: 0 };
  fc.assert(
    fc.property(hostileFiles(bulky), (files) => {
      const { rows, related } = expectSame(reader, files);
      sum.rows += rows;
      sum.related += related;
    }),
    { numRuns },
  );
  const stops = encode.mock.results.map(({ value }) => (value as { stop: number }).stop);
  encode.mockRestore();
  return { ...sum, stops };
}

test('both readers give the same batches of values that are only nearly plain', () => {
  const { rows, related, stops } = compareBatches(false, 200);
  expect(rows).toBeGreaterThan(2_500);
  expect(related).toBeGreaterThan(1_000);
  expect(new Set(stops)).toEqual(new Set([STOP_END, STOP_ASK, STOP_PLAIN, STOP_KEPT]));
  // Most rows are encoded without a stop.
  expect(stops.length).toBeLessThan((rows + related) * 2);
});

test('both readers give the same batches of texts that soon fill the tables', () => {
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
  const fillers: [stop: number, file: LogFile][] = [
    // Identities, callers, clients, contexts and calls in the tables of what is known.
    [
      STOP_CROWDED,
      many(33_000, (i) =>
        kms({
          userIdentity: { ...session(`${i}`), invokedBy: `s${i}.amazonaws.com` },
          sourceIPAddress: `10.0.${i >> 8}.${i & 255}`,
          requestParameters: { encryptionContext: { app: `${i}` }, keyId: `${i}` },
        }),
      ),
    ],
    // Actions.
    [STOP_CROWDED, many(33_000, (i) => object({ userIdentity: session('s'), userAgent: `${i}` }))],
    // Bytes of tuples.
    [STOP_CROWDED, many(40, (i) => kms({ userAgent: `${i} `.repeat(150_000) }))],
    [STOP_CROWDED, many(40, (i) => object({ userIdentity: session(`${i} `.repeat(90_000)) }))],
    // Rows and texts that wait.
    [STOP_FULL, many(17_000, () => kms({ userIdentity: session('s') }))],
    [STOP_FULL, many(17_000, () => object({ userIdentity: session('s') }))],
    [STOP_FULL, many(30, (i) => kms({ errorMessage: `${i} `.repeat(100_000) }))],
    [STOP_FULL, many(30, (i) => object({ requestID: `${i} `.repeat(100_000) }))],
  ];
  const reader = new FastReader();
  const encode = vi.spyOn(RowEncoder.prototype, 'encode');
  for (const [stop, file] of fillers) {
    const dropped = { ...file, dropped: true };
    expectSame(reader, [some, dropped, some, { ...some, dropped: true }, file, some]);
    const stops = encode.mock.results.map(({ value }) => (value as { stop: number }).stop);
    expect(stops).toContain(stop);
    encode.mockClear();
  }
  encode.mockRestore();
});

test('both readers give the same when rows go now the fast way, now the plain one, thousands of times', () => {
  const scattered = (count: number) =>
    recordsFile(
      withRecipient(
        Array.from({ length: count }, (_, i) =>
          i % 3 === 0
            ? object({ eventID: i % 2 ? 'no uuid' : undefined, userIdentity: session('s') })
            : kms({ errorMessage: i % 2 ? `"${i}"` : `${i}` }),
        ),
      ),
    );
  const small = Array.from({ length: 300 }, () => some);
  const files = [...small, scattered(4_000), some, { ...scattered(900), dropped: true }, some];
  const takeRows = vi.spyOn(RowEncoder.prototype, 'takeRows');
  expectSame(new FastReader(), files);
  // Taking rows costs as much as reading many of them plainly.
  expect(takeRows.mock.calls.length).toBeLessThan(1_000);
  takeRows.mockRestore();
});

test('the actions of all pairs of identities and texts are not remembered without end', () => {
  const remembered = new Remembered(new Scanner().encoder);
  let asked = 0;
  const fields = () => ({ asked: asked++ });
  for (let i = 0; i < 70_000; i++) remembered.action(i, 0, fields);
  remembered.action(69_999, 0, fields);
  expect(asked).toBe(70_000);
  remembered.action(0, 0, fields);
  expect(asked).toBe(70_001);
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
