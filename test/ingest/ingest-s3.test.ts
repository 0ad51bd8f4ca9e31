import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { SourceOptions } from '../../ingest/sources/source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { S3Double, type FaultKind } from '../support/s3-double.ts';
import { s3ServerBinary, startS3Server } from '../support/s3-server.ts';

const account = '111122223333';
const filesInTrail = 60;
const recordsInFile = 5;
const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-ingest-s3-'));
const trail = new Map<string, Buffer>();
const tuning = {
  maxAttempts: 2,
  // Long enough for a busy machine, short enough for bodies that stall on purpose.
  requestTimeoutMs: 60_000,
  socketTimeoutMs: 1_500,
  connectionTimeoutMs: 60_000,
  retryBaseMs: 1,
};
let fromDisk: unknown;
let databases: Database[] = [];

/** A name-based UUID, so that every run makes the same trail. */
function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join('-');
}

function record(file: number, index: number): object {
  const isKms = index > 0;
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${account}:user/u${index}`,
      accountId: account,
    },
    eventTime: new Date(Date.UTC(2024, 4, 1 + (file % 3), 1, file, index))
      .toISOString()
      .replace('.000', ''),
    eventSource: isKms ? 'kms.amazonaws.com' : 's3.amazonaws.com',
    eventName: isKms ? 'Decrypt' : 'GetObject',
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    eventID: idOf(`${file}/${index}`),
    requestID: idOf(`request ${file}/${index}`),
    readOnly: true,
    eventType: 'AwsApiCall',
    recipientAccountId: account,
    requestParameters: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
    resources: [
      { ARN: `arn:aws:kms:us-east-1:${account}:key/${idOf(`key ${index}`)}`, accountId: account },
    ],
  };
}

async function newDatabase(): Promise<Database> {
  const database = await openDatabase(path.join(scratch, `${Math.random()}.duckdb`));
  databases.push(database);
  return database;
}

/** What must not depend on where the logs came from. */
async function contentOf(database: Database): Promise<unknown> {
  const engine = new DuckDbEngine(database, { connections: 1 });
  const events = await engine.rows(
    `SELECT event_id, CAST(event_time AS VARCHAR) AS event_time, account_id, region, operation, outcome,
       key_arn, principal_arn, record_index, counted FROM kms_events ORDER BY event_id`,
  );
  const seconds = await engine.rows(
    `SELECT * REPLACE (CAST(second AS VARCHAR) AS second) FROM calls_per_second ORDER BY ALL`,
  );
  engine.close();
  return { events, seconds };
}

async function ingestFrom(
  spec: string,
  options: SourceOptions,
  database: Database,
): Promise<IngestSummary> {
  return ingest(database, [await openSource(spec, options)], { workers: 2 });
}

beforeAll(async () => {
  for (let file = 0; file < filesInTrail; file++) {
    const name = `AWSLogs/${account}/CloudTrail/us-east-1/2024/05/0${1 + (file % 3)}/${account}_CloudTrail_us-east-1_2024050${1 + (file % 3)}T0105Z_${file}.json.gz`;
    const records = Array.from({ length: recordsInFile }, (_, index) => record(file, index));
    trail.set(name, gzipSync(JSON.stringify({ Records: records })));
  }
  const folder = path.join(scratch, 'trail');
  for (const [key, bytes] of trail) {
    mkdirSync(path.dirname(path.join(folder, key)), { recursive: true });
    writeFileSync(path.join(folder, key), bytes);
  }
  const database = await newDatabase();
  await ingestFrom(folder, {}, database);
  fromDisk = await contentOf(database);
  expect((fromDisk as { events: unknown[] }).events).toHaveLength(
    filesInTrail * (recordsInFile - 1),
  );
});

afterEach(() => {
  for (const database of databases) database.close();
  databases = [];
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a trail in S3 gives what it gives from disk', () => {
  let s3: S3Double;
  let options: SourceOptions;

  beforeEach(async () => {
    s3 = await S3Double.start();
    for (const [key, bytes] of trail) s3.put('logs', key, bytes);
    options = {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      anonymous: true,
      tuning,
    };
  });
  afterEach(async () => s3.stop());

  const passing: FaultKind[] = [
    'slow_down',
    'error_500',
    'reset',
    'reset_mid_body',
    'stall_mid_body',
    'short_body',
    'short_chunked',
    'flipped_bit',
  ];
  test('in one run, while every fault that passes comes by', async () => {
    for (const kind of passing) s3.fault({ op: 'get', kind, times: 1 });
    const database = await newDatabase();
    const summary = await ingestFrom('s3://logs', options, database);
    expect(summary).toMatchObject({
      status: 'done',
      objects_ok: filesInTrail,
      objects_pending: 0,
      records_total: filesInTrail * recordsInFile,
    });
    expect(await contentOf(database)).toEqual(fromDisk);
  });

  test.each(passing)('in the next run, after %s for some objects in the first', async (kind) => {
    s3.fault({ op: 'get', kind, key: /_1\d\.json\.gz$/ });
    const database = await newDatabase();
    const first = await ingestFrom('s3://logs', options, database);
    expect(first).toMatchObject({ status: 'partial', objects_ok: 50, objects_pending: 10 });
    s3.clearFaults();
    const second = await ingestFrom('s3://logs', options, database);
    expect(second).toMatchObject({ status: 'done', objects_known: 50, objects_ok: 10 });
    expect(await contentOf(database)).toEqual(fromDisk);
    s3.seen.length = 0;
    await ingestFrom('s3://logs', options, database);
    expect(s3.seen.filter(({ op }) => op === 'get')).toEqual([]);
    expect(await contentOf(database)).toEqual(fromDisk);
  });

  test('after a place could not be listed, an object was overwritten and another came late', async () => {
    const [late, rewritten] = [...trail.keys()].filter((key) => key.includes('/2024/05/01/'));
    s3.hide('logs', late ?? '');
    s3.fault({ op: 'list', kind: 'denied', key: /05\/02\/$/ });
    const database = await newDatabase();
    const first = await ingestFrom('s3://logs', options, database);
    expect(first).toMatchObject({ status: 'partial', objects_ok: 39 });
    expect(first.problems).toEqual([expect.objectContaining({ problem: 'denied' })]);
    s3.clearFaults();
    s3.hide('logs', late ?? '', false);
    const records = Buffer.from(`${JSON.stringify({ Records: [record(0, 1)] })}\n`);
    s3.put('logs', rewritten ?? '', gzipSync(records));
    await ingestFrom('s3://logs', options, database);
    expect(await contentOf(database)).toEqual(fromDisk);
  });
});

test.skipIf(!s3ServerBinary)('a real S3 server gives what the disk gives', async () => {
  const server = await startS3Server();
  const before = process.env['AWS_SHARED_CREDENTIALS_FILE'];
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = server.credentialsFile;
  const admin = new S3Client({ ...server, forcePathStyle: true, credentials: server });
  try {
    await admin.send(new CreateBucketCommand({ Bucket: 'logs' }));
    for (const [Key, Body] of trail)
      await admin.send(new PutObjectCommand({ Bucket: 'logs', Key, Body }));
    const database = await newDatabase();
    const options = { endpoint: server.endpoint, pathStyle: true, profile: 'good' };
    const summary = await ingestFrom('s3://logs/AWSLogs', options, database);
    expect(summary).toMatchObject({ status: 'done', objects_ok: filesInTrail });
    expect(await contentOf(database)).toEqual(fromDisk);
  } finally {
    admin.destroy();
    await server.stop();
    if (before === undefined) delete process.env['AWS_SHARED_CREDENTIALS_FILE'];
    else process.env['AWS_SHARED_CREDENTIALS_FILE'] = before;
  }
});
