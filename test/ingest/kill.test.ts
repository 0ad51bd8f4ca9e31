import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { contentOf, expectConserved, withDatabase } from '../support/database-content.ts';
import { logOf, put } from '../support/kms-records.ts';
import { recordsOf, sortCount } from '../support/mixed-trail.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-kill-'));
const trail = path.join(scratch, 'trail');
const kills = 30;
/** Each folder is a source of its own, so that each is a task and soon a transaction of its own. */
const folders = Array.from({ length: 12 }, (_, i) => path.join(trail, `part-${10 + i}`));
const filesPerDelivery = 96;
const records = recordsOf(
  Array.from({ length: 8_000 }, (_, i) => ({
    sort: (i * 7 + (i >> 4)) % sortCount,
    second: i % 500,
  })),
);
/** One reader and small transactions, so that a kill finds the run between them. */
const small = ['--workers', '1', '--commit-objects', '10'];
let delivered = 0;

/** Adds files to all folders; every record comes twice, the second time in another delivery. */
function deliver(): void {
  for (let i = 0; i < filesPerDelivery; i++, delivered++) {
    const at = (n: number) =>
      records.slice((n * 3) % records.length, ((n * 3) % records.length) + 4);
    const log = logOf([...at(delivered), ...at(Math.max(0, delivered - filesPerDelivery * 2))]);
    put(folders[i % folders.length]!, `${delivered}.json.gz`, log);
  }
}

interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
}

function start(db: string): { child: ChildProcess; ended: Promise<Ended> } {
  const args = ['dist/cli/main.js', 'ingest', ...folders, '--db', db];
  const child = spawn(process.execPath, [...args, ...small, '--format', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += String(chunk)));
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, stdout })),
  );
  return { child, ended };
}

/** The ledger's row of each object that is stored. */
async function ledgerOf(db: string): Promise<Map<string, string>> {
  return withDatabase(db, async (engine) => {
    await expectConserved(engine);
    const rows = await engine.rows(
      'SELECT CAST(object_id AS VARCHAR) AS id, status, inserted, duplicate, run_id FROM ingest_objects',
    );
    return new Map(rows.map((row) => [String(row['id']), JSON.stringify(row)]));
  });
}

/** When a file was last written, in milliseconds since 1970; 0 when it is not there. */
const writtenAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** What one run that nobody disturbs makes of the same files. */
async function undisturbed() {
  return withDatabase(path.join(scratch, 'undisturbed.duckdb'), async (engine, database) => {
    await ingest(database, [await openSource(trail)], { workers: 2 });
    return contentOf(engine);
  });
}

beforeAll(deliver);
afterAll(() => rmSync(scratch, { recursive: true }));

test(`after each of ${kills} kills at random moments the database is whole and keeps what it had`, async () => {
  const db = path.join(scratch, 'killed.duckdb');
  const begun = performance.now();
  expect((await start(db).ended).code).toBe(0);
  let wholeRun_ms = performance.now() - begun;
  let kept = await ledgerOf(db);
  let landed = 0;
  let inTheMiddle = 0;
  for (let kill = 0; kill < kills; kill++) {
    deliver();
    const { child, ended } = start(db);
    const started = performance.now();
    // From before the database is open to after the last commit.
    await sleep(wholeRun_ms * (0.5 + 0.6 * Math.random()));
    child.kill('SIGKILL');
    const { signal } = await ended;
    if (signal === 'SIGKILL') landed++;
    else wholeRun_ms = performance.now() - started;
    const now = await ledgerOf(db);
    for (const [id, row] of kept) expect(now.get(id)).toBe(row);
    if (now.size > kept.size && now.size < delivered) inTheMiddle++;
    kept = now;
  }
  expect(landed).toBeGreaterThan(kills / 3);
  console.log(
    `${landed} of ${kills} kills found the run alive, ${inTheMiddle} between its commits`,
  );
  const last = await start(db).ended;
  expect(last.code).toBe(0);
  await withDatabase(db, async (engine) => {
    await expectConserved(engine);
    expect(await contentOf(engine)).toEqual(await undisturbed());
  });
  const again = JSON.parse((await start(db).ended).stdout);
  expect(again).toMatchObject({ status: 'done', objects_new: 0, objects_known: delivered });
});

test('an interrupt ends the run after the open transaction, and the next run goes on', async () => {
  const db = path.join(scratch, 'interrupted.duckdb');
  // So that no later run makes the tables, before it listens to signals.
  expect((await start(db).ended).code).toBe(0);
  deliver();
  let interrupted = 0;
  for (let tries = 0; tries < 20 && interrupted < 2; tries++) {
    const startedAt = Date.now();
    const { child, ended } = start(db);
    let over = false;
    void ended.then(() => (over = true));
    // The first sign of life that can be seen from outside is the database's log: a commit is in it.
    while (!over && writtenAt(`${db}.wal`) <= startedAt) await sleep(2);
    await sleep(10 * (tries % 4));
    if (!over) child.kill(tries % 2 ? 'SIGTERM' : 'SIGINT');
    const { code, signal, stdout } = await ended;
    if (signal !== null) continue; // The signal came before keymeter listened.
    const summary = JSON.parse(stdout) as { status: string };
    expect([code, summary.status]).toEqual(
      summary.status === 'interrupted' ? [4, 'interrupted'] : [0, 'done'],
    );
    if (summary.status === 'interrupted') interrupted++;
    await withDatabase(db, expectConserved);
    if (summary.status === 'done') deliver();
  }
  expect(interrupted).toBeGreaterThan(0);
  expect((await start(db).ended).code).toBe(0);
  await withDatabase(db, async (engine) => {
    const whole = path.join(scratch, 'whole.duckdb');
    const expected = await withDatabase(whole, async (other, database) => {
      await ingest(database, [await openSource(trail)], { workers: 2 });
      return contentOf(other);
    });
    expect(await contentOf(engine)).toEqual(expected);
  });
});
