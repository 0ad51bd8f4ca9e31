import type { CoverageScope } from '../analytics/coverage-note.ts';
import type { ReportTable } from './report.ts';
import type { ReportBuilder } from './report-builder.ts';
import { verificationOf } from './verification.ts';

/** A longer list of files belongs into CSV or JSON of its own. */
const objects_max = 1_000;
const sources_max = 5;

const recordsSql = `
  SELECT e.event_id, e.event_time, o.bucket, o.key, e.record_index, o.content_sha256
  FROM kms_events AS e JOIN ingest_objects AS o ON CAST(o.object_id AS VARCHAR) = e.object_id
  WHERE e.event_id IN (SELECT id FROM UNNEST($ids) AS t(id))
  ORDER BY e.event_time, e.event_id, o.bucket, o.key`;

const filesSql = `
  SELECT o.object_no, o.bucket, o.key, o.content_sha256, o.content_bytes, o.account_id, o.region,
    o.record_time_min, o.record_time_max
  FROM ingest_objects AS o
  WHERE CAST(o.object_id AS VARCHAR) IN (
    SELECT object_id FROM kms_events WHERE event_id IN (SELECT id FROM UNNEST($ids) AS t(id)))
  ORDER BY o.record_time_min, o.bucket, o.key`;

const sourcesSql = 'SELECT DISTINCT source FROM ingest_runs ORDER BY source';

export interface Evidence {
  tables: ReportTable[];
  /** What verification says of the hours, in sentences; of nothing verified too. */
  findings: string[];
  /** What was read, for `keymeter verify`. */
  sources: string[];
}

const column = (name: string, unit: string | null = null, label = name.replaceAll('_', ' ')) => ({
  name,
  label,
  unit,
});

const fileName = ({ bucket, key }: Readonly<Record<string, unknown>>) =>
  bucket === '' ? key : `${String(bucket)}/${String(key)}`;

/**
 * Where the original records of these events lie, with the hash of each file as it was ingested, and
 * what verification says of the hours of those files (of the scope, when there are no events).
 */
export async function evidenceTables(
  builder: ReportBuilder,
  event_ids: readonly string[],
  scope: CoverageScope,
): Promise<Evidence> {
  const { context } = builder;
  const { engine } = context;
  const runs = await engine.rows(sourcesSql, {}, context);
  const sources = runs.map((run) => String(run['source'])).slice(0, sources_max);
  const ids = [...new Set(event_ids)];
  const listed = ids.length > 0 ? await engine.rows(filesSql, { ids }, context) : [];
  const verification = await verificationOf(context, ids.length > 0 ? listed : null, scope);
  const periods = builder.table({
    name: 'verification',
    title: 'Digest periods of these hours, as `keymeter verify` found them',
    columns: [
      column('hour_from', 'instant', 'period from'),
      column('hour_to', 'instant', 'to'),
      column('status'),
      column('account_id', null, 'account'),
      column('region'),
      column('trail'),
      column('chain'),
      column('log_files', 'objects', 'log files'),
      column('verified_at', 'instant'),
      column('digest_key', null, 'digest'),
    ],
    rows: verification.periods.slice(0, objects_max),
    command: builder.command('sql "SELECT * FROM verified_hours ORDER BY hour_from"'),
    truncated: verification.periods.length > objects_max,
  });
  const { findings } = verification;
  if (ids.length === 0) return { tables: [periods], findings, sources };
  const files = builder.table({
    name: 'files',
    title: 'Files that hold these records',
    columns: [
      column('file'),
      column('content_sha256', null, 'SHA-256 of the uncompressed file when it was read'),
      column('content_bytes', 'B', 'uncompressed bytes'),
      column('record_time_min', 'instant', 'first record'),
      column('record_time_max', 'instant', 'last record'),
      column('verification', null, 'digest periods of its hours'),
    ],
    rows: listed.slice(0, objects_max).map((file, i) => ({
      file: fileName(file),
      content_sha256: file['content_sha256'],
      content_bytes: file['content_bytes'],
      record_time_min: file['record_time_min'],
      record_time_max: file['record_time_max'],
      verification: verification.ofFiles[i],
    })),
    command: builder.command('sql "SELECT * FROM ingest_objects"'),
    truncated: listed.length > objects_max,
  });
  return { tables: [await recordsTable(builder, ids), files, periods], findings, sources };
}

async function recordsTable(builder: ReportBuilder, ids: readonly string[]): Promise<ReportTable> {
  const rows = await builder.context.engine.rows(recordsSql, { ids }, builder.context);
  return builder.table({
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
      key: fileName({ bucket, key }),
    })),
    command: builder.command(`raw ${ids[0]!}`),
    truncated: rows.length > objects_max,
  });
}
