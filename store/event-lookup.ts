import type { Engine, JsonRow, QueryOptions } from './engine.ts';

/** Where the record of an event lies. */
export interface EventPlace {
  object_id: string;
  record_index: number;
}

/**
 * Ids are stored as 16 bytes in keymeter's own tables: comparing those reads a tenth of what comparing
 * their text would.
 */
const placesInTables = `
  SELECT CAST(o.object_id AS VARCHAR) AS object_id, e.record_index
  FROM (
    SELECT object_no, record_index FROM events
    WHERE (event_id_text IS NULL AND event_id_uuid = TRY_CAST($event_id AS UUID)) OR event_id_text = $event_id
    UNION ALL
    SELECT object_no, record_index FROM related
    WHERE (event_id_text IS NULL AND event_id_uuid = TRY_CAST($event_id AS UUID)) OR event_id_text = $event_id
  ) AS e JOIN ingest_objects AS o ON o.object_no = e.object_no
  ORDER BY o.object_no, e.record_index LIMIT 1`;

const placesInContract = `
  SELECT object_id, record_index FROM (
    SELECT object_id, record_index FROM kms_events WHERE event_id = $event_id
    UNION ALL
    SELECT object_id, record_index FROM related_events WHERE event_id = $event_id
  ) AS e
  ORDER BY object_id, record_index LIMIT 1`;

/** Where the record of an event (a related event too) lies; null when no such event is stored. */
export async function placeOfEvent(
  engine: Engine,
  event_id: string,
  options?: QueryOptions,
): Promise<EventPlace | null> {
  const sql = engine.hasStoredIds ? placesInTables : placesInContract;
  const [row] = await engine.rows(sql, { event_id }, options);
  if (!row) return null;
  return { object_id: String(row['object_id']), record_index: Number(row['record_index']) };
}

const timeByStoredId = `
SELECT event_time FROM events
WHERE (event_id_text IS NULL AND event_id_uuid = TRY_CAST($event_id AS UUID)) OR event_id_text = $event_id
LIMIT 1`;
const timeByStoredPlace = `
SELECT e.event_time FROM events AS e JOIN ingest_objects AS o ON o.object_no = e.object_no
WHERE o.object_id = CAST($object_id AS UUID) AND e.record_index = $record_index
LIMIT 1`;
const timeById = 'SELECT event_time FROM kms_events WHERE event_id = $event_id LIMIT 1';
const timeByPlace =
  'SELECT event_time FROM kms_events WHERE object_id = $object_id AND record_index = $record_index LIMIT 1';
const eventSql = (where: string) =>
  `SELECT * FROM kms_events WHERE event_time = CAST($event_time AS TIMESTAMP) AND ${where} LIMIT 1`;
const byId = eventSql('event_id = $event_id');
const byPlace = eventSql('object_id = $object_id AND record_index = $record_index');

/** One event with all its columns, by id or place: its time first, so that the wide row is looked for in one second. */
export async function storedEvent(
  engine: Engine,
  by: { event_id: string } | EventPlace,
  options?: QueryOptions,
): Promise<JsonRow | undefined> {
  const isId = 'event_id' in by;
  const time = engine.hasStoredIds
    ? isId
      ? timeByStoredId
      : timeByStoredPlace
    : isId
      ? timeById
      : timeByPlace;
  const [first] = await engine.rows(time, { ...by }, options);
  if (!first) return undefined;
  const event_time = new Date(String(first['event_time']));
  const [row] = await engine.rows(isId ? byId : byPlace, { ...by, event_time }, options);
  return row;
}
