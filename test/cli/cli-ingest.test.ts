import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectConserved, withDatabase } from '../support/database-content.ts';
import { idOf, kmsRecord, logOf, put } from '../support/kms-records.ts';
import { S3Double } from '../support/s3-double.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-cli-ingest-'));
const trail = path.join(scratch, 'trail');
const at = (name: string) => path.join(scratch, name);
const main = path.resolve('dist/cli/main.js');

beforeAll(() => {
  for (let i = 0; i < 3; i++) put(trail, `${i}.json.gz`, logOf([kmsRecord(`${i}`)]));
});
afterAll(() => rmSync(scratch, { recursive: true }));

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs keymeter as a process of its own; `limits` are shell commands before it. */
function keymeter(args: readonly string[], limits = ''): Promise<Ran> {
  const child = spawn('bash', ['-c', `${limits} exec "$0" "$@"`, process.execPath, main, ...args]);
  const ran = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (ran.stdout += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (ran.stderr += String(chunk)));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...ran })));
}

const ingestInto = (db: string, ...more: string[]) =>
  keymeter([
    'ingest',
    ...(more.length ? more : [trail]),
    '--db',
    db,
    '--workers',
    '1',
    '--format',
    'json',
  ]);

function expectError(ran: Ran, exitCode: number, code: string, says: RegExp): void {
  expect(ran.stderr).toContain(`[${code}]`);
  expect(ran.stderr).toMatch(says);
  expect(ran.code).toBe(exitCode);
  expect(ran.stdout).toBe('');
}

test('a source that is not there is named', async () => {
  const ran = await ingestInto(at('missing.duckdb'), at('no such folder'));
  expectError(ran, 1, 'source_not_found', /no such folder/);
});

test('a bucket that denies, or is not there, is named', async () => {
  const s3 = await S3Double.start();
  try {
    const flags = [
      '--endpoint',
      s3.endpoint,
      '--path-style',
      '--anonymous',
      '--s3-region',
      'us-east-1',
    ];
    s3.createBucket('closed');
    s3.fault({ op: 'list', kind: 'denied' });
    const db = at('denied.duckdb');
    expectError(await ingestInto(db, 's3://closed', ...flags), 1, 'bucket_denied', /"closed"/);
    s3.clearFaults();
    expectError(await ingestInto(db, 's3://absent', ...flags), 1, 'bucket_not_found', /"absent"/);
  } finally {
    await s3.stop();
  }
});

test('a database that another process holds is refused with its number, and is not harmed', async () => {
  const db = at('held.duckdb');
  await withDatabase(db, async () => {
    expectError(
      await ingestInto(db),
      3,
      'database_in_use',
      new RegExp(`process ${process.pid}\\b`),
    );
  });
  expect((await ingestInto(db)).code).toBe(0);
});

test('a database of a newer version, of another program, and a file that is none, are left alone', async () => {
  const newer = at('newer.duckdb');
  expect((await ingestInto(newer)).code).toBe(0);
  for (const [file, sql] of [
    [newer, 'UPDATE keymeter_schema SET version = version + 1'],
    [at('foreign.duckdb'), 'CREATE TABLE theirs (x INTEGER)'],
  ] as const) {
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
  }
  expectError(await ingestInto(newer), 1, 'database_newer', /schema \d+/);
  expectError(await ingestInto(at('foreign.duckdb')), 1, 'database_not_keymeter', /foreign/);
  writeFileSync(at('text.duckdb'), 'this is no database at all, '.repeat(1_000));
  expectError(await ingestInto(at('text.duckdb')), 2, 'not_a_database', /text\.duckdb/);
  mkdirSync(at('folder.duckdb'));
  expectError(await ingestInto(at('folder.duckdb')), 2, 'database_not_file', /folder\.duckdb/);
});

/** Root reads everything: the test then runs as nobody, where that user may reach the checkout. */
const asNobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
const rootReadsAll = process.getuid?.() === 0;
const nobodyCan =
  rootReadsAll &&
  spawnSync('bash', ['-c', `${asNobody} ${process.execPath} ${main} --help`]).status === 0;
if (rootReadsAll && !nobodyCan) console.warn('SKIP: run as root, and nobody cannot run keymeter');

test.skipIf(rootReadsAll && !nobodyCan)(
  'an unreadable file waits, and the others are read',
  async () => {
    const folder = mkdtempSync(at('open-'));
    for (const name of ['a', 'b'])
      put(folder, `${name}.json.gz`, logOf([kmsRecord(`open ${name}`)]));
    chmodSync(scratch, 0o755);
    chmodSync(folder, 0o777);
    chmodSync(path.join(folder, 'b.json.gz'), 0);
    const db = path.join(folder, 'x.duckdb');
    const args = `ingest ${folder} --db ${db} --format json`;
    const ran = await keymeter(
      [],
      rootReadsAll
        ? `exec ${asNobody} ${process.execPath} ${main} ${args};`
        : `exec ${process.execPath} ${main} ${args};`,
    );
    expect(JSON.parse(ran.stdout)).toMatchObject({
      status: 'partial',
      objects_ok: 1,
      objects_pending: 1,
      classes: { object_denied: 1 },
    });
    expect(ran.code).toBe(4);
    chmodSync(path.join(folder, 'b.json.gz'), 0o644);
    expect(JSON.parse((await ingestInto(db, folder)).stdout)).toMatchObject({
      status: 'done',
      inserted: 1,
    });
  },
);

/** In kB: when the database is made, while rows are committed, and when they are folded at the end. */
test.each([100, 1_500, 3_000])(
  'a disk that is full at %i kB ends the run in words, and the next run completes',
  async (limit) => {
    const folder = at(`many-${limit}`);
    const files = 20;
    const perFile = 1_000;
    for (let file = 0; file < files; file++) {
      const records = Array.from({ length: perFile }, (_, i) =>
        kmsRecord(`${file} ${i}`, { errorMessage: idOf(`${file} ${i} x`).repeat(5) }),
      );
      put(folder, `${file}.json.gz`, logOf(records));
    }
    const db = at(`full-${limit}.duckdb`);
    const args = [
      'ingest',
      folder,
      '--db',
      db,
      '--workers',
      '1',
      '--commit-objects',
      '2',
      '--format',
      'json',
    ];
    // The limit on the size of a file stands for the disk's: writes beyond it fail with an error.
    const ran = await keymeter(args, `trap '' XFSZ; ulimit -f ${limit};`);
    expectError(ran, 1, 'database_fatal', /free disk space/);
    if (limit > 100) await withDatabase(db, expectConserved);
    const next = await keymeter(args);
    expect(next.code).toBe(0);
    expect(JSON.parse(next.stdout)).toMatchObject({ status: 'done', duplicate: 0 });
    expect(await withDatabase(db, expectConserved)).toBe(files * perFile);
  },
);
