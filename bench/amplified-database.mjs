// Fills a database with events of realistic shape: the seeded demo trail, ingested by the real reader and
// writer, and then repeated by SQL. Each copy is shifted in time by the trail's length, so that objects,
// sessions, bursts and related events keep the pattern within a copy; ids are new.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../dist/store/database.js';
import { addCallSeconds } from '../dist/store/write/call-seconds.js';
import { Writer } from '../dist/store/write/writer.js';

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** Makes, or opens when it is there, a database of at least `events` events. */
export async function amplifiedDatabase(file, events, threads) {
  const made = existsSync(file);
  if (!made) ingestDemo(file);
  const database = await openDatabase(file, { threads });
  if (made) return database;
  const connection = await database.connect();
  const counted = async (sql) => Number((await connection.runAndReadAll(sql)).getRows()[0][0]);
  const first = await counted('SELECT count(*) FROM events');
  const days =
    1 + (await counted("SELECT date_diff('day', min(event_time), max(event_time)) FROM events"));
  await connection.run('CREATE TEMP TABLE first_events AS SELECT * FROM events');
  await connection.run('CREATE TEMP TABLE first_related AS SELECT * FROM related');
  const copies = Math.ceil(events / first);
  for (let copy = 1; copy < copies; copy++) {
    const shift = `event_time + INTERVAL ${copy * days} DAY`;
    await connection.run(
      `INSERT INTO events SELECT * REPLACE (gen_random_uuid() AS event_id_uuid, NULL AS event_id_text,
         NULL AS shared_event_id_uuid, NULL AS shared_event_id_text, ${shift} AS event_time) FROM first_events`,
    );
    await connection.run(
      `INSERT INTO related SELECT * REPLACE (gen_random_uuid() AS event_id_uuid, NULL AS event_id_text, ${shift} AS event_time) FROM first_related`,
    );
  }
  await connection.run('DELETE FROM call_seconds');
  await connection.run('DELETE FROM quota_scopes');
  await addCallSeconds(connection, 'events', 1);
  connection.closeSync();
  const writer = await Writer.open(database);
  await writer.fold();
  writer.close();
  return database;
}

function ingestDemo(file) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-bench-'));
  for (const args of [
    ['demo', folder, '--seed', '7'],
    ['ingest', folder, '--db', file],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`keymeter ${args[0]} failed: ${stderr}`);
  }
  rmSync(folder, { recursive: true });
}
