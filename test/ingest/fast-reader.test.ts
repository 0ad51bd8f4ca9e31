import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chosenReader } from '../../ingest/fast/chosen-reader.ts';
import { FastReader } from '../../ingest/fast/fast-reader.ts';
import { pathFactsOf } from '../../ingest/path-facts.ts';
import type { RecordSink } from '../../ingest/records/plain-reader.ts';
import { plainReader } from '../../ingest/task.ts';
import { mutatedFile } from '../support/mutated-trail.ts';
import {
  batchOf,
  expectSame,
  expectSameEvents,
  fileOf,
  noPath,
  recordsFile,
  somePath,
  withRecipient,
} from '../support/same-batch.ts';
import { kms, other } from '../support/scanned.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

describe('the fast reader gives the same batch as the plain one', () => {
  test.skipIf(!sharedData)('on all real logs, examples and look-alikes', () => {
    const reader = new FastReader();
    const files = ['real', 'fixtures', 'negative'].flatMap((folder) => {
      const root = sharedFile(folder);
      return readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.gz'))
        .map((name) => ({
          bytes: gunzipSync(readFileSync(`${root}/${name}`)),
          path: pathFactsOf(name),
        }));
    });
    let rows = 0;
    for (let i = 0; i < files.length; i += 100) {
      rows += expectSame(reader, files.slice(i, i + 100)).rows;
    }
    expect(rows).toBeGreaterThan(2_400);
    expectSame(
      reader,
      files.slice(0, 200).map(({ bytes }) => ({ bytes, path: noPath })),
    );
  });

  test('on 10,000 mutated records, batch after batch', () => {
    const reader = new FastReader();
    let rows = 0;
    let related = 0;
    fc.assert(
      fc.property(
        fc.array(fc.noShrink(fc.integer()), { minLength: 3, maxLength: 3 }),
        fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { minLength: 1 }),
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.constantFrom(noPath, somePath),
        (seeds, words, values, path) => {
          const files = seeds.map((seed) =>
            fileOf(mutatedFile({ seed, words, values, records: 12 }), path),
          );
          const same = expectSame(reader, files);
          rows += same.rows;
          related += same.related;
        },
      ),
      { numRuns: 300 },
    );
    expect(rows).toBeGreaterThan(4_000);
    expect(related).toBeGreaterThan(100);
  });

  test('when texts are longer than the columns of one go', () => {
    const lengths = [0, 1, 15, 16, 17, 3_000, 700_000, 4_194_280, 4_194_304, 4_500_000];
    const records = lengths.flatMap((length) => [
      kms({ errorMessage: 'e'.repeat(length) }),
      kms({ errorMessage: 'short' }),
      kms({ requestParameters: { encryptionContext: { k: 'c'.repeat(length) } } }),
      kms({ eventName: 'ListKeys', requestParameters: { marker: 'm'.repeat(length) } }),
      kms({ userAgent: 'u'.repeat(length), sourceIPAddress: '10.0.0.1' }),
    ]);
    const many = Array.from({ length: 900 }, (_, i) => kms({ errorMessage: `${i} `.repeat(900) }));
    expectSame(new FastReader(), [
      recordsFile(withRecipient(records)),
      recordsFile(withRecipient(many)),
    ]);
  });

  test('when rows go now the fast way, now the plain one, and a file is given up', () => {
    const usual = (i: number) => kms({ errorMessage: `usual ${i}` });
    const odd = (i: number) => kms({ eventID: `odd ${i}` });
    const mixed = Array.from({ length: 60 }, (_, i) => (i % 7 < 2 ? odd(i) : usual(i)));
    const good = recordsFile(withRecipient(mixed));
    const cut = fileOf(`${good.bytes.toString().slice(0, -2)},{"eventID":}]}`);
    const notJson = JSON.stringify({ Records: withRecipient(mixed) }).replace(
      '"usual 59"',
      '"usual \\x 59"',
    );
    expectSame(new FastReader(), [good, cut, good, fileOf(notJson), good]);
    expectSame(new FastReader(), [cut]);
  });

  test('when facts of the path stand in for what records lack', () => {
    const bare = [
      kms(),
      other({ recipientAccountId: '', awsRegion: 'eu-west-1' }),
      kms({ awsRegion: 7 }),
    ];
    const late = [
      other(),
      kms({ eventTime: 'bad' }),
      other({ recipientAccountId: '111111111111' }),
    ];
    const odd = [kms({ eventTime: 'bad', recipientAccountId: '222222222222' }), ...late];
    const files = [bare, late, odd].flatMap((records) => [
      recordsFile(records, noPath),
      recordsFile(records, somePath),
    ]);
    expectSame(new FastReader(), files);
  });

  test('when the tables are full and start anew', () => {
    const reader = new FastReader();
    const file = (from: number, count: number) =>
      recordsFile(
        withRecipient(
          Array.from({ length: count }, (_, i) =>
            kms({ userAgent: `agent ${from + i}`, apiVersion: 'x'.repeat(300) }),
          ),
        ),
      );
    expectSame(reader, [file(0, 34_000), file(5, 10)]);
    expectSame(reader, [file(0, 10), file(33_990, 20)]);
  });

  test('when a text that was passed over turns out to be no JSON: the whole file is read again', () => {
    const good = JSON.stringify(withRecipient([kms()])[0]);
    const bad = good.replace(
      '"eventName":"Decrypt"',
      '"eventName":"Decrypt","userIdentity":{"a":[1}}',
    );
    const text = `{"Records":[${good},${bad},${good}]}`;
    const batch = batchOf(new FastReader(), [fileOf(good), fileOf(text)]);
    const plain = batchOf(plainReader, [fileOf(good), fileOf(text)]);
    expect(batch.results).toEqual(plain.results);
    expect(batch.rejects).toEqual(plain.rejects);
    expect(batch.rejects).toHaveLength(1);
    expectSameEvents(batch, plain);
  });

  test('when values are nested deeper than can be written again', () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    const [record] = withRecipient([kms()]);
    const files = ['responseElements', 'userIdentity', 'additionalEventData', 'ignored'].map(
      (name) =>
        fileOf(`{"Records":[${JSON.stringify(record).slice(0, -1)},"${name}":{"a":${deep}}}]}`),
    );
    expectSame(new FastReader(), files);
  });
});

test('KEYMETER_READER chooses the reader of the workers', () => {
  expect(chosenReader({})).toBeInstanceOf(FastReader);
  expect(chosenReader({ KEYMETER_READER: 'plain' })).toBe(plainReader);
  expect(() => chosenReader({ KEYMETER_READER: 'plan' })).toThrow('"plan"');
});

test('a reader has one batch at a time', () => {
  const reader = new FastReader();
  const first = reader.encoder();
  reader.encoder();
  const sink: RecordSink = { encoder: first, rejects: [] };
  expect(() => reader.read(Buffer.from('{"Records":[]}'), noPath, sink)).toThrow('batch');
});
