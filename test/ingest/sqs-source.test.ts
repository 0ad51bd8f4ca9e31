import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { Source } from '../../ingest/sources/source.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { expectConserved } from '../support/database-content.ts';
import { kmsRecord, logOf } from '../support/kms-records.ts';
import { QueueDouble, s3Message } from '../support/queue-double.ts';
import { S3Double } from '../support/s3-double.ts';

let s3: S3Double;
let queue: QueueDouble;
let database: Database;
let engine: DuckDbEngine;
let source: Source;

beforeEach(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIAEXAMPLE';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'example';
  s3 = await S3Double.start();
  queue = await QueueDouble.start();
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database, { connections: 1 });
  source = await openSource(queue.spec, {
    endpoint: s3.endpoint,
    region: 'us-east-1',
    pathStyle: true,
    tuning: { maxAttempts: 2, requestTimeoutMs: 500, socketTimeoutMs: 500, retryBaseMs: 1 },
  });
});
afterEach(async () => {
  source.close?.();
  engine.close();
  database.close();
  await queue.stop();
  await s3.stop();
});

const keyOf = (name: string) =>
  `AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/28/111122223333_CloudTrail_us-east-1_${name}.json.gz`;

/** Puts a log of two calls and returns S3's message about it. */
function put(name: string): string {
  const bytes = logOf([kmsRecord(name), kmsRecord(`${name} 2`)]);
  s3.put('logs', keyOf(name), bytes);
  const etag = createHash('md5').update(bytes).digest('hex');
  return s3Message('logs', keyOf(name), etag, bytes.length);
}

const run = () => ingest(database, [source], { workers: 1 });
const statuses = () => engine.rows('SELECT key, status FROM ingest_objects ORDER BY key');

describe('a queue as a source', () => {
  test('reads what messages name, and deletes them after the commit', async () => {
    queue.send(...['a', 'b', 'c'].map(put));
    expect(await run()).toMatchObject({ status: 'done', objects_ok: 3, inserted: 6 });
    expect(queue.size).toBe(0);
    expect(await expectConserved(engine)).toBe(6);
  });

  test('duplicates, test messages and removals are harmless; other files are acknowledged', async () => {
    const message = put('a');
    const digest = s3Message('logs', 'AWSLogs/1/CloudTrail-Digest/x.json.gz', 'e', 1);
    const tested = JSON.stringify({ Event: 's3:TestEvent' });
    const removed = message.replace('ObjectCreated:Put', 'ObjectRemoved:Delete');
    queue.send(message, message, tested, removed, digest);
    expect(await run()).toMatchObject({ status: 'done', objects_ok: 1, inserted: 2 });
    expect(queue.size).toBe(0);
    queue.send(message);
    expect(await run()).toMatchObject({ objects_known: 1, inserted: 0 });
    expect(queue.size).toBe(0);
  });

  test('a message whose object cannot be read for now stays and comes again', async () => {
    queue.send(put('a'), put('b'));
    s3.fault({ op: 'get', kind: 'denied', key: /_a\./ });
    expect(await run()).toMatchObject({ objects_ok: 1, objects_pending: 1 });
    expect(queue.size).toBe(1);
    s3.clearFaults();
    queue.showAll();
    expect(await run()).toMatchObject({ objects_ok: 1, inserted: 2 });
    expect(queue.size).toBe(0);
    expect(await expectConserved(engine)).toBe(4);
  });

  test('messages of an unknown form are left to the redrive policy, and counted', async () => {
    queue.receives_max = 2;
    queue.send('poison', put('a'));
    const first = await run();
    expect(first.inserted).toBe(2);
    expect(Object.keys(first.names_skipped)).toEqual([
      'queue message of an unknown form (left to the redrive policy)',
    ]);
    expect(queue.size).toBe(1);
    for (let i = 0; i < 2; i++) {
      queue.showAll();
      await run();
    }
    expect(queue.dead).toEqual(['poison']);
    expect(await source.backlog!()).toMatchObject({ waiting: 0, hidden: 0, unreadable: 2 });
  });

  test('what was not deleted is known when it comes again', async () => {
    queue.send(put('a'));
    queue.deletesRefused = 99;
    expect(await run()).toMatchObject({ inserted: 2, problems: [{ problem: 'failed' }] });
    expect(queue.size).toBe(1);
    queue.deletesRefused = 0;
    queue.showAll();
    expect(await run()).toMatchObject({ status: 'done', objects_known: 1, inserted: 0 });
    expect(queue.size).toBe(0);
  });

  test('an object that is gone needs nothing more', async () => {
    const message = put('a');
    s3.fault({ op: 'get', kind: 'not_found' });
    queue.send(message);
    await run();
    expect(queue.size).toBe(0);
    expect(await statuses()).toEqual([{ key: keyOf('a'), status: 'gone' }]);
  });

  test("CloudTrail's own topic: ETag and size are asked of S3, so a listing knows the object", async () => {
    put('a');
    const text = JSON.stringify({ s3Bucket: 'logs', s3ObjectKey: [keyOf('a')] });
    queue.send(JSON.stringify({ Type: 'Notification', Message: text }));
    expect(await run()).toMatchObject({ objects_ok: 1, inserted: 2 });
    const bucket = await openSource('s3://logs/AWSLogs', {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      pathStyle: true,
    });
    expect(await ingest(database, [bucket], { workers: 1 })).toMatchObject({ objects_known: 1 });
  });

  test('a slow source holds no other back', async () => {
    // An empty queue answers after seconds; the bucket is committed before.
    queue.waits = true;
    put('a');
    const bucket = await openSource('s3://logs/AWSLogs', {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      pathStyle: true,
    });
    const stop = new AbortController();
    const summary = await ingest(database, [source, bucket], {
      workers: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(summary).toMatchObject({ status: 'interrupted', inserted: 2 });
  });
});
