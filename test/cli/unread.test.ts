import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { failWith } from '../../cli/fail.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { harmlessClasses } from '../../ingest/unread.ts';
import { kmsRecord, logOf, put } from '../support/kms-records.ts';
import { commandLine } from '../support/run-command-line.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-unread-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const layout = (region: string, day: string) =>
  `AWSLogs/111122223333/CloudTrail/${region}/${day}/111122223333_CloudTrail_${region}_20261005T1200Z_a.json.gz`;

/** A folder of a trail in two Regions. */
function trail(name: string): string {
  const folder = path.join(scratch, name);
  put(folder, layout('us-east-1', '2026/10/05'), logOf([kmsRecord(`${name} 1`)]));
  put(folder, layout('eu-west-1', '2026/10/05'), logOf([kmsRecord(`${name} 2`)]));
  return folder;
}

/** Runs `keymeter ingest` as the shell does: exit code, summary, and what stderr says. */
async function ingested(...args: string[]) {
  const run = { exitCode: 0, stdout: '', stderr: '' };
  const { stdout, exitCode } = await commandLine('ingest', ...args, '--format', 'json').catch(
    (error: unknown) => {
      const before = process.exitCode;
      const written: string[] = [];
      const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
        written.push(String(text));
        return true;
      });
      try {
        failWith(error);
      } finally {
        spy.mockRestore();
      }
      run.stderr = written.join('');
      const code = Number(process.exitCode);
      process.exitCode = before;
      return { stdout: '', exitCode: code };
    },
  );
  const summary = stdout ? (JSON.parse(stdout) as IngestSummary) : null;
  return { exitCode, summary, stderr: run.stderr };
}

describe('a run says what it did not read', () => {
  test('names it with class and fix, on the second run too, and coverage --unread lists it', async () => {
    const folder = trail('mixed');
    const db = path.join(scratch, 'mixed.duckdb');
    put(folder, 'evidence.zip', Buffer.from('PK\x03\x04 and so on'));
    put(
      folder,
      'flow.log',
      '2 111122223333 eni-0a1b 10.0.0.1 10.0.0.2 443 1024 6 1 40 1 2 ACCEPT OK\n',
    );
    put(
      folder,
      'refused.json',
      JSON.stringify({ Records: [kmsRecord('x', { eventTime: 'never' })] }),
    );
    put(folder, 'tail.json.gz', Buffer.concat([logOf([kmsRecord('tail')]), Buffer.from('more')]));
    put(
      folder,
      'mixed.ndjson',
      `${JSON.stringify(kmsRecord('m'))}\n{"level":"info","msg":"hello"}\n`,
    );
    put(folder, 'notes.txt', 'Ask Bob about the key.\n');
    put(folder, 'picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]));
    put(folder, 'empty', '');
    const first = await ingested(folder, '--db', db);
    expect(first.exitCode).toBe(4);
    expect(first.summary).toMatchObject({
      status: 'partial',
      inserted: 4,
      rejected: 1,
      foreign: 1,
      unread_bytes: 4,
      objects_unread: 4,
      names_skipped: { no_log: 3 },
    });
    const classes = {
      'evidence.zip': 'archive',
      'flow.log': 'vpc_flow_log',
      'refused.json': 'all_rejected',
      'tail.json.gz': 'gzip_trailing_data',
    };
    const named = (summary: IngestSummary | null) =>
      Object.fromEntries(summary!.unread.map((one) => [path.basename(one.place), one.error_class]));
    expect(named(first.summary)).toEqual(classes);
    expect(first.summary!.unread.map((one) => one.error_detail).join()).toMatch(/unzip/);
    const second = await ingested(folder, '--db', db);
    expect(second.exitCode).toBe(4);
    expect(second.summary).toMatchObject({ status: 'partial', objects_new: 0, objects_unread: 4 });
    expect(named(second.summary)).toEqual(classes);
    const list = await commandLine('coverage', '--unread', '--db', db, '--format', 'json');
    const { rows } = JSON.parse(list.stdout) as { rows: Record<string, unknown>[] };
    expect(
      rows
        .map((row) => [path.basename(String(row['place'])), row['state'], row['error_class']])
        .sort(),
    ).toEqual([
      ['evidence.zip', 'not_read', 'archive'],
      ['flow.log', 'not_read', 'vpc_flow_log'],
      ['mixed.ndjson', 'in_part', 'foreign_values'],
      ['refused.json', 'not_read', 'all_rejected'],
      ['tail.json.gz', 'in_part', 'gzip_trailing_data'],
    ]);
    for (const name of Object.keys(classes)) rmSync(path.join(folder, name));
    expect(await ingested(folder, '--db', db)).toMatchObject({
      exitCode: 0,
      summary: { status: 'done', objects_unread: 0 },
    });
  });

  test('the list leaves out what ingest counts as harmless, and nothing else', () => {
    const sql = readFileSync('analytics/coverage/unread-objects.sql', 'utf8');
    const list = /NOT IN \(([^)]*)\)/.exec(sql)![1]!;
    expect([...list.matchAll(/'(\w+)'/g)].map(([, name]) => name)).toEqual(harmlessClasses);
  });

  test('what the filter leaves out is counted by option, with the first name', async () => {
    const folder = trail('filtered');
    const db = path.join(scratch, 'filtered.duckdb');
    const { summary, exitCode } = await ingested(folder, '--db', db, '--region', 'eu-west-1');
    expect(exitCode).toBe(0);
    expect(summary).toMatchObject({ inserted: 1, filtered: { region: 1 } });
    expect(summary!.filtered_first['region']).toMatch(/us-east-1$/);
  });
});

describe('a filter that cannot be meant ends with exit code 2', () => {
  const folder = trail('usage');
  const db = path.join(scratch, 'usage.duckdb');
  test.each([
    ['a Region that is misspelt', ['--region', 'eu_west_1'], /did you mean eu-west-1/],
    ['a Region that does not exist', ['--region', 'eu-west-11'], /did you mean eu-west-1/],
    ['a Region without logs', ['--region', 'sa-east-1'], /the Regions eu-west-1, us-east-1/],
    ['an account without logs', ['--account', '111122223334'], /did you mean 111122223333/],
    ['no account id', ['--account', 'prod'], /12 digits/],
    ['a range that is over', ['--from', '2026-11-01'], /left out all/],
    ['a range in the future', ['--from', '2999-01-01'], /in the future/],
    ['a range that ends first', ['--from', '2026-10-05', '--to', '2026-10-04'], /swap them/],
  ])('%s', async (_, flags, fix) => {
    const { exitCode, stderr } = await ingested(folder, '--db', db, ...flags);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(fix)]);
  });

  test('a Region of the listing is known, whatever its name', async () => {
    const own = path.join(scratch, 'new-region');
    put(own, layout('xx-north-9', '2026/10/05'), logOf([kmsRecord('new region')]));
    const { exitCode, summary } = await ingested(own, '--db', db, '--region', 'xx-north-9');
    expect([exitCode, summary!.inserted]).toEqual([0, 1]);
  });

  test('files whose path says nothing pass a filter', async () => {
    const file = put(
      scratch,
      'flat/some.json',
      gzipSync(JSON.stringify({ Records: [kmsRecord('flat')] })),
    );
    const { exitCode, summary } = await ingested(file, '--db', db, '--region', 'eu-west-1');
    expect([exitCode, summary!.inserted]).toEqual([0, 1]);
  });
});
