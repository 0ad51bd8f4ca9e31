import type { ReportTable } from './report.ts';
import type { ReportBuilder } from './report-builder.ts';

/** A longer list of files belongs into CSV or JSON of its own. */
const objects_max = 1_000;
const sources_max = 5;

const eventsSql = `
  SELECT e.event_id, e.event_time, o.bucket, o.key, e.record_index, o.content_sha256
  FROM kms_events AS e JOIN ingest_objects AS o ON CAST(o.object_id AS VARCHAR) = e.object_id
  WHERE e.event_id IN (SELECT id FROM UNNEST($ids) AS t(id))
  ORDER BY e.event_time, e.event_id, o.bucket, o.key`;

const sourcesSql = 'SELECT DISTINCT source FROM ingest_runs ORDER BY source';

/**
 * Where the original records of these events lie, with the hash of each file as it was ingested; and
 * the sources that were read, for `keymeter verify`.
 */
export async function evidenceTables(
  builder: ReportBuilder,
  event_ids: readonly string[],
): Promise<{ tables: ReportTable[]; sources: string[] }> {
  const { engine } = builder.context;
  const runs = await engine.rows(sourcesSql, {}, builder.context);
  const sources = runs.map((run) => String(run['source'])).slice(0, sources_max);
  if (event_ids.length === 0) return { tables: [], sources };
  const rows = await engine.rows(eventsSql, { ids: [...new Set(event_ids)] }, builder.context);
  const column = (name: string, unit: string | null = null, label = name.replaceAll('_', ' ')) => ({
    name,
    label,
    unit,
  });
  const table = builder.table({
    name: 'records',
    title: 'Original records behind the timeline (one for each run of like calls)',
    columns: [
      column('event_time', 'instant'),
      column('event_id'),
      column('key', null, 'file'),
      column('record_index', null, 'position'),
      column('content_sha256', null, 'SHA-256 of the uncompressed file when it was read'),
    ],
    rows: rows.slice(0, objects_max).map(({ bucket, key, ...rest }) => ({
      ...rest,
      key: bucket === '' ? key : `${String(bucket)}/${String(key)}`,
    })),
    command: builder.command(`raw ${event_ids[0]!}`),
    truncated: rows.length > objects_max,
  });
  return { tables: [table], sources };
}
