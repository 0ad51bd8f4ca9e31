import type { DuckDBConnection } from '@duckdb/node-api';
import { appendColumns, ordered } from './chunk-append.ts';
import { ledgerColumns, ledgerTable, rejectColumns } from './ledger-columns.ts';
import type { ObjectCounts } from '../ledger.ts';
import type { GroupItem } from './writer.ts';

/** Makes the temp table that ledger rows pass through; once for a connection. */
export async function stageLedger(connection: DuckDBConnection): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE staged_objects AS SELECT * FROM ingest_objects LIMIT 0',
  );
}

/** Writes the ledger rows and rejects of a group, as part of the open transaction. */
export async function insertLedger(
  connection: DuckDBConnection,
  group: readonly GroupItem[],
  counts: readonly ObjectCounts[],
  runId: string,
  readerVersion: number,
): Promise<void> {
  const table = ledgerTable(group, counts, runId, readerVersion);
  const columns = ordered(table, ledgerColumns);
  await appendColumns(connection, 'staged_objects', columns, table.rowCount, 'temp');
  await connection.run('INSERT OR REPLACE INTO ingest_objects SELECT * FROM staged_objects');
  const rejects = rejectColumns(group, counts);
  await appendColumns(connection, 'ingest_rejects', rejects.columns, rejects.rowCount);
  await connection.run(
    'DELETE FROM ingest_retries WHERE object_id IN (SELECT object_id FROM staged_objects)',
  );
  await connection.run('DELETE FROM staged_objects');
}

/** The last statement before COMMIT reads the ledger: it throws if the transaction is aborted. */
export async function readBack(
  connection: DuckDBConnection,
  counts: readonly ObjectCounts[],
): Promise<void> {
  const last = counts.at(-1);
  if (!last) return;
  const found = await connection.runAndReadAll(
    'SELECT count(*) FROM ingest_objects WHERE object_id = CAST($id AS UUID)',
    { id: last.object_id },
  );
  if (Number(found.getRows()[0]?.[0]) !== 1) throw new Error('the ledger row did not read back');
}
