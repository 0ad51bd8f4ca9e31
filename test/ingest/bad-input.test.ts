import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { JsonRow } from '../../store/engine.ts';
import { expectConserved } from '../support/database-content.ts';
import { kmsRecord, logOf, put } from '../support/kms-records.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-bad-input-'));
const cap = 8_000_000;

/** What the ledger must say of a file. Counts: records_total, non_kms, inserted, rejected. */
interface Case {
  file: string;
  bytes: Buffer;
  status: string;
  error_class: string | null;
  counts: [number, number, number, number];
  /** Classes of the rejected records, by position. */
  rejects?: Record<number, string>;
}

let made = 0;
const good = (changes = {}) => kmsRecord(`good ${made++}`, changes);
const gz = (text: string | Buffer) => gzipSync(text, { level: 1 });
const cases: Case[] = [];
const add = (
  file: string,
  bytes: Buffer,
  status: string,
  error_class: string | null,
  counts: Case['counts'] = [0, 0, 0, 0],
  rejects: Record<number, string> = {},
) => cases.push({ file, bytes, status, error_class, counts, rejects });
/** A log that is read whole: so many KMS records. */
const fine = (file: string, text: string, inserted: number) =>
  add(file, gz(text), 'ok', null, [inserted, 0, inserted, 0]);
const skipped = (file: string, document: unknown, error_class: string) =>
  add(file, gz(JSON.stringify(document)), 'skipped', error_class);

