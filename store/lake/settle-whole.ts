import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { LakeFiles } from './lake-files.ts';
import {
  ledgerColumns,
  parquetSql,
  rejectColumns,
  retryColumns,
  runColumns,
  scopeColumns,
  secondColumns,
  verifiedColumns,
  type LakeColumn,
} from './layout.ts';
import type { Part, SettledDay } from './manifests.ts';

interface Whole {
  version: string;
  settled: Record<string, SettledDay>;
  parts: readonly Part[];
}

/** Settles the relations that have no days: the ledger, the scopes, what verify proved. */
export async function settleWhole(
  connection: DuckDBConnection,
  lake: LakeFiles,
  scratch: string,
  { version, settled, parts }: Whole,
): Promise<Record<string, string[]>> {
  const raw = async (relation: string, columns: readonly LakeColumn[]) => {
    const files = parts.filter((part) => part.relation === relation);
    return parquetSql(await Promise.all(files.map(({ path }) => lake.local(path))), columns);
  };
  const ofDays = async (relation: string, columns: readonly LakeColumn[]) => {
    const files = Object.values(settled).flatMap((day) => day.files[relation] ?? []);
    return parquetSql(await Promise.all(files.map((file) => lake.local(file))), columns);
  };
  const whole: Record<string, string[]> = {};
  const put = async (relation: string, select: string) => {
    const local = path.join(scratch, 'whole.parquet');
    await connection.run(
      `COPY (${select}) TO '${local.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
    const file = `settled/${relation}/v=all-${version}/part-00.parquet`;
    await lake.putFile(file, local);
    whole[relation] = [file];
  };

  const rows: LakeColumn[] = [
    { name: 'object_id', type: 'VARCHAR' },
    { name: 'inserted', type: 'BIGINT' },
  ];
  const names = (columns: readonly LakeColumn[]) => columns.map(({ name }) => `l.${name}`);
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE ledger AS
    ${ledgerSql(await raw('ingest_objects', ledgerColumns), await ofDays('object_rows', rows))}`);
  await put(
    'ingest_objects',
    `SELECT ${names(ledgerColumns).join(', ')} FROM ledger AS l ORDER BY object_no`,
  );
  await put(
    'ingest_rejects',
    `SELECT DISTINCT ${rejectColumns.map(({ name }) => (name === 'object_no' ? 'l.object_no' : `r.${name}`)).join(', ')}
     FROM (${await raw('ingest_rejects', rejectColumns)}) AS r
     JOIN ledger AS l ON l.object_id = r.object_id ORDER BY 2, 3`,
  );
  await put(
    'ingest_retries',
    `SELECT ${retryColumns.map(({ name }) => name).join(', ')} FROM (
       SELECT *, row_number() OVER (PARTITION BY object_id ORDER BY attempts DESC, last_run_id) AS copy_no
       FROM (${await raw('ingest_retries', retryColumns)})
     ) WHERE copy_no = 1 AND object_id NOT IN (SELECT object_id FROM ledger) ORDER BY bucket, key, object_id`,
  );
  await put(
    'ingest_runs',
    `SELECT DISTINCT * FROM (${await raw('ingest_runs', runColumns)}) ORDER BY started_at, run_id`,
  );
  await put('verified_hours', verifiedSql(await raw('verified_hours', verifiedColumns)));
  await put(
    'quota_scopes',
    `SELECT DISTINCT ${scopeColumns.map(({ name }) => name).join(', ')}
     FROM (${await ofDays('calls_per_second', secondColumns)}) ORDER BY scope_no`,
  );
  await put(
    'store_state',
    `SELECT CAST('data_version' AS VARCHAR) AS name, CAST('${version}' AS VARCHAR) AS value
     UNION ALL SELECT 'call_seconds_folded', 'true'`,
  );
  return whole;
}

/**
 * One row for each object, whoever read it: the best that became of it. What it inserted is counted in
 * the settled days, so that records_total = non_kms + inserted + duplicate + rejected holds for the whole.
 */
const ledgerSql = (objects: string, rows: string): string => `
  SELECT * REPLACE (
    CAST(row_number() OVER (ORDER BY committed_at, bucket, key, object_id) AS BIGINT) AS object_no,
    CAST(kept AS INTEGER) AS inserted,
    CAST(records_total - non_kms - rejected - kept AS INTEGER) AS duplicate)
  FROM (
    SELECT o.*, coalesce(r.kept, 0) AS kept FROM (
      SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY object_id
          ORDER BY CASE WHEN status IN ('ok', 'empty') THEN 0 ELSE 1 END, reader_version DESC, committed_at, run_id) AS copy_no
        FROM (${objects})
      ) WHERE copy_no = 1
    ) AS o
    LEFT JOIN (SELECT object_id, sum(inserted) AS kept FROM (${rows}) GROUP BY object_id) AS r
      ON r.object_id = o.object_id
  )`;

/** Of each period what was proved last. */
const verifiedSql = (hours: string): string => `
  SELECT ${verifiedColumns.map(({ name }) => name).join(', ')} FROM (
    SELECT *, row_number() OVER (PARTITION BY account_id, region, trail, chain, hour_from, hour_to
      ORDER BY verified_at DESC, run_id) AS copy_no
    FROM (${hours})
  ) WHERE copy_no = 1 ORDER BY hour_from, account_id, region, trail, chain`;
