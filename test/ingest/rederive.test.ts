import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { rederive } from '../../ingest/rederive.ts';
import { rulesVersion } from '../../ingest/rules/rules-version.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { contentOf, withDatabase } from '../support/database-content.ts';
import { withFolder } from '../support/folder.ts';
import { recordsOf, sortCount } from '../support/mixed-trail.ts';
import { commandLine } from '../support/run-command-line.ts';

const s3 = (name: string) => ({ 'aws:s3:arn': `arn:aws:s3:::lake/${name}` });
const records = [
  ...recordsOf(Array.from({ length: sortCount }, (_, sort) => ({ sort, second: sort }))),
  ...['a/b', 'ü "c"', ''].map((name, i) => ({
    eventID: `00000000-0000-4000-8000-00000000000${i}`,
    eventTime: '2026-10-05T12:30:00Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    eventType: 'AwsApiCall',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '192.0.2.7',
    userAgent: 'aws-cli/2',
    recipientAccountId: '111122223333',
    userIdentity: { type: 'AssumedRole', invokedBy: 'AWS Internal', accountId: '111122223333' },
    requestParameters: { encryptionContext: s3(name), keyId: 'alias/a' },
  })),
  {
    eventID: '00000000-0000-4000-8000-000000000009',
    eventTime: '2026-10-05T12:30:01Z',
    eventSource: 'sts.amazonaws.com',
    eventName: 'AssumeRole',
    awsRegion: 'eu-west-1',
    recipientAccountId: '111122223333',
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/u' },
  },
];

/** The trail read by both readers, one half each: in the usual envelope, and a record a line. */
async function withTrail(use: (file: string, empty: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const trail = path.join(folder, 'trail');
    const empty = path.join(folder, 'empty');
    mkdirSync(trail);
    mkdirSync(empty);
    const lines = records.map((record, i) =>
      JSON.stringify({
        ...record,
        eventID: `10000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      }),
    );
    writeFileSync(
      path.join(trail, 'usual.json.gz'),
      gzipSync(JSON.stringify({ Records: records })),
    );
    writeFileSync(path.join(trail, 'lines.json.gz'), gzipSync(lines.join('\n')));
    const file = path.join(folder, 'keymeter.duckdb');
    await withDatabase(file, async (_, database) => {
      await ingest(database, [await openSource(trail)], { workers: 1 });
    });
    await use(file, empty);
  });
}

async function everything(engine: DuckDbEngine): Promise<Record<string, unknown[]>> {
  const related = await engine.table('SELECT * FROM related_events ORDER BY ALL');
  return { ...(await contentOf(engine)), related: related.rows };
}

/** What an older keymeter with other rules might have stored of the same facts. */
const olderRules = [
  `UPDATE calls SET context_kind = 'other', quota_id = 'unknown', via_service = NULL, s3_bucket = NULL`,
  `UPDATE identities SET principal_arn = 'unknown', caller_account_id = NULL`,
  'UPDATE clients SET source_ip = NULL',
  `UPDATE keys SET key_arn = NULL, key_ref = 'none'`,
  `UPDATE actions SET principal_arn = 'unknown'`,
  `UPDATE events SET resource_arn = 'arn:old' WHERE encryption_context IS NOT NULL`,
  'UPDATE call_seconds SET offered = offered + 1',
  `UPDATE store_state SET value = '0' WHERE name = 'rules_version'`,
];

test('a corrected rule reaches what is stored at the next ingest, without the trail', async () => {
  await withTrail(async (file, empty) => {
    await withDatabase(file, async (engine, database) => {
      const before = await everything(engine);
      expect(before['events']!.length).toBeGreaterThan(sortCount);
      const connection = await database.connect();
      for (const sql of olderRules) await connection.run(sql);
      connection.closeSync();
      expect(await everything(engine)).not.toEqual(before);
      const steps: number[][] = [];
      await ingest(database, [await openSource(empty)], {
        workers: 1,
        onRederive: (done, all) => steps.push([done, all]),
      });
      expect(await everything(engine)).toEqual(before);
      expect(steps.at(-1)![0]).toBe(steps.at(-1)![1]);
      const again = await rederive(database);
      expect(again).toMatchObject({ rules_version_before: rulesVersion, tuples_changed: 0 });
      expect(again).toMatchObject({ resources_changed: 0, recounted: false });
    });
  });
});

test('the command says what it changed, and what it could not: rows that were stored without facts', async () => {
  await withTrail(async (file) => {
    const before = await withDatabase(file, async (engine, database) => {
      const content = await everything(engine);
      const connection = await database.connect();
      await connection.run(`UPDATE calls SET context_kind = 'older'`);
      await connection.run(`UPDATE calls SET facts = NULL WHERE operation <> 'Decrypt'`);
      connection.closeSync();
      return content;
    });
    const { stdout } = await commandLine('rederive', '--db', file, '--format', 'json');
    const result = JSON.parse(stdout) as Record<string, number>;
    await withDatabase(file, async (engine) => {
      const kinds = await engine.rows(
        `SELECT count(*) FILTER (WHERE context_kind = 'older') AS older, count(*) AS calls FROM calls`,
      );
      expect(Number(kinds[0]!['older'])).toBe(result['tuples_without_facts']);
      expect(Number(kinds[0]!['calls'])).toBe(
        result['tuples_without_facts']! + result['tuples_changed']!,
      );
      const decrypts = (rows: unknown[]) =>
        rows.filter((row) => JSON.stringify(row).includes('"Decrypt"'));
      expect(decrypts((await everything(engine))['events']!)).toEqual(decrypts(before['events']!));
    });
    const text = await commandLine('rederive', '--db', file);
    expect(text.stdout).toContain('were stored by a keymeter that kept no facts');
  });
});
