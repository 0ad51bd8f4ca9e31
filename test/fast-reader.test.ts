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
import type { EventDimension } from '../ingest/scanner/encoded-columns.ts';
import { plainReader, type RecordReader } from '../ingest/task.ts';
import type { EncodedRows } from '../store/batch-encoder.ts';
import { dimensionIds, eventDimensions, type Table } from '../store/event-batch.ts';
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
  expectSameTable(fast.dimensions.actions, plain.dimensions.actions);
  return { rows: fast.events.rowCount, related: fast.related.rowCount };
}

/** The fast reader may hold a tuple twice: each row's own is compared, value by value. */
function expectSameEvents(fast: EncodedRows, plain: EncodedRows): void {
  const rest = ({ rowCount, columns }: Table): Table => {
    const isPosition = (name: string) => eventDimensions.some((d) => dimensionIds[d] === name);
    const others = Object.entries(columns).filter(([name]) => !isPosition(name));
    return { rowCount, columns: Object.fromEntries(others) };
  };
  expectSameTable(rest(fast.events), rest(plain.events));
  for (const name of eventDimensions) {
    expectSameTable(tuplesOfRows(fast, name), tuplesOfRows(plain, name));
  }
}

/** The tuple of a dimension for each row of the events. */
function tuplesOfRows({ events, dimensions }: EncodedRows, name: EventDimension): Table {
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
      { SecretARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:s', SecretVersionId: 'v' },
      { a: 'x', SecretARN: 's', PARAMETER_ARN: 'p' },
      { PARAMETER_ARN: 'p', 'aws:ebs:id': 'vol-1' },
      { 'aws:lambda:FunctionArn': '' },
      { 'aws:logs:arn': 'é' },
      { 'aws:sns:topicArn': 'tab\t' },
      { 'aws:kinesis:arn': 7 },
      { 'aws-crypto-public-key': 'A+/=' },
      { 'aws-crypto-public-key': 'A', SecretARN: 's' },
      { 'aws:dynamodb:tableName': 't', 'aws:dynamodb:subscriberId': '111111111111' },
      { 'branch-key-id': 'b', tablename: 't', 'aws-crypto-public-key': 'A' },
      { stage: 'prod', own: 'arn:', other: 'arn:aws:sqs:::q' },
      { stage: 'prod', '7': 'first for JavaScript' },
      { '': 'x' },
      { __proto__x: 'x', nested: { 'aws:ebs:id': 'v' } },
      Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`k${i}`, 'arn:x'])),
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

  test('on every context as it may be written', () => {
    const texts = [
      '{"SecretARN":"s", "a":"b"}',
      '{ "SecretARN":"s"}',
      '{"SecretARN":"s","SecretARN":"t"}',
      '{"a":"b","a":"c"}',
      '{"a":"arn:x","b":"\\u0061rn:y"}',
      '{"\\u0061":"b"}',
      '{"__proto__":"arn:x"}',
      '{"a":"b"}',
      '{"aws:ebs:id":"vol-1","x":null}',
      '{"aws:ebs:id":"vol-1",}',
    ];
    const [record] = withRecipient([kms({ requestParameters: { encryptionContext: 'HERE' } })]);
    for (const text of texts) {
      const written = JSON.stringify(record).replace('"HERE"', text);
      expectSame(new FastReader(), [fileOf(`{"Records":[${written},${written}]}`)]);
    }
  });

  test('on every identity, a plain session of a role or not', () => {
    const arn = 'arn:aws:sts::111122223333:assumed-role/app/web/i-0123';
    const issuer = { type: 'Role', arn: 'arn:aws:iam::111122223333:role/x/app', accountId: '1' };
    const session = {
      type: 'AssumedRole',
      principalId: 'AROA:i-0123',
      arn,
      accountId: '111122223333',
      accessKeyId: 'ASIAEXAMPLE',
      sessionContext: { sessionIssuer: issuer, attributes: { mfaAuthenticated: 'false' } },
    };
    const { accessKeyId: _, ...withoutKey } = session;
    const { sessionContext: __, ...withoutContext } = session;
    const arns = [
      'arn:aws-cn:sts::111122223333:assumed-role/a/b',
      'arn:AWS:sts::111122223333:assumed-role/a/b',
      'arn:aws:sts::11112222333:assumed-role/a/b-longer-than-it-was',
      'arn:aws:sts::111122223333:assumed-role/a',
      'arn:aws:sts::111122223333:assumed-role/a/',
      'arn:aws:sts::111122223333:assumed-role//b',
      'arn:aws:sts::111122223333:assumed-role///b',
      'arn:aws:sts::111122223333:assumed-role/é/b',
      'arn:aws:sts::111122223333:assumed-role/a"/b',
      'arn:aws:sts::111122223333:federated-user/bob',
      'arn:aws:iam::111122223333:user/bob',
      '',
    ];
    const users: unknown[] = [
      session,
      withoutKey,
      withoutContext,
      ...arns.map((other) => ({ ...session, arn: other })),
      { ...session, accessKeyId: '' },
      { ...session, accessKeyId: null },
      { ...session, accessKeyId: 7 },
      { ...session, accountId: 7 },
      { ...session, accountId: '' },
      { ...session, type: 'FederatedUser' },
      { ...session, invokedBy: 's3.amazonaws.com' },
      { ...session, invokedBy: '' },
      { ...session, invokedBy: 'AWS Internal' },
      { ...session, sessionContext: {} },
      { ...session, sessionContext: { sessionIssuer: {} } },
      { ...session, sessionContext: { sessionIssuer: { ...issuer, arn: '' } } },
      { ...session, sessionContext: [issuer] },
      { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/bob', accountId: '111122223333' },
      { type: 'AWSService', invokedBy: 'sns.amazonaws.com' },
      null,
      'root',
    ];
    const others = [
      {},
      { sessionCredentialFromConsole: 'true' },
      { sessionCredentialFromConsole: true },
      { sessionCredentialFromConsole: 'false' },
      { sessionCredentialFromConsole: null },
      { recipientAccountId: '' },
      { recipientAccountId: 111122223333 },
      { recipientAccountId: null },
    ];
    const records = users.flatMap((userIdentity) =>
      others.map((other) => kms({ userIdentity, ...other })),
    );
    const { rows } = expectSame(new FastReader(), [recordsFile(withRecipient(records), somePath)]);
    expect(rows).toBe(records.length);
    const twice = JSON.stringify(withRecipient([kms({ userIdentity: session })])[0]);
    for (const name of ['arn', 'type', 'accountId', 'sessionIssuer']) {
      const text = twice.replace(`"${name}":`, `"${name}":"x","${name}":`);
      expectSame(new FastReader(), [fileOf(`{"Records":[${text},${twice}]}`)]);
    }
  });

  test('on every client, an IPv4 address or not', () => {
    const sources = [
      '10.0.0.1',
      '255.255.255.255',
      '256.1.1.1',
      '01.1.1.1',
      '1.1.1',
      '1.1.1.1.1',
      '1.1.1.1 ',
      '0.0.0.0',
      '2001:db8::1',
      'AWS Internal',
      's3.amazonaws.com',
      '',
      null,
    ];
    const agents = [
      undefined,
      'aws-cli/2',
      'AWS Internal',
      's3.amazonaws.com',
      '.amazonaws.com',
      'x.amazonaws.com ',
      'é',
      'a"b',
      '',
      7,
    ];
    const more = [
      {},
      { vpcEndpointId: 'vpce-1', tlsDetails: { cipherSuite: 'c', tlsVersion: 'TLSv1.3' } },
      { vpcEndpointId: '', tlsDetails: {} },
      { vpcEndpointId: null, tlsDetails: null },
      { tlsDetails: { tlsVersion: '' } },
      { tlsDetails: { tlsVersion: 1.3 } },
      { tlsDetails: 'TLSv1.3' },
    ];
    const records = sources.flatMap((sourceIPAddress) =>
      agents.flatMap((userAgent) =>
        more.map((rest) => kms({ sourceIPAddress, userAgent, ...rest })),
      ),
    );
    const { rows } = expectSame(new FastReader(), [recordsFile(withRecipient(records))]);
    expect(rows).toBe(records.length);
  });

  test('when texts are longer than the columns of one go', () => {
    const lengths = [0, 1, 15, 16, 17, 3_000, 700_000, 2_097_100, 2_097_152, 2_300_000];
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

function withRecipient(records: readonly Record<string, unknown>[]) {
  return records.map((record) => ({
    awsRegion: 'eu-west-1',
    recipientAccountId: '111111111111',
    ...record,
  }));
}
