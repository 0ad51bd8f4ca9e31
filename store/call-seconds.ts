import type { DuckDBConnection } from '@duckdb/node-api';
import { callSecondCounts, callSecondSums, chargeSums, quotaChargesSql } from './views.ts';

/** Adds (or with sign -1 takes back) the per-second counts of counted rows. */
export async function addCallSeconds(
  connection: DuckDBConnection,
  rows: string,
  sign: 1 | -1,
): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE new_seconds AS
    SELECT event_time AS second, caller_account_id, region, quota_id, custom_key_store_id, ${chargeSums}
    FROM (${quotaChargesSql(rows)}) GROUP BY ALL`);
  const sameScope = `q.quota_id = n.quota_id AND q.caller_account_id IS NOT DISTINCT FROM n.caller_account_id
    AND q.region IS NOT DISTINCT FROM n.region AND q.custom_key_store_id IS NOT DISTINCT FROM n.custom_key_store_id`;
  await connection.run(`
    INSERT INTO quota_scopes
    SELECT (SELECT coalesce(max(scope_no), -1) FROM quota_scopes) + row_number() OVER (), n.*
    FROM (SELECT DISTINCT caller_account_id, region, quota_id, custom_key_store_id FROM new_seconds) AS n
    WHERE NOT EXISTS (SELECT 1 FROM quota_scopes AS q WHERE ${sameScope})`);
  await connection.run(`
    INSERT INTO call_seconds
    SELECT n.second, q.scope_no, ${callSecondCounts.map((name) => `${sign} * n.${name}`).join(', ')}
    FROM new_seconds AS n JOIN quota_scopes AS q ON ${sameScope}`);
  await connection.run(
    "UPDATE store_state SET value = 'false' WHERE name = 'call_seconds_folded' AND value <> 'false'",
  );
}

/** Whether no key of call_seconds stands twice. */
export async function isFolded(connection: DuckDBConnection): Promise<boolean> {
  const state = await connection.runAndReadAll(
    "SELECT value FROM store_state WHERE name = 'call_seconds_folded'",
  );
  return state.getRows()[0]?.[0] === 'true';
}

/** Adds up the rows of each key of call_seconds; keys whose calls were all taken back go. */
export async function foldCallSeconds(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TABLE call_seconds AS
    SELECT second, scope_no, ${callSecondSums}
    FROM call_seconds GROUP BY second, scope_no HAVING sum(offered) <> 0
    ORDER BY second, scope_no`);
  await connection.run("UPDATE store_state SET value = 'true' WHERE name = 'call_seconds_folded'");
}
