import { afterEach, beforeEach, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { expectConserved } from '../support/database-content.ts';
import { kmsRecord, logOf } from '../support/kms-records.ts';
import { S3Double, type Fault } from '../support/s3-double.ts';

// What passes with another try is in ingest-s3.test.ts: here, what an object's status becomes.
const keys = ['a', 'b', 'c'].map((name) => `AWSLogs/${name}.json.gz`);
let s3: S3Double;
let database: Database;
let engine: DuckDbEngine;

beforeEach(async () => {
  s3 = await S3Double.start();
  for (const key of keys) s3.put('logs', key, logOf([kmsRecord(key), kmsRecord(`${key} 2`)]));
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database, { connections: 1 });
});
afterEach(async () => {
  engine.close();
  database.close();
  await s3.stop();
});

async function run(): Promise<IngestSummary> {
  const source = await openSource('s3://logs', {
    endpoint: s3.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    anonymous: true,
    tuning: { maxAttempts: 2, requestTimeoutMs: 500, socketTimeoutMs: 500, retryBaseMs: 1 },
  });
  return ingest(database, [source], { workers: 1 });
}

const ledger = async () =>
  Object.fromEntries(
    (await engine.rows('SELECT key, status, error_class FROM ingest_objects')).map((row) => [
      row['key'],
      row['error_class'] ?? row['status'],
    ]),
  );

/** The second run, without faults, holds all records, and a third has nothing to do. */
async function expectNextRunCompletes(): Promise<void> {
  s3.clearFaults();
  expect(await run()).toMatchObject({ status: 'done', objects_pending: 0, objects_gone: 0 });
  expect(await expectConserved(engine)).toBe(keys.length * 2);
  expect(await engine.rows('SELECT * FROM ingest_retries')).toEqual([]);
  expect(await run()).toMatchObject({ status: 'done', objects_new: 0 });
}

const b = /b\.json\.gz$/;
const pending: [name: string, kind: Fault['kind'], error_class: string][] = [
  ['denied', 'denied', 'object_denied'],
  ['archived', 'archived', 'object_archived'],
  ['behind expired credentials', 'expired_token', 'object_credentials'],
  ['never answered', 'hang', 'object_transient'],
];
test.each(pending)('an object that is %s waits for the next run', async (_, kind, error_class) => {
  s3.fault({ op: 'get', kind, key: b });
  expect(await run()).toMatchObject({
    status: 'partial',
    objects_ok: 2,
    objects_pending: 1,
    inserted: 4,
    classes: { [error_class]: 1 },
  });
  expect(Object.keys(await ledger())).toHaveLength(2);
  expect(await engine.rows('SELECT key, error_class, attempts FROM ingest_retries')).toEqual([
    { key: keys[1], error_class, attempts: 1 },
  ]);
  await run();
  expect(await engine.rows('SELECT attempts FROM ingest_retries')).toEqual([{ attempts: 2 }]);
  await expectNextRunCompletes();
});

test('an object that is gone after the listing is noted, and read when it is listed again', async () => {
  s3.fault({ op: 'get', kind: 'not_found', key: b });
  expect(await run()).toMatchObject({
    status: 'done',
    objects_ok: 2,
    objects_gone: 1,
    inserted: 4,
  });
  expect(await ledger()).toMatchObject({ [keys[1]!]: 'object_gone' });
  await expectNextRunCompletes();
  expect(await ledger()).toMatchObject({ [keys[1]!]: 'ok' });
});

test('an object that is overwritten between listing and reading comes with its new content', async () => {
  const source = await openSource('s3://logs', {
    endpoint: s3.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    anonymous: true,
  });
  const overwriting = {
    description: source.description,
    reader: source.reader,
    async *list(...args: Parameters<typeof source.list>) {
      yield* source.list(...args);
      s3.put('logs', keys[1]!, logOf([kmsRecord(keys[1]!), kmsRecord('rewritten')]));
    },
  };
  expect(await ingest(database, [overwriting], { workers: 1 })).toMatchObject({
    status: 'partial',
    objects_ok: 2,
    objects_pending: 1,
    classes: { object_changed: 1 },
  });
  expect(await run()).toMatchObject({ status: 'done', objects_ok: 1, inserted: 2 });
  const [row] = await engine.rows(
    `SELECT count(*) AS n FROM kms_events WHERE event_id = '${String(kmsRecord('rewritten')['eventID'])}'`,
  );
  expect(row).toEqual({ n: 1 });
});

test('a listing that is cut short leaves its place for the next run', async () => {
  s3.pageKeysMost = 2;
  s3.fault({ op: 'list', kind: 'truncated_list', laterPages: true });
  const first = await run();
  expect(first).toMatchObject({ status: 'partial', objects_gone: 0, objects_dead: 0 });
  expect(first.problems).toHaveLength(1);
  await expectNextRunCompletes();
});
