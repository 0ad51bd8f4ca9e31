import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { generateDemoTrail } from '../../demo/generate.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { kmsEventColumns } from '../../store/relations.ts';
import { oracleRow } from '../support/column-oracle.ts';
import type { OracleRow } from '../support/context-oracle.ts';
import { idOf, logOf, put } from '../support/kms-records.ts';
import { logFiles } from '../support/read-rows.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-oracle-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type RawRecord = Record<string, any>;

/** The records of each log under a folder, by JSON.parse; files that are no CloudTrail log have none. */
function recordsByFile(folder: string): Map<string, RawRecord[]> {
  return new Map(
    logFiles(folder).map((file) => {
      const content = JSON.parse(gunzipSync(readFileSync(file)).toString());
      return [file, Array.isArray(content['Records']) ? content['Records'] : []];
    }),
  );
}

const isKms = (record: RawRecord) =>
  record['eventSource'] === 'kms.amazonaws.com' &&
  typeof record['eventID'] === 'string' &&
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.test(String(record['eventTime']));

/** Account and Region of CloudTrail's file names. */
function pathFacts(file: string): [string | null, string | null] {
  const [account, , region] = path.basename(file).split('_');
  return /^\d{12}$/.test(account ?? '') && region ? [account!, region] : [null, null];
}

const identity = (row: OracleRow) => `${row['event_id']} ${row['event_time']}`;

/** Which events count, by plain loops over all rows (definitions: Call). */
function countedOf(rows: readonly OracleRow[]): Set<string> {
  const actions = new Map<string, OracleRow>();
  const rank = (row: OracleRow) =>
    `${row['account_id'] !== null && row['account_id'] === row['caller_account_id'] ? 0 : 1}${row['event_id']}`;
  for (const row of rows) {
    if (row['event_type'] !== 'AwsApiCall') continue;
    const key = row['shared_event_id'] === null ? identity(row) : `shared ${row['action_id']}`;
    const best = actions.get(key);
    if (!best || rank(row) < rank(best)) actions.set(key, row);
  }
  return new Set([...actions.values()].map(identity));
}

/** Ingests a folder and compares every column of every event with the oracle; returns how many. */
async function expectColumns(place: string): Promise<number> {
  const folder = realpathSync(place);
  const files = recordsByFile(folder);
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database, { connections: 1 });
  try {
    await ingest(database, [await openSource(folder)], { workers: 2 });
    const { rows } = await engine.table(`SELECT e.*, o.key AS file FROM kms_events AS e
      JOIN ingest_objects AS o ON CAST(o.object_id AS VARCHAR) = e.object_id`);
    const all = [...files].flatMap(([file, records]) =>
      records.filter(isKms).map((record) => oracleRow(record, ...pathFacts(file))),
    );
    const counted = countedOf(all);
    const expected = new Set(all.map(identity));
    expect(new Set(rows.map((row) => identity(row as OracleRow)))).toEqual(expected);
    expect(rows).toHaveLength(expected.size);
    for (const { file, object_id, record_index, ...columns } of rows) {
      const record = files.get(String(file))![Number(record_index)]!;
      const row = oracleRow(record, ...pathFacts(String(file)));
      const wanted = { ...row, counted: counted.has(identity(row)) };
      if (!sameColumns(columns, wanted)) expect({ file, ...columns }).toEqual({ file, ...wanted });
      expect(object_id).not.toBeNull();
    }
    return rows.length;
  } finally {
    engine.close();
    database.close();
  }
}

/** Cheaper than toEqual, which tells the difference once there is one. */
function sameColumns(columns: Record<string, unknown>, wanted: OracleRow): boolean {
  const names = Object.keys(wanted);
  return (
    names.length === Object.keys(columns).length &&
    names.every((name) => columns[name] === wanted[name])
  );
}

test('the oracle knows every column of the contract', () => {
  const record = { eventName: 'Decrypt', eventID: 'x', eventTime: '2026-10-05T12:00:00Z' };
  expect(
    [...Object.keys(oracleRow(record, null, null)), 'counted', 'object_id', 'record_index'].sort(),
  ).toEqual(kmsEventColumns.map((column) => column.name).sort());
});

/** A count of the independent Python script. */
function truthOf(name: string, count: (truth: RawRecord) => number): number {
  return count(JSON.parse(readFileSync(sharedFile(`truth-${name}.json`), 'utf8')));
}

test.skipIf(!sharedData)('every column of every KMS record of the real logs', async () => {
  const distinct = truthOf('real', (truth) => truth['kms_distinct_eventIDs']);
  expect(await expectColumns(sharedFile('real'))).toBe(distinct);
});

/** Documentation examples share placeholder ids: with ids of their own none hides another. */
test.skipIf(!sharedData)('every column of every KMS record of the examples', async () => {
  const folder = path.join(scratch, 'examples');
  for (const [file, records] of recordsByFile(sharedFile('fixtures'))) {
    const named = records.map((record, i) => ({ ...record, eventID: idOf(`${file} ${i}`) }));
    put(folder, path.relative(sharedFile('fixtures'), file), logOf(named));
  }
  const all = truthOf('fixtures', (truth) => truth['raw']['kms_records']);
  expect(await expectColumns(folder)).toBe(all);
});

test('every column of every KMS record of the demo trail', async () => {
  const folder = path.join(scratch, 'demo');
  const truth = await generateDemoTrail(folder, { seed: 11, days: 14 });
  expect(await expectColumns(folder)).toBe(truth.totals.kms_events_distinct);
});
