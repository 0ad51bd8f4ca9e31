import { rmSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { chargesOf, chargeSums } from '../views.ts';
import type { LakeFiles } from './lake-files.ts';
import {
  lakeRelations,
  parquetSql,
  rawEventColumns,
  relatedColumns,
  type LakeColumn,
} from './layout.ts';
import type { Part, SettledDay } from './manifests.ts';

/** Rows that are sorted at a time: a day of more is settled in hours. */
const slice_rows_max = 5_000_000;

interface Day {
  day: string;
  inputs: string;
  parts: readonly Part[];
}

/** A scope's number, the same whoever makes it: 52 bits of a hash of its texts. */
const scopeNo = `CAST(('0x' || substr(md5(concat_ws(chr(31), coalesce(caller_account_id, chr(0)),
  coalesce(region, chr(0)), quota_id, coalesce(custom_key_store_id, chr(0)))), 1, 13)) AS BIGINT)`;

/** Settles one day of event time from all its raw parts; gives the files that now are the day. */
export async function settleDay(
  connection: DuckDBConnection,
  lake: LakeFiles,
  scratch: string,
  { day, inputs, parts }: Day,
): Promise<SettledDay> {
  const of = async (relation: string, columns: readonly LakeColumn[]) => {
    const files = parts.filter((part) => part.relation === relation);
    return parquetSql(await Promise.all(files.map(({ path }) => lake.local(path))), columns);
  };
  const files: Record<string, string[]> = {};
  const put = async (relation: string, select: string, part = 0) => {
    const local = path.join(scratch, 'settled.parquet');
    rmSync(local, { force: true });
    await connection.run(
      `COPY (${select}) TO '${local.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    const name = `part-${String(part).padStart(2, '0')}.parquet`;
    const file = `settled/${relation}/v=${day}-${inputs}/${name}`;
    await lake.putFile(file, local);
    (files[relation] ??= []).push(file);
  };

  const raw = await of('kms_events', rawEventColumns);
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE winners AS
    SELECT shared_event_id, event_id, event_time FROM (
      SELECT shared_event_id, event_id, event_time, row_number() OVER (PARTITION BY shared_event_id
        ORDER BY coalesce(account_id = caller_account_id, false) DESC, event_id, event_time) AS place
      FROM (${raw}) WHERE shared_event_id IS NOT NULL AND event_type = 'AwsApiCall'
    ) WHERE place = 1`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE day_seconds AS ${seconds('slice', 'false')}`);
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE object_rows (object_id VARCHAR, inserted BIGINT)',
  );
  const rows = parts
    .filter(({ relation }) => relation === 'kms_events')
    .reduce((total, part) => total + part.rows, 0);
  let events = 0;
  let counted = 0;
  const columns = lakeRelations.find(({ name }) => name === 'kms_events')!.columns;
  for (const [i, hours] of slices(rows).entries()) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE slice AS ${sliceSql(raw, hours)}`);
    await connection.run(`INSERT INTO day_seconds ${seconds('slice', 'true')}`);
    await connection.run(
      'INSERT INTO object_rows SELECT object_id, count(*) FROM slice GROUP BY object_id',
    );
    const names = columns.map(({ name }) => name).join(', ');
    await put('kms_events', `SELECT ${names} FROM slice ORDER BY event_time, event_id`, i);
    const result = await connection.runAndReadAll(
      'SELECT count(*), count(*) FILTER (WHERE counted) FROM slice',
    );
    const [all, calls] = result.getRows()[0]!;
    events += Number(all);
    counted += Number(calls);
  }
  await connection.run('DROP TABLE slice');
  await put('calls_per_second', 'SELECT * FROM day_seconds ORDER BY second, scope_no');
  await put(
    'object_rows',
    'SELECT object_id, CAST(sum(inserted) AS BIGINT) AS inserted FROM object_rows GROUP BY object_id ORDER BY object_id',
  );
  await put('shared_actions', 'SELECT * FROM winners ORDER BY shared_event_id');
  const related = await of('related_events', relatedColumns);
  const relatedNames = relatedColumns.map(({ name }) => name).join(', ');
  await put(
    'related_events',
    `SELECT ${relatedNames} FROM (SELECT *, row_number() OVER (PARTITION BY object_id, record_index
       ORDER BY event_id) AS copy_no FROM (${related})) WHERE copy_no = 1
     ORDER BY event_time, event_id, object_id, record_index`,
  );
  return { inputs, events, counted, files };
}

/** Ranges of hours that a day of so many rows is settled in; all copies of an event have one time. */
function slices(rows: number): { from: number; to: number }[] {
  const count = Math.min(24, Math.max(1, Math.ceil(rows / slice_rows_max)));
  return Array.from({ length: count }, (_, i) => ({
    from: Math.floor((24 * i) / count),
    to: Math.floor((24 * (i + 1)) / count),
  }));
}

/**
 * Events once each, with `counted`: an API call that was logged once counts, and of the copies of a shared
 * action the one that won (the caller's own, else the smallest id).
 */
const sliceSql = (raw: string, { from, to }: { from: number; to: number }): string => `
  SELECT c.* EXCLUDE (copy_no), coalesce(c.event_type = 'AwsApiCall', false)
    AND (c.shared_event_id IS NULL OR w.event_id IS NOT NULL) AS counted
  FROM (
    SELECT *, row_number() OVER (PARTITION BY event_id, event_time ORDER BY object_id, record_index) AS copy_no
    FROM (${raw}) WHERE hour(event_time) >= ${from} AND hour(event_time) < ${to}
  ) AS c
  LEFT JOIN winners AS w ON w.shared_event_id = c.shared_event_id AND w.event_id = c.event_id
    AND w.event_time = c.event_time
  WHERE c.copy_no = 1`;

/** calls_per_second of settled events. `where` false makes the columns alone. */
function seconds(events: string, where: string): string {
  const source =
    where === 'true'
      ? chargesOf(events, ['event_time', 'caller_account_id', 'outcome', 'principal_type'])
      : `SELECT CAST(NULL AS TIMESTAMP) AS event_time, '' AS caller_account_id, '' AS outcome,
           '' AS principal_type, '' AS region, '' AS quota_id, '' AS custom_key_store_id, 1 AS units WHERE false`;
  return `SELECT event_time AS second, ${scopeNo} AS scope_no, caller_account_id, region, quota_id,
      custom_key_store_id, ${chargeSums}
    FROM (${source}) GROUP BY ALL`;
}
