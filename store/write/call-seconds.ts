import type { DuckDBConnection } from '@duckdb/node-api';
import { callSecondCounts, callSecondSums, chargeSums, quotaChargesSql } from '../views.ts';

/**
 * Makes the temp table new_charges: the charges of rows (see quotaChargesSql) summed by the column
 * `carried` and by scope. Scopes that are new are stored.
 */
async function sumCharges(
  connection: DuckDBConnection,
  rows: string,
  carried: string,
): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE summed AS
    SELECT ${carried}, caller_account_id, region, quota_id, custom_key_store_id, ${chargeSums}
    FROM (${quotaChargesSql(rows, carried)}) GROUP BY ALL`);
  const sameScope = `q.quota_id = n.quota_id AND q.caller_account_id IS NOT DISTINCT FROM n.caller_account_id
    AND q.region IS NOT DISTINCT FROM n.region AND q.custom_key_store_id IS NOT DISTINCT FROM n.custom_key_store_id`;
  await connection.run(`
    INSERT INTO quota_scopes
    SELECT (SELECT coalesce(max(scope_no), -1) FROM quota_scopes) + row_number() OVER (), n.*
    FROM (SELECT DISTINCT caller_account_id, region, quota_id, custom_key_store_id FROM summed) AS n
    WHERE NOT EXISTS (SELECT 1 FROM quota_scopes AS q WHERE ${sameScope})`);
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE new_charges AS
    SELECT n.${carried}, q.scope_no, ${callSecondCounts.map((name) => `n.${name}`).join(', ')}
    FROM summed AS n JOIN quota_scopes AS q ON ${sameScope}`);
}

/** Adds (or with sign -1 takes back) the per-second counts of counted rows. */
export async function addCallSeconds(
  connection: DuckDBConnection,
  rows: string,
  sign: 1 | -1,
): Promise<void> {
  await sumCharges(connection, rows, 'event_time');
  await markUnfolded(connection);
  await connection.run(`
    INSERT INTO call_seconds
    SELECT event_time, scope_no, ${callSecondCounts.map((name) => `${sign} * ${name}`).join(', ')}
    FROM new_charges`);
}

/** Moves the kinds of the temp table call_kinds into kind_charges: what one call of each is charged. */
export async function chargeKinds(connection: DuckDBConnection): Promise<void> {
  await sumCharges(connection, 'call_kinds', 'kind_no');
  await connection.run('INSERT INTO kind_charges SELECT * FROM new_charges');
  await connection.run('DELETE FROM call_kinds');
}

/** Adds the calls of the temp table kind_calls, each charged as its kind, to call_seconds. */
export async function addKindCalls(connection: DuckDBConnection): Promise<void> {
  await markUnfolded(connection);
  const sums = callSecondCounts.map((name) => `CAST(sum(k.calls * c.${name}) AS INTEGER)`);
  await connection.run(`
    INSERT INTO call_seconds
    SELECT k.second, c.scope_no, ${sums.join(', ')}
    FROM kind_calls AS k JOIN kind_charges AS c ON c.kind_no = k.kind_no
    GROUP BY k.second, c.scope_no ORDER BY k.second, c.scope_no`);
  await connection.run('DELETE FROM kind_calls');
}

/** Before rows are added: what is added to a table without rows stays folded. */
async function markUnfolded(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    UPDATE store_state SET value = 'false' WHERE name = 'call_seconds_folded' AND value <> 'false'
      AND EXISTS (SELECT 1 FROM call_seconds)`);
}

/** Whether no key of call_seconds stands twice. */
export async function isFolded(connection: DuckDBConnection): Promise<boolean> {
  const state = await connection.runAndReadAll(
    "SELECT value FROM store_state WHERE name = 'call_seconds_folded'",
  );
  return state.getRows()[0]?.[0] === 'true';
}

/** Rows that are added before the table is written again: this many, and a quarter of the folded ones. */
const growth_rows = 20_000;
const growth_share = 0.25;

/** Whether so many rows came since the last fold that another one pays. */
export async function hasGrown(connection: DuckDBConnection): Promise<boolean> {
  const counts = await connection.runAndReadAll(`
    SELECT (SELECT count(*) FROM call_seconds),
      (SELECT CAST(max(value) AS BIGINT) FROM store_state WHERE name = 'call_seconds_rows')`);
  const [rows, folded] = counts.getRows()[0]!;
  const before = Number(folded ?? 0);
  return Number(rows) > before + growth_rows + growth_share * before;
}

/** Adds up the rows of each key of call_seconds; keys whose calls were all taken back go. */
export async function foldCallSeconds(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TABLE call_seconds AS
    SELECT second, scope_no, ${callSecondSums}
    FROM call_seconds GROUP BY second, scope_no HAVING sum(offered) <> 0
    ORDER BY second, scope_no`);
  await connection.run("UPDATE store_state SET value = 'true' WHERE name = 'call_seconds_folded'");
  await connection.run(`
    INSERT OR REPLACE INTO store_state
    SELECT 'call_seconds_rows', CAST(count(*) AS VARCHAR) FROM call_seconds`);
}