// Bytes.
const log = logOf([good()]);
const flipped = Buffer.from(log);
flipped[flipped.length >> 1]! ^= 4;
add('empty file', Buffer.alloc(0), 'dead', 'empty_file');
add('truncated', log.subarray(0, -20), 'dead', 'gzip_truncated');
add('bit-flipped', flipped, 'dead', 'gzip_corrupt');
add('compressed twice', gz(logOf([good()])), 'dead', 'gzip_double');
add('bomb', gz(Buffer.alloc(cap + 1, 0x20)), 'dead', 'gzip_too_large');
add('bomb of values', gz(`{"Records":[${'{},'.repeat(cap / 4)}{}]}`), 'skipped', 'records_missing');
add(
  'two members',
  Buffer.concat([logOf([good()]), logOf([good(), good()])]),
  'ok',
  'gzip_multi_member',
  [3, 0, 3, 0],
);
add(
  'trailing data',
  Buffer.concat([logOf([good()]), Buffer.from('\0hidden')]),
  'ok',
  'gzip_trailing_data',
  [1, 0, 1, 0],
);
add('zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 1, 2, 3]), 'dead', 'compressed');
add('not compressed', Buffer.from(JSON.stringify({ Records: [good()] })), 'ok', null, [1, 0, 1, 0]);

// Documents.
add('no JSON', gz('hello'), 'dead', 'not_json');
add(
  'truncated JSON',
  gz(JSON.stringify({ Records: [good(), good()] }).slice(0, -30)),
  'dead',
  'json_truncated',
);
add('Records null', gz('{"Records":null}'), 'dead', 'records_null');
add('Records an object', gz('{"Records":{}}'), 'dead', 'records_missing');
add('no Records', gz('{"a":1}'), 'skipped', 'records_missing');
add('an empty object', gz('{}'), 'skipped', 'records_missing');
add('a number', gz('7'), 'dead', 'not_a_log');
add('no record', gz('{"Records":[]}'), 'empty', null);
add('very deep document', gz(`${'['.repeat(1e6)}${']'.repeat(1e6)}`), 'skipped', 'records_missing');
add(
  'deep envelopes',
  gz(`${'{"Events":['.repeat(1e5)}${']}'.repeat(1e5)}`),
  'dead',
  'nesting_too_deep',
);

// Records.
const thousand = Array.from({ length: 1_000 }, () => good());
const withBad = (bad: string) => {
  const texts = thousand.map((record) => JSON.stringify({ ...record, eventID: good()['eventID'] }));
  texts[500] = bad;
  return gz(`{"Records":[${texts.join(',')}]}`);
};
const among = (file: string, bad: string, error_class: string) =>
  add(file, withBad(bad), 'ok', null, [1_000, 0, 999, 1], { 500: error_class });
among(
  'one that is no JSON among a thousand',
  '{"eventSource":"kms.amazonaws.com",}',
  'record_not_json',
);
among('one without eventID', JSON.stringify(good({ eventID: undefined })), 'missing_event_id');
among(
  'one without eventTime',
  JSON.stringify(good({ eventTime: undefined })),
  'missing_event_time',
);
among(
  'one of no time',
  JSON.stringify(good({ eventTime: '2026-02-31T00:00:00Z' })),
  'bad_event_time',
);
among('one without eventName', JSON.stringify(good({ eventName: '' })), 'missing_event_name');
among('one that is a number', '7', 'not_an_object');
among('one that is null', 'null', 'not_an_object');
among(
  'one nested very deeply',
  JSON.stringify(good({ responseElements: '@' })).replace(
    '"@"',
    `${'['.repeat(1e5)}${']'.repeat(1e5)}`,
  ),
  'nesting_too_deep',
);
add(
  'ten thousand bad ones',
  gz(`{"Records":[${JSON.stringify(good())},${'7,'.repeat(10_000)}7]}`),
  'dead',
  'too_many_rejects',
);
fine(
  'unknown operation',
  JSON.stringify({ Records: [good({ eventName: 'BrandNewOperation' })] }),
  1,
);
fine('byte order mark', `\ufeff${JSON.stringify({ Records: [good()] })}`, 1);
fine(
  'duplicate keys',
  JSON.stringify({ Records: [good()] }).replace(
    '"eventName":',
    '"eventName":"Encrypt","eventName":',
  ),
  1,
);
fine(
  '__proto__',
  JSON.stringify({ Records: [good()] }).replace(
    '"userIdentity":{',
    '"__proto__":{"errorCode":"x"},"userIdentity":{"__proto__":{"type":"x"},',
  ),
  1,
);
fine(
  'lone surrogates and NUL',
  JSON.stringify({ Records: [good({ userAgent: 'a\ud800b\0c', errorMessage: '\udfff' })] }),
  1,
);

// Look-alikes in the same envelope.
skipped(
  'S3 notification',
  {
    Records: [
      { eventVersion: '2.1', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: {} },
    ],
  },
  's3_notification',
);
skipped(
  'DynamoDB stream',
  { Records: [{ eventSource: 'aws:dynamodb', eventName: 'INSERT', dynamodb: {} }] },
  'dynamodb_stream',
);
skipped(
  'SQS',
  { Records: [{ eventSource: 'aws:sqs', body: '{}', receiptHandle: 'x' }] },
  'sqs_message',
);
skipped('SNS', { Records: [{ EventSource: 'aws:sns', Sns: { Message: '{}' } }] }, 'sns_message');
skipped(
  'Kinesis',
  { Records: [{ eventSource: 'aws:kinesis', kinesis: { data: '' } }] },
  'kinesis_record',
);
skipped('digest', { digestStartTime: 'x', digestS3Bucket: 'b', logFiles: [] }, 'cloudtrail_digest');
skipped(
  'Insight',
  { Records: [{ eventType: 'AwsCloudTrailInsight', insightDetails: {}, sharedEventID: 'x' }] },
  'cloudtrail_insight',
);

// Envelopes.
const two = () => [good(), good()];
fine('bare record', JSON.stringify(good()), 1);
fine('array', JSON.stringify(two()), 2);
fine(
  'NDJSON',
  two()
    .map((record) => JSON.stringify(record))
    .join('\n'),
  2,
);
fine(
  'EventBridge',
  JSON.stringify({
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: good(),
  }),
  1,
);
fine(
  'LookupEvents',
  JSON.stringify({
    Events: two().map((record) => ({
      EventId: record['eventID'],
      CloudTrailEvent: JSON.stringify(record),
    })),
  }),
  2,
);
fine(
  'CloudWatch Logs',
  JSON.stringify({
    logGroup: 'g',
    logEvents: two().map((record) => ({ id: '1', message: JSON.stringify(record) })),
  }),
  2,
);
fine(
  'CloudWatch Logs export',
  two()
    .map((record) => `2026-10-05T12:00:00.000Z ${JSON.stringify(record)}`)
    .join('\n'),
  2,
);
add(
  'NDJSON with a bad first line',
  gz(`oops\n${JSON.stringify(good())}\n`),
  'ok',
  null,
  [2, 0, 1, 1],
  { 0: 'record_not_json' },
);
add(
  'NDJSON with a bad last line',
  gz(`${JSON.stringify(good())}\n{"eventID":`),
  'ok',
  null,
  [2, 0, 1, 1],
  { 1: 'record_not_json' },
);

describe('bad input', () => {
  let database: Database;
  let engine: DuckDbEngine;
  let summary: IngestSummary;
  const ledger = new Map<string, JsonRow>();

  beforeAll(async () => {
    const folder = path.join(scratch, 'trail');
    for (const { file, bytes } of cases) put(folder, `${file}.json.gz`, bytes);
    database = await openDatabase(':memory:');
    engine = new DuckDbEngine(database, { connections: 1 });
    summary = await ingest(database, [await openSource(folder)], {
      workers: 2,
      content_bytes_max: cap,
    });
    for (const row of await engine.rows('SELECT * FROM ingest_objects')) {
      ledger.set(path.basename(String(row['key']), '.json.gz'), row);
    }
  });
  afterAll(() => {
    engine.close();
    database.close();
    rmSync(scratch, { recursive: true });
  });

  test.each(cases)(
    '$file: $status $error_class',
    async ({ file, status, error_class, counts, rejects }) => {
      const row = ledger.get(file)!;
      const [records_total, non_kms, inserted, rejected] = counts;
      expect(row).toMatchObject({
        status,
        error_class,
        records_total,
        non_kms,
        inserted,
        rejected,
      });
      if (error_class !== null) expect(String(row['error_detail'])).toMatch(/\w+ \w+/);
      const found = await engine.rows(
        'SELECT record_index, error_class, error_detail FROM ingest_rejects WHERE object_no = $no',
        { no: Number(row['object_no']) },
      );
      expect(Object.fromEntries(found.map((r) => [r['record_index'], r['error_class']]))).toEqual(
        rejects,
      );
    },
  );

  test('never stops the run, and the sums hold', async () => {
    expect(ledger.size).toBe(cases.length);
    const count = (status: string) => cases.filter((one) => one.status === status).length;
    expect(summary).toMatchObject({
      status: 'partial',
      objects_ok: count('ok'),
      objects_dead: count('dead'),
      objects_skipped: count('skipped'),
      objects_empty: count('empty'),
      inserted: await expectConserved(engine),
    });
  });

  test('odd records come out as the last of their keys says, as text', async () => {
    const rows = (
      await engine.table(`SELECT e.*, o.key FROM kms_events AS e
      JOIN ingest_objects AS o ON CAST(o.object_id AS VARCHAR) = e.object_id`)
    ).rows;
    const of = (file: string) =>
      rows.find((row) => String(row['key']).endsWith(`/${file}.json.gz`));
    expect(of('duplicate keys')).toMatchObject({ operation: 'Decrypt' });
    expect(of('__proto__')).toMatchObject({ outcome: 'success', principal_type: 'IAMUser' });
    expect(of('unknown operation')).toMatchObject({
      operation_class: 'unknown',
      quota_id: 'unknown',
      counted: true,
    });
    expect(of('lone surrogates and NUL')).toMatchObject({
      user_agent: 'a\ufffdb\0c',
      error_message: '\ufffd',
    });
    expect(({} as { errorCode?: string }).errorCode).toBeUndefined();
  });
});
