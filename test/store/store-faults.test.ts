import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { Writer } from '../../store/write/writer.ts';
import { event, groupItem, store } from '../support/events.ts';

test.each(['DROP TABLE call_seconds', 'ALTER TABLE events DROP COLUMN error_message'])(
  'a fault of the whole (%s) stops the run and marks no object',
  async (sql) => {
    const database = await openDatabase(':memory:');
    const connection = await database.connect();
    const writer = await Writer.open(database);
    await connection.run(sql);
    await expect(writer.commit([groupItem([event({})])], 'run')).rejects.toMatchObject({
      code: 'store_refused',
    });
    writer.close();
    const left = await connection.runAndReadAll('SELECT count(*) FROM ingest_objects');
    expect(left.getRows()).toEqual([[0n]]);
    connection.closeSync();
    database.close();
  },
);

test('a fault of one object marks that object, and the others are stored', async () => {
  const database = await openDatabase(':memory:');
  const connection = await database.connect();
  await connection.run('CREATE UNIQUE INDEX once ON events (error_message)');
  connection.closeSync();
  const said = (text: string) => event({ error_message: text });
  await store(database, [said('a')]);
  await store(database, [said('a')]);
  await store(database, [said('b')]);
  const engine = new DuckDbEngine(database);
  expect(
    await engine.rows(
      `SELECT status, error_class, inserted FROM ingest_objects ORDER BY object_no`,
    ),
  ).toEqual([
    { status: 'ok', error_class: null, inserted: 1 },
    { status: 'dead', error_class: 'store_failed', inserted: 0 },
    { status: 'ok', error_class: null, inserted: 1 },
  ]);
  engine.close();
  database.close();
});
