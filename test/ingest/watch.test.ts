import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { watch } from '../../ingest/watch.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { expectConserved } from '../support/database-content.ts';
import { kmsRecord, logOf } from '../support/kms-records.ts';
import { S3Double } from '../support/s3-double.ts';

let folder: string;
let database: Database;
let engine: DuckDbEngine;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'keymeter-watch-'));
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database, { connections: 1 });
});
afterEach(() => {
  engine.close();
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A file appears whole: written beside and renamed, as a copying tool does. */
function put(name: string): void {
  const part = path.join(folder, `.${name}.part`);
  writeFileSync(part, logOf([kmsRecord(name), kmsRecord(`${name} 2`)]));
  mkdirSync(path.join(folder, 'logs'), { recursive: true });
  renameSync(part, path.join(folder, 'logs', `${name}.json.gz`));
}

test('a directory is read again when it changes, without waiting for the interval', async () => {
  put('first');
  const names = ['second', 'third', 'fourth'];
  const stop = new AbortController();
  const cycles: IngestSummary[] = [];
  const source = await openSource(path.join(folder, 'logs'));
  await watch(database, [source], {
    signal: stop.signal,
    workers: 1,
    interval_ms: 600_000,
    look_back_ms: 86_400_000,
    onCycle: (summary) => {
      cycles.push({ ...summary });
      const next = names.shift();
      if (next) put(next);
      else stop.abort();
    },
  });
  expect(cycles.map(({ inserted }) => inserted)).toEqual([2, 2, 2, 2]);
  expect(await expectConserved(engine)).toBe(8);
  // Cycles that find nothing leave no run behind.
  expect(await engine.rows('SELECT count(*) AS n FROM ingest_runs')).toEqual([{ n: 4 }]);
});

test('a bucket is listed whole at first, then only its last days', async () => {
  const s3 = await S3Double.start();
  const keyOf = (at: Date, name: string) => {
    const day = at.toISOString().slice(0, 10);
    return `AWSLogs/111122223333/CloudTrail/us-east-1/${day.replaceAll('-', '/')}/111122223333_CloudTrail_us-east-1_${day.replaceAll('-', '')}T0000Z_${name}.json.gz`;
  };
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000);
  const upload = (days: number, name: string) =>
    s3.put('logs', keyOf(ago(days), name), logOf([kmsRecord(name)]));
  try {
    upload(30, 'old');
    upload(0, 'new');
    const stop = new AbortController();
    const inserted: number[] = [];
    const source = await openSource('s3://logs/AWSLogs', {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      anonymous: true,
    });
    let listed = 0;
    await watch(database, [source], {
      signal: stop.signal,
      workers: 1,
      interval_ms: 50,
      look_back_ms: 2 * 86_400_000,
      onCycle: (summary) => {
        inserted.push(summary.inserted);
        if (inserted.length === 1) {
          listed = s3.seen.length;
          // The first is older than the look-back: found by the whole listing of the next day only.
          upload(20, 'too late');
          upload(1, 'late');
        } else stop.abort();
      },
    });
    expect(inserted).toEqual([2, 1]);
    const later = s3.seen.slice(listed).filter(({ op }) => op === 'list');
    const oldDay = ago(30).toISOString().slice(0, 10).replaceAll('-', '/');
    expect(later.some(({ key }) => key.includes(oldDay))).toBe(false);
    expect(await expectConserved(engine)).toBe(3);
  } finally {
    await s3.stop();
  }
});

test('a source that fails for a time is tried again', async () => {
  const s3 = await S3Double.start();
  try {
    s3.put('logs', 'AWSLogs/a.json.gz', logOf([kmsRecord('a')]));
    const source = await openSource('s3://logs/AWSLogs', {
      endpoint: s3.endpoint,
      region: 'us-east-1',
      pathStyle: true,
      anonymous: true,
      tuning: { maxAttempts: 1, retryBaseMs: 1 },
    });
    s3.fault({ op: 'list', kind: 'error_500', times: 8 });
    const stop = new AbortController();
    const seen: string[] = [];
    await watch(database, [source], {
      signal: stop.signal,
      workers: 1,
      interval_ms: 10,
      look_back_ms: 86_400_000,
      onCycle: ({ problems, inserted }) => {
        seen.push(problems.length > 0 ? 'problem' : `${inserted} inserted`);
        if (inserted > 0) stop.abort();
      },
    });
    expect(seen[0]).toBe('problem');
    expect(seen.at(-1)).toBe('1 inserted');
  } finally {
    await s3.stop();
  }
});
