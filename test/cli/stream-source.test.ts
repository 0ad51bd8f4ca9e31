import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IngestSummary } from '../../ingest/summary.ts';
import { kmsRecord, logOf } from '../support/kms-records.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-stream-test-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const db = path.join(scratch, 'stream.duckdb');

function piped(input: Buffer, source: string) {
  const args = ['dist/cli/main.js', 'ingest', source, '--db', db, '--format', 'json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input,
    env: { ...process.env, TMPDIR: scratch },
    encoding: 'utf8',
  });
  return { status, stderr, summary: stdout ? (JSON.parse(stdout) as IngestSummary) : null };
}

test('standard input is one object, known again by its content, and leaves no copy behind', () => {
  const log = logOf([kmsRecord('piped 1'), kmsRecord('piped 2')]);
  expect(piped(log, '-')).toMatchObject({
    status: 0,
    summary: { objects_new: 1, inserted: 2, sources: ['-'] },
  });
  expect(piped(log, '/dev/stdin')).toMatchObject({ status: 0, summary: { objects_known: 1 } });
  const lines = Buffer.from(`${JSON.stringify(kmsRecord('piped 3'))}\n`);
  expect(piped(lines, '-')).toMatchObject({ status: 0, summary: { objects_new: 1, inserted: 1 } });
  expect(piped(Buffer.from('hello'), '-')).toMatchObject({
    status: 4,
    summary: { objects_unread: 1, classes: { not_json: 1 } },
  });
  expect(readdirSync(scratch).filter((name) => name.startsWith('keymeter-stream-'))).toEqual([]);
});
