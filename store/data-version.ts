import type { DuckDBConnection } from '@duckdb/node-api';

/** The data's version as this transaction sees it. */
export const dataVersionSql = "SELECT value FROM store_state WHERE name = 'data_version'";

/** Raises the data's version as part of the open transaction; it counts once that is committed. */
export async function raiseDataVersion(connection: DuckDBConnection): Promise<string> {
  const raised = await connection.runAndReadAll(
    "UPDATE store_state SET value = CAST(CAST(value AS BIGINT) + 1 AS VARCHAR) WHERE name = 'data_version' RETURNING value",
  );
  return String(raised.getRows()[0]?.[0]);
}
