import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chosenReader } from '../ingest/fast/chosen-reader.ts';
import { FastReader } from '../ingest/fast/fast-reader.ts';
import { InputError } from '../ingest/input-error.ts';
import { pathFactsOf } from '../ingest/path-facts.ts';
import type { RecordSink } from '../ingest/records/plain-reader.ts';
import type { PathFacts } from '../ingest/rules/kms-event.ts';
import { plainReader, type RecordReader } from '../ingest/task.ts';
import type { EncodedRows } from '../store/batch-encoder.ts';
import { dimensionIds, type Table } from '../store/event-batch.ts';
import { pickRows } from '../store/pick-rows.ts';
import { mutatedFile } from './support/mutated-trail.ts';
import { kms, other } from './support/scanned.ts';
import { sharedData, sharedFile } from './support/shared-data.ts';

interface LogFile {
  bytes: Buffer;
  path: PathFacts;
}

const noPath: PathFacts = { account_id: null, region: null };
const somePath: PathFacts = { account_id: '999999999999', region: 'us-west-2' };

/** One batch of some files as a reader gives it, with what became of each file. */
function batchOf(reader: RecordReader, files: readonly LogFile[]) {
  const encoder = reader.encoder();
  const sink: RecordSink = { encoder, rejects: [] };
  const results = files.map(({ bytes, path }) => {
    try {
      return reader.read(bytes, path, sink);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return [error.status, error.errorClass, error.message];
    }
  });
  return { results, rejects: sink.rejects, ...encoder.finish() };
}

function expectSame(reader: FastReader, files: readonly LogFile[]) {
  const plain = batchOf(plainReader, files);
  const fast = batchOf(reader, files);
  expect(fast.results).toEqual(plain.results);
  expect(fast.rejects).toEqual(plain.rejects);
  expectSameTable(fast.related, plain.related);
  expectSameEvents(fast, plain);
  for (const name of ['calls', 'keys', 'actions'] as const) {
    expectSameTable(fast.dimensions[name], plain.dimensions[name]);
  }
  return { rows: fast.events.rowCount, related: fast.related.rowCount };
}

/** The fast reader may hold one identity or client twice: each row's own is compared, value by value. */
function expectSameEvents(fast: EncodedRows, plain: EncodedRows): void {
  const rest = ({ rowCount, columns }: Table): Table => {
    const { identity_no: _, client_no: __, ...others } = columns;
    return { rowCount, columns: others };
  };
  expectSameTable(rest(fast.events), rest(plain.events));
  for (const name of ['identities', 'clients'] as const) {
    expectSameTable(tuplesOfRows(fast, name), tuplesOfRows(plain, name));
  }
}

/** The tuple of a dimension for each row of the events. */
function tuplesOfRows({ events, dimensions }: EncodedRows, name: 'identities' | 'clients'): Table {
  const positions = events.columns[dimensionIds[name]] as { data: Int32Array };
  const table = pickRows(dimensions[name], positions.data);
  for (const column of Object.values(table.columns)) {
    // Where nothing picked is null, a column may still say so row by row.
    if (column.valid && !column.valid.includes(0)) delete column.valid;
  }
  return table;
}

function expectSameTable(fast: Table, plain: Table): void {
  expect(fast.rowCount).toBe(plain.rowCount);
  expect(Object.keys(fast.columns)).toEqual(Object.keys(plain.columns));
  for (const [name, column] of Object.entries(plain.columns)) {
    for (const [part, data] of Object.entries(column)) {
      const own = fast.columns[name]![part as keyof typeof column] as unknown;
      if (typeof data === 'string') expect(own, `${name} ${part}`).toBe(data);
      else expect(sameBytes(own as Uint8Array, data as Uint8Array), `${name} ${part}`).toBe(true);
    }
    expect(Object.keys(fast.columns[name]!).sort()).toEqual(Object.keys(column).sort());
  }
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = (v: ArrayBufferView) => Buffer.from(v.buffer, v.byteOffset, v.byteLength);
  return a.constructor.name === b.constructor.name && bytes(a).equals(bytes(b));
}

const fileOf = (text: string, path = noPath): LogFile => ({ bytes: Buffer.from(text), path });
const recordsFile = (records: readonly unknown[], path = noPath) =>
  fileOf(JSON.stringify({ Records: records }), path);

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

  test('on every S3 context, plain or not', () => {
    const reader = new FastReader();
    const s3 = [
      'arn:aws:s3:::b/k',
      'arn:aws:s3:::b/k/é\u2028\u007f',
      'arn:aws:s3:::b/',
      'arn:aws:s3:::b',
      'arn:aws:s3:::/k',
      'arn:aws-cn:s3:::b//',
      'arn:AWS:s3:::b/k',
      'x/y',
      '/',
      '',
      'arn:aws:s3:::b/"q"\\',
      'arn:aws:s3:::b/\u0001\ud800',
    ];
    const contexts: unknown[] = [
      ...s3.map((arn) => ({ 'aws:s3:arn': arn })),
      ...s3.map((arn) => ({ 'aws:s3:arn': arn, more: 'x' })),
      { 'aws:s3:arn': null },
      { 'aws:s3:arn': { a: '"}' } },
      { 'aws:cloudtrail:arn': 't', 'aws:s3:arn': s3[0] },
      null,
      'text',
      [],
      {},
    ];
    for (const operation of ['Decrypt', 'ReEncrypt', 'DescribeKey', 'Unheard']) {
      const records = contexts.flatMap((encryptionContext) => [
        kms({ eventName: operation, requestParameters: { encryptionContext, keyId: 'k' } }),
        kms({
          eventName: operation,
          requestParameters: { encryptionContext, sourceEncryptionContext: { a: 'b' } },
        }),
      ]);
      records.push(
        kms({
          eventName: operation,
          requestParameters: { sourceEncryptionContext: { 'aws:s3:arn': s3[0] } },
        }),
      );
      expectSame(reader, [
        recordsFile(withRecipient(records), somePath),
        recordsFile(withRecipient(records)),
      ]);
    }
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

function withRecipient(records: readonly Record<string, unknown>[]) {
  return records.map((record) => ({
    awsRegion: 'eu-west-1',
    recipientAccountId: '111111111111',
    ...record,
  }));
}
