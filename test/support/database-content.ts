import { expect } from 'vitest';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

/** A database file opened for the time of `use`. */
export async function withDatabase<T>(
  file: string,
  use: (engine: DuckDbEngine, database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(file);
  const engine = new DuckDbEngine(database, { connections: 1 });
  try {
    return await use(engine, database);
  } finally {
    engine.close();
    database.close();
  }
}

/** All that must not depend on how the records came: events without their place, and the counts. */
export async function contentOf(engine: DuckDbEngine): Promise<Record<string, unknown[]>> {
  const all = async (sql: string) => (await engine.table(sql)).rows;
  return {
    events: await all('SELECT * EXCLUDE (object_id, record_index) FROM kms_events ORDER BY ALL'),
    seconds: await all('SELECT * EXCLUDE (scope_no) FROM calls_per_second ORDER BY ALL'),
  };
}

/** Sums of quota_charges as calls_per_second must show them. */
const chargesPerSecond = `
  SELECT event_time AS second, caller_account_id, region, quota_id, custom_key_store_id,
    sum(units) AS offered, coalesce(sum(units) FILTER (WHERE outcome = 'throttled'), 0) AS throttled,
    coalesce(sum(units) FILTER (WHERE outcome = 'denied'), 0) AS denied,
    coalesce(sum(units) FILTER (WHERE outcome IN ('failed', 'dry_run')), 0) AS failed,
    coalesce(sum(units) FILTER (WHERE principal_type = 'AWSService'), 0) AS aws_service_offered,
    coalesce(sum(units) FILTER (WHERE principal_type = 'AWSService' AND outcome = 'throttled'), 0) AS aws_service_throttled
  FROM quota_charges GROUP BY ALL ORDER BY ALL`;

/** What no row may break; each query gives the rows that do. */
const violations: Record<string, string> = {
  'records_total = non_kms + inserted + duplicate + rejected':
    'SELECT * FROM ingest_objects WHERE records_total <> non_kms + inserted + duplicate + rejected',
  'inserted = the events of the object': `
    SELECT o.object_no, o.inserted, count(e.object_no) AS events FROM ingest_objects AS o
    LEFT JOIN events AS e ON e.object_no = o.object_no
    GROUP BY ALL HAVING o.inserted <> count(e.object_no)`,
  'rejected = the rejects of the object': `
    SELECT o.object_no, o.rejected, count(r.object_no) AS rejects FROM ingest_objects AS o
    LEFT JOIN ingest_rejects AS r ON r.object_no = o.object_no
    GROUP BY ALL HAVING o.rejected <> count(r.object_no)`,
  'every event has an object that was read': `
    SELECT e.object_no FROM events AS e LEFT JOIN ingest_objects AS o ON o.object_no = e.object_no
    WHERE o.status IS DISTINCT FROM 'ok'`,
  'no object number twice':
    'SELECT object_no FROM ingest_objects GROUP BY object_no HAVING count(*) > 1',
  'no event twice': 'SELECT event_id, event_time FROM kms_events GROUP BY ALL HAVING count(*) > 1',
  'one counted event of each action with an API call': `
    SELECT action_id FROM kms_events WHERE event_type = 'AwsApiCall'
    GROUP BY action_id HAVING count_if(counted) <> 1`,
  'only API calls are counted':
    "SELECT event_id FROM kms_events WHERE counted AND event_type IS DISTINCT FROM 'AwsApiCall'",
  'no dangling dimension':
    'SELECT event_id FROM kms_events WHERE operation IS NULL OR principal_type IS NULL OR is_direct IS NULL',
};

/** Asserts every conservation law of a database; returns its number of events. */
export async function expectConserved(engine: DuckDbEngine): Promise<number> {
  for (const [law, sql] of Object.entries(violations)) {
    expect(await engine.rows(sql), law).toEqual([]);
  }
  const { seconds } = await contentOf(engine);
  expect(seconds).toEqual(await engine.rows(chargesPerSecond));
  const [sums] = await engine.rows(`SELECT (SELECT count(*) FROM events) AS events,
    (SELECT coalesce(sum(inserted), 0) FROM ingest_objects) AS inserted`);
  expect(sums!['inserted']).toBe(sums!['events']);
  return Number(sums!['events']);
}
