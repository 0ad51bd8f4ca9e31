import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifyCommand } from '../../cli/verify-command.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { HourVerdict, Verdict } from '../../verify/verdict.ts';
import type { VerifySummary } from '../../verify/summary.ts';
import { openDatabase } from '../../store/database.ts';
import { withDatabase } from '../support/database-content.ts';
import {
  account,
  buildChain,
  hourMs,
  region,
  signingKey,
  start,
  writeCopy,
  type BuiltDigest,
  type TrailObject,
} from '../support/digest-trail.ts';

const key = signingKey();
let directory: string;
let copy: string;
let db: string;
let objects: Map<string, TrailObject>;
let digests: BuiltDigest[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'keymeter-verified-'));
  copy = path.join(directory, 'copy');
  db = path.join(directory, 'keymeter.duckdb');
  const entry = {
    Value: key.value,
    Fingerprint: key.fingerprint,
    ValidityStartTime: 1_700_000_000,
  };
  await writeFile(path.join(directory, 'keys.json'), JSON.stringify({ PublicKeyList: [entry] }));
  objects = new Map();
  digests = buildChain(objects, [
    { logs: 1, key },
    { logs: 0, key },
    { logs: 2, key },
    { logs: 1, key },
  ]);
  await writeCopy(objects, copy);
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs the command as a user would; gives the verdicts on hours and the summary of its ndjson. */
async function verify(now: string, ...flags: string[]) {
  let text = '';
  const command = verifyCommand({
    write: (more) => void (text += more),
    now: () => new Date(now),
    setExitCode: () => undefined,
  });
  const fixed = ['verify', copy, '--keys', path.join(directory, 'keys.json'), '--db', db];
  await new Command()
    .addCommand(command)
    .parseAsync([...fixed, '--format', 'ndjson', ...flags], { from: 'user' });
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  const hours = (lines.slice(0, -1) as Verdict[]).filter((one) => one.kind === 'hour');
  return { hours, summary: lines.at(-1) as VerifySummary };
}

async function makeDatabase() {
  (await openDatabase(db)).close();
}

const stored = () =>
  withDatabase(db, async (engine) => {
    const rows = await engine.rows('SELECT * FROM verified_hours ORDER BY hour_from, hour_to');
    return rows;
  });

/** The verdict as the row that must stand for it. */
const rowOf = (verdict: HourVerdict, verified_at: string) => ({
  account_id: verdict.account_id,
  region: verdict.region,
  trail: verdict.trail,
  chain: verdict.chain,
  hour_from: verdict.hour_from,
  hour_to: verdict.hour_to,
  status: verdict.status,
  log_files: verdict.log_files,
  digest_key: verdict.digest_key,
  verified_at,
  run_id: expect.any(String) as string,
});

const byTime = (a: HourVerdict, b: HourVerdict) => (a.hour_from < b.hour_from ? -1 : 1);
const iso = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');

test('the rows are the verdicts, and a second run takes their place', async () => {
  await makeDatabase();
  const first = await verify('2026-03-05T00:00:00Z');
  const rows = await stored();
  expect(first.hours).toHaveLength(4);
  expect(rows).toEqual(first.hours.sort(byTime).map((hour) => rowOf(hour, '2026-03-05T00:00:00Z')));
  expect(rows.map((row) => [row['status'], row['log_files'], row['hour_from']])).toEqual([
    ['whole', 1, iso(start)],
    ['empty', 0, iso(start + hourMs)],
    ['whole', 2, iso(start + 2 * hourMs)],
    ['not_verifiable', 1, iso(start + 3 * hourMs)],
  ]);

  await rm(path.join(copy, digests[2]!.logKeys[1]!));
  const second = await verify('2026-03-06T00:00:00Z');
  const replaced = await stored();
  expect(replaced).toEqual(
    second.hours.sort(byTime).map((hour) => rowOf(hour, '2026-03-06T00:00:00Z')),
  );
  expect(replaced.map((row) => row['status'])).toEqual([
    'whole',
    'empty',
    'broken',
    'not_verifiable',
  ]);
  expect(new Set(replaced.map((row) => row['run_id'])).size).toBe(1);
  expect(replaced[0]!['run_id']).not.toBe(rows[0]!['run_id']);
});

