import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { columnsOf, schemaSha256, schemaVersion } from '../../store/schema.ts';
import { withFolder } from '../support/folder.ts';

/** Written by the last keymeter of schema 1 from twelve files of the demo trail. */
const version1 = () =>
  gunzipSync(readFileSync(new URL('fixtures/version-1.duckdb.gz', import.meta.url)));

/** What the keymeter that wrote it answered. */
const answered = { events: 79, related: 20, seconds: 74 };

const countsSql = `SELECT (SELECT count(*) FROM kms_events) AS events,
  (SELECT count(*) FROM related_events) AS related, (SELECT count(*) FROM calls_per_second) AS seconds`;

test('the hash of schema.sql is the one that databases are stamped with', () => {
  const sha256 = createHash('sha256').update(readFileSync('store/schema.sql')).digest('hex');
  expect(
    schemaSha256,
    `schema.sql changed: put its hash into store/schema.ts. New tables, and new columns that may be null at the end of
a table, reach older databases by themselves; anything else needs a statement in \`changes\` there.`,
  ).toBe(sha256);
});

test.each([{ readOnly: true }, { readOnly: false }])(
  'a database of schema 1 has the tables of a new one when it was opened with %o',
  async ({ readOnly }) => {
    await withFolder(async (folder) => {
      const file = path.join(folder, 'old.duckdb');
      writeFileSync(file, version1());
      const old = await openDatabase(file, { readOnly });
      const engine = new DuckDbEngine(old);
      expect(await engine.rows(countsSql)).toEqual([answered]);
      expect(await engine.rows('SELECT max(version) AS v FROM keymeter_schema')).toEqual([
        { v: schemaVersion },
      ]);
      engine.close();
      const fresh = await openDatabase(path.join(folder, 'new.duckdb'));
      const [is, should] = [await old.connect(), await fresh.connect()];
      expect(await columnsOf(is)).toEqual(await columnsOf(should));
      const relations = `SELECT table_name, column_name, data_type FROM duckdb_columns()
        WHERE table_name IN (SELECT view_name FROM duckdb_views() WHERE NOT internal) ORDER BY ALL`;
      const viewsOf = async (connection: typeof is) =>
        (await connection.runAndReadAll(relations)).getRows();
      expect(await viewsOf(is)).toEqual(await viewsOf(should));
      is.closeSync();
      should.closeSync();
      old.close();
      fresh.close();
    });
  },
);

test('what cannot be migrated is refused, and not a byte of it changes', async () => {
  await withFolder(async (folder) => {
    const file = path.join(folder, 'old.duckdb');
    writeFileSync(file, version1());
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run('ALTER TABLE keys DROP COLUMN store_quota_id');
    await connection.run('ALTER TABLE keys ADD COLUMN strange INTEGER');
    connection.closeSync();
    instance.closeSync();
    const before = readFileSync(file);
    await expect(openDatabase(file)).rejects.toMatchObject({
      code: 'database_older',
      message: expect.stringContaining(
        'keys.store_quota_id VARCHAR is keys.additional_event_data VARCHAR',
      ),
    });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
