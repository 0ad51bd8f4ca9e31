import type { DuckDBConnection } from '@duckdb/node-api';
import type { ReplacedEvent } from '../batch/event-batch.ts';
import { addCallSeconds } from './call-seconds.ts';
import { appendColumns } from './chunk-append.ts';
import { uuids } from './ledger-columns.ts';

/**
 * Takes the count from events that others replace, whichever of the two came first: of a group that brings
 * replacements from all stored originals, else from the originals among the group's own objects. Runs when
 * the group's rows are in events and call_seconds.
 */
export async function settleReplacedEvents(
  connection: DuckDBConnection,
  replaced: readonly ReplacedEvent[],
  objectNumbers: readonly number[],
): Promise<void> {
  if (replaced.length > 0) await note(connection, replaced);
  const noted = await connection.runAndReadAll('SELECT count(*) FROM replaced_events');
  if (Number(noted.getRows()[0]![0]) === 0 || objectNumbers.length === 0) return;
  const first = objectNumbers.reduce((a, b) => Math.min(a, b));
  const last = objectNumbers.reduce((a, b) => Math.max(a, b));
  const own = replaced.length > 0 ? '' : `AND e.object_no BETWEEN ${first} AND ${last}`;
  await connection.run(`
    CREATE OR REPLACE TEMP TABLE losers AS
    SELECT e.* FROM events AS e
    WHERE e.counted ${own}
      AND e.event_id_uuid IN (SELECT original_event_id_uuid FROM replaced_events)`);
  const losers = await connection.runAndReadAll('SELECT count(*) FROM losers');
  if (Number(losers.getRows()[0]![0]) === 0) return;
  await addCallSeconds(connection, 'losers', -1);
  await connection.run(`
    UPDATE events SET counted = false FROM losers AS l
    WHERE l.event_id_uuid = events.event_id_uuid AND l.event_time = events.event_time`);
}

async function note(
  connection: DuckDBConnection,
  replaced: readonly ReplacedEvent[],
): Promise<void> {
  await connection.run(
    'CREATE OR REPLACE TEMP TABLE replaced_now AS SELECT * FROM replaced_events LIMIT 0',
  );
  const columns = [
    uuids(replaced.map((one) => one.original_event_id)),
    uuids(replaced.map((one) => one.event_id)),
  ];
  await appendColumns(connection, 'replaced_now', columns, replaced.length, 'temp');
  await connection.run(`
    INSERT INTO replaced_events
    SELECT DISTINCT n.original_event_id_uuid, n.event_id_uuid FROM replaced_now AS n
    WHERE NOT EXISTS (SELECT 1 FROM replaced_events AS r
      WHERE r.original_event_id_uuid = n.original_event_id_uuid AND r.event_id_uuid = n.event_id_uuid)`);
}
