import type { DuckDBConnection } from '@duckdb/node-api';
import { addCallSeconds } from './call-seconds.ts';

/**
 * Decides which copy of each shared action counts (definitions: Call): the caller's own copy if it is
 * there, else the copy with the smallest event id, whatever the order of arrival. Reads the temp table
 * `fresh`, sets its `counted`, and takes the count away from stored copies that lose it.
 */
export async function settleSharedActions(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE action_winners AS
    SELECT shared_event_id_uuid, event_id_uuid, event_id, event_time, is_caller_copy, is_fresh FROM (
      SELECT *, row_number() OVER (PARTITION BY shared_event_id_uuid
        ORDER BY is_caller_copy DESC, event_id, event_time) AS place
      FROM (
        SELECT f.shared_event_id_uuid, f.event_id_uuid,
          coalesce(f.event_id_text, CAST(f.event_id_uuid AS VARCHAR)) AS event_id, f.event_time,
          coalesce(i.account_id = i.caller_account_id, false) AS is_caller_copy, true AS is_fresh
        FROM fresh AS f
        JOIN calls AS c ON c.call_no = f.call_no
        JOIN identities AS i ON i.identity_no = f.identity_no
        WHERE f.shared_event_id_uuid IS NOT NULL AND c.event_type = 'AwsApiCall'
        UNION ALL
        SELECT a.shared_event_id_uuid, a.event_id_uuid, a.event_id, a.event_time, a.is_caller_copy, false
        FROM shared_actions AS a
        WHERE a.shared_event_id_uuid IN (SELECT shared_event_id_uuid FROM fresh)
      )
    ) WHERE place = 1`);
  await connection.run(`
    UPDATE fresh SET counted = true FROM action_winners AS w
    WHERE w.is_fresh AND w.event_id_uuid = fresh.event_id_uuid AND w.event_time = fresh.event_time`);
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE losers AS
    SELECT e.* FROM events AS e
    JOIN shared_actions AS a ON a.event_id_uuid = e.event_id_uuid AND a.event_time = e.event_time
    JOIN action_winners AS w ON w.shared_event_id_uuid = a.shared_event_id_uuid AND w.is_fresh
    WHERE e.counted AND e.event_time >= (SELECT min(s.event_time) FROM shared_actions AS s
      JOIN action_winners AS x ON x.shared_event_id_uuid = s.shared_event_id_uuid AND x.is_fresh)`);
  const losers = await connection.runAndReadAll('SELECT count(*) FROM losers');
  if (Number(losers.getRows()[0]![0]) > 0) {
    await addCallSeconds(connection, 'losers', -1);
    await connection.run(`
      UPDATE events SET counted = false FROM losers AS l
      WHERE l.event_id_uuid = events.event_id_uuid AND l.event_time = events.event_time`);
  }
  await connection.run(`
    INSERT OR REPLACE INTO shared_actions
    SELECT shared_event_id_uuid, event_id_uuid, event_id, event_time, is_caller_copy
    FROM action_winners WHERE is_fresh`);
}