test('a run over a part replaces that part only, in whole periods', async () => {
  await makeDatabase();
  await verify('2026-03-05T00:00:00Z');
  // Half an hour of the second period, and no more.
  const range = [iso(start + 1.25 * hourMs), iso(start + 1.75 * hourMs)] as const;
  await verify('2026-03-06T00:00:00Z', '--from', range[0], '--to', range[1]);
  const rows = await stored();
  expect(rows.map((row) => [row['hour_from'], row['verified_at']])).toEqual([
    [iso(start), '2026-03-05T00:00:00Z'],
    [iso(start + hourMs), '2026-03-06T00:00:00Z'],
    [iso(start + 2 * hourMs), '2026-03-05T00:00:00Z'],
    [iso(start + 3 * hourMs), '2026-03-05T00:00:00Z'],
  ]);
});

test('a stretch without digests keeps what a later run did not look at', async () => {
  await makeDatabase();
  const range = ['--from', iso(start - 10 * hourMs), '--to', iso(start)] as const;
  await verify('2026-03-05T00:00:00Z', ...range);
  const narrow = ['--from', iso(start - 6 * hourMs), '--to', iso(start - 4 * hourMs)] as const;
  await verify('2026-03-06T00:00:00Z', ...narrow);
  const rows = await stored();
  expect(rows.map((row) => [row['hour_from'], row['hour_to'], row['verified_at']])).toEqual([
    [iso(start - 10 * hourMs), iso(start - 6 * hourMs), '2026-03-05T00:00:00Z'],
    [iso(start - 6 * hourMs), iso(start - 4 * hourMs), '2026-03-06T00:00:00Z'],
    [iso(start - 4 * hourMs), iso(start), '2026-03-05T00:00:00Z'],
  ]);
  expect(new Set(rows.map((row) => row['status']))).toEqual(new Set(['no_digest']));
});

test('other accounts and Regions keep their rows, and answers get a new version', async () => {
  await makeDatabase();
  const other = (place: string) =>
    `INSERT INTO verified_hours VALUES (${place}, 't', 'standard', TIMESTAMP '2026-03-01 21:30:00',
      TIMESTAMP '2026-03-01 22:30:00', 'whole', 1, 'k', TIMESTAMP '2026-03-02 00:00:00', 'run')`;
  const before = await withDatabase(db, async (engine, database) => {
    const connection = await database.connect();
    await connection.run(other(`'${account}', 'us-east-1'`));
    await connection.run(other(`'999999999999', '${region}'`));
    await connection.run(other(`'${account}', '${region}'`));
    connection.closeSync();
    return engine.dataVersion();
  });
  await verify('2026-03-05T00:00:00Z');
  const rows = await stored();
  expect(rows.filter((row) => row['run_id'] === 'run')).toHaveLength(2);
  expect(rows).toHaveLength(6);
  expect(await withDatabase(db, (engine) => engine.dataVersion())).not.toBe(before);
});

test('the ledger takes the place of reading, but not for a file with more than one member', async () => {
  const doubled = digests[0]!.logKeys[0]!;
  const { bytes } = objects.get(doubled)!;
  await writeFile(path.join(copy, doubled), Buffer.concat([bytes, gzipSync('')]));
  const database = await openDatabase(db);
  await ingest(database, [await openSource(copy, {})], { workers: 1 });
  database.close();
  const { summary, hours } = await verify('2026-03-05T00:00:00Z');
  // Four log files; the doubled one was read, and found to be changed.
  expect(summary.log_files_from_ledger).toBe(3);
  expect(summary.log_files).toEqual({ valid: 2, not_verifiable: 1, trailing_data: 1 });
  expect(hours.sort(byTime)[0]!.status).toBe('broken');
});

test('a database that is not there is not made', async () => {
  await expect(verify('2026-03-05T00:00:00Z')).rejects.toMatchObject({ code: 'database_missing' });
});
