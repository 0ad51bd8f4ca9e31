import { kmsEventColumns, type ColumnType } from '../relations.ts';
import { callSecondCounts, chargesOf } from '../views.ts';

/** Types that Parquet, DuckDB, Trino and Athena share under these names. */
export type LakeType = ColumnType | 'BIGINT';

export interface LakeColumn {
  name: string;
  type: LakeType;
}

/**
 * A relation of the lake. Daily ones have files for each day of event time, the others one set of files
 * for everything.
 */
export interface LakeRelation {
  name: string;
  daily: boolean;
  /** Columns that are stored; `views` may add some. */
  columns: readonly LakeColumn[];
  /** Column expressions that the relation has beside its stored columns. */
  derived?: Readonly<Record<string, string>>;
}

const columns = (type: LakeType, names: string): LakeColumn[] =>
  names.split(/\s+/).map((name) => ({ name, type }));

/** action_id is made from two other ids by whoever reads: stored, it would be a quarter of the bytes. */
const actionId = 'coalesce(shared_event_id, event_id)';

const storedEventColumns: LakeColumn[] = kmsEventColumns
  .filter((column) => column.name !== 'action_id')
  .map(({ name, type }) => ({ name, type }));

/** What one event is, whoever settles it: all stored columns but `counted`, which a whole day decides. */
export const rawEventColumns = storedEventColumns.filter(({ name }) => name !== 'counted');

export const relatedColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'event_id'),
  ...columns('TIMESTAMP', 'event_time'),
  ...columns(
    'VARCHAR',
    `event_source event_name account_id region principal_arn caller_arn access_key_id source_ip
    caller_source user_agent request_id error_code resource_arn request_parameters response_elements
    object_id`,
  ),
  ...columns('INTEGER', 'record_index'),
];

export const ledgerColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'object_id'),
  ...columns('BIGINT', 'object_no'),
  ...columns('VARCHAR', 'source bucket key version'),
  ...columns('BIGINT', 'size_bytes'),
  ...columns('TIMESTAMP', 'last_modified_at'),
  ...columns('VARCHAR', 'content_sha256'),
  ...columns('BIGINT', 'content_bytes'),
  ...columns('VARCHAR', 'status'),
  ...columns('INTEGER', 'attempts'),
  ...columns('VARCHAR', 'error_class error_detail account_id region'),
  ...columns('INTEGER', 'records_total non_kms inserted duplicate rejected conflict'),
  ...columns('TIMESTAMP', 'event_time_min event_time_max record_time_min record_time_max'),
  ...columns('INTEGER', 'reader_version'),
  ...columns('VARCHAR', 'run_id'),
  ...columns('TIMESTAMP', 'committed_at'),
  ...columns('INTEGER', 'foreign_values'),
  ...columns('BIGINT', 'unread_bytes'),
];

export const rejectColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'object_id'),
  ...columns('BIGINT', 'object_no'),
  ...columns('INTEGER', 'record_index'),
  ...columns('VARCHAR', 'error_class error_detail record_start'),
];

export const retryColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'object_id bucket key error_class error_detail'),
  ...columns('INTEGER', 'attempts'),
  ...columns('VARCHAR', 'last_run_id'),
];

export const runColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'run_id source'),
  ...columns('TIMESTAMP', 'started_at finished_at'),
  ...columns('VARCHAR', 'status summary'),
];

export const verifiedColumns: readonly LakeColumn[] = [
  ...columns('VARCHAR', 'account_id region trail chain'),
  ...columns('TIMESTAMP', 'hour_from hour_to'),
  ...columns('VARCHAR', 'status'),
  ...columns('INTEGER', 'log_files'),
  ...columns('VARCHAR', 'digest_key'),
  ...columns('TIMESTAMP', 'verified_at'),
  ...columns('VARCHAR', 'run_id'),
];

export const scopeColumns: readonly LakeColumn[] = [
  ...columns('BIGINT', 'scope_no'),
  ...columns('VARCHAR', 'caller_account_id region quota_id custom_key_store_id'),
];

export const secondColumns: readonly LakeColumn[] = [
  ...columns('TIMESTAMP', 'second'),
  ...scopeColumns,
  ...columns('INTEGER', callSecondCounts.join(' ')),
];

/** Everything that a settled lake holds and that its readers see. */
export const lakeRelations: readonly LakeRelation[] = [
  {
    name: 'kms_events',
    daily: true,
    columns: storedEventColumns,
    derived: { action_id: actionId },
  },
  { name: 'related_events', daily: true, columns: relatedColumns },
  { name: 'calls_per_second', daily: true, columns: secondColumns },
  { name: 'quota_scopes', daily: false, columns: scopeColumns },
  { name: 'ingest_objects', daily: false, columns: ledgerColumns },
  { name: 'ingest_rejects', daily: false, columns: rejectColumns },
  { name: 'ingest_retries', daily: false, columns: retryColumns },
  { name: 'ingest_runs', daily: false, columns: runColumns },
  { name: 'verified_hours', daily: false, columns: verifiedColumns },
  { name: 'store_state', daily: false, columns: columns('VARCHAR', 'name value') },
];

/** Column expressions of a relation in the contract's order, over its stored columns. */
export function contractColumns(relation: LakeRelation): string[] {
  if (relation.name !== 'kms_events') return relation.columns.map(({ name }) => name);
  return kmsEventColumns.map(({ name }) => {
    const sql = relation.derived?.[name];
    return sql ? `${sql} AS ${name}` : name;
  });
}

const chargeColumns =
  'event_time, caller_account_id, region, quota_id, custom_key_store_id, units, outcome, principal_type';

/** Relations that are views over others, in SQL that every engine reads. */
export function lakeViews(): { name: string; sql: string }[] {
  const charged = ['region', 'quota_id', 'custom_key_store_id'];
  const kept = kmsEventColumns.map(({ name }) => name).filter((name) => !charged.includes(name));
  return [
    { name: 'charged_calls', sql: chargesOf('kms_events', kept) },
    {
      name: 'quota_charges',
      sql: `SELECT ${chargeColumns} FROM (${chargesOf('kms_events', ['event_time', 'caller_account_id', 'outcome', 'principal_type'])}) AS c`,
    },
  ];
}

/** A relation without rows. */
export const emptySql = (of: readonly LakeColumn[]): string =>
  `SELECT ${of.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`).join(', ')} WHERE false`;

/** SELECT over Parquet files by their list; an empty list has no rows but the columns. */
export function parquetSql(files: readonly string[], of: readonly LakeColumn[]): string {
  if (files.length === 0) return emptySql(of);
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  const cast = of.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`);
  return `SELECT ${cast.join(', ')} FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false)`;
}
