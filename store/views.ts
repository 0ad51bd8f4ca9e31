import { kmsEventColumns, type StoredIn } from './relations.ts';

/**
 * How each dimension joins to `events` (alias e). The writer stores a row's dimensions with it, so an
 * inner join loses nothing, and DuckDB may join a query's few seconds or keys before the dimensions.
 */
const joins: Record<Exclude<StoredIn, 'events'>, string> = {
  calls: 'JOIN calls ON calls.call_no = e.call_no',
  identities: 'JOIN identities ON identities.identity_no = e.identity_no',
  clients: 'JOIN clients ON clients.client_no = e.client_no',
  keys: 'JOIN keys ON keys.key_no = e.key_no',
  objects: 'JOIN ingest_objects AS objects ON objects.object_no = e.object_no',
};

/**
 * SELECT of the contract's columns over the star. DuckDB keeps a join whose columns nobody reads, so
 * a query is given only the dimensions that its own words name; `only` null means all columns.
 */
export function kmsEventsSql(only: ReadonlySet<string> | null): string {
  const columns = kmsEventColumns.filter((column) => only === null || only.has(column.name));
  const tables = new Set(columns.map((column) => column.table));
  const selected = columns.map((column) => {
    const alias = column.table === 'events' ? 'e' : column.table;
    const sql = (column.sql ?? `t.${column.name}`).replaceAll('t.', `${alias}.`);
    return `${sql} AS ${column.name}`;
  });
  if (selected.length === 0) selected.push('e.event_time AS event_time');
  const joined = Object.entries(joins).filter(([table]) => tables.has(table as StoredIn));
  return `SELECT ${selected.join(', ')} FROM events AS e ${joined.map(([, sql]) => sql).join(' ')}`;
}

/**
 * One row for each counted call and quota it is charged to: the request quota of
 * the operation; the custom key store's own quota; and for ReplicateKey (two CreateKey) and
 * UpdatePrimaryRegion (one more) the other Region, when the call was neither throttled nor denied.
 * `rows` is `events` or a relation with the columns that are read here, of which
 * `carried` comes along.
 */
export function quotaChargesSql(rows: string, carried = 'event_time'): string {
  const charge = (region: string, quota: string, store: string, units: string, where: string) =>
    `SELECT e.${carried}, caller_account_id, ${region} AS region, ${quota} AS quota_id,
       ${store} AS custom_key_store_id, ${units} AS units, outcome, principal_type
     FROM ${rows} AS e
     JOIN calls AS c ON c.call_no = e.call_no
     JOIN identities AS i ON i.identity_no = e.identity_no
     ${store === 'custom_key_store_id' ? 'JOIN keys AS k ON k.key_no = e.key_no' : ''}
     WHERE e.counted AND ${where}`;
  return quotaBranches(charge).join('\nUNION ALL\n');
}

/** The columns of each dimension on which quotaChargesSql makes charges and their counts depend. */
export const chargedBy = {
  calls: ['region', 'operation', 'quota_id', 'second_region', 'outcome'],
  identities: ['caller_account_id', 'principal_type'],
  keys: ['custom_key_store_id', 'store_quota_id'],
} as const;

export type ChargingDimension = keyof typeof chargedBy;

type Charge = (
  region: string,
  quota: string,
  store: string,
  units: string,
  where: string,
) => string;

/** The ways in which a call is charged; together they are all its charges. */
function quotaBranches(charge: Charge): string[] {
  const settled = "outcome NOT IN ('throttled', 'denied')";
  return [
    charge('region', 'quota_id', 'CAST(NULL AS VARCHAR)', '1', 'quota_id IS NOT NULL'),
    charge('region', 'store_quota_id', 'custom_key_store_id', '1', 'store_quota_id IS NOT NULL'),
    charge('second_region', "'op_CreateKey'", 'CAST(NULL AS VARCHAR)', '2', `operation = 'ReplicateKey' AND second_region IS NOT NULL AND ${settled}`),
    charge('second_region', "'op_UpdatePrimaryRegion'", 'CAST(NULL AS VARCHAR)', '1', `operation = 'UpdatePrimaryRegion' AND second_region IS NOT NULL AND second_region <> region AND ${settled}`),
  ];
}

/**
 * SELECT of charged_calls: quota_charges with the columns of kms_events, so that a charge can be told
 * by principal, key or bucket. region, quota_id and custom_key_store_id are those that are charged.
 * `only` names the kms_events columns that are wanted; null means all.
 */
export function chargedCallsSql(only: ReadonlySet<string> | null): string {
  const charged = ['region', 'quota_id', 'custom_key_store_id'];
  const judged = ['counted', 'operation', 'second_region', 'store_quota_id', 'outcome'];
  const kept = kmsEventColumns
    .map((column) => column.name)
    .filter((name) => !charged.includes(name) && (only === null || only.has(name)));
  const calls = kmsEventsSql(only === null ? null : new Set([...kept, ...charged, ...judged]));
  return chargesOf(`(${calls})`, kept);
}

/** SELECT of charged_calls with these further columns, over any relation with the columns of kms_events. */
export function chargesOf(calls: string, kept: readonly string[]): string {
  const charge = (region: string, quota: string, store: string, units: string, where: string) =>
    `SELECT ${[...kept, `${region} AS region`, `${quota} AS quota_id`, `${store} AS custom_key_store_id`, `${units} AS units`].join(', ')}
     FROM ${calls} AS c WHERE counted AND ${where}`;
  return quotaBranches(charge).join('\nUNION ALL\n');
}

/**
 * The counts of calls_per_second. The last two are the part of offered and throttled that AWS services
 * made without an account of their own (principal_type AWSService), so that it can be left out.
 */
export const callSecondCounts = [
  'offered',
  'throttled',
  'denied',
  'failed',
  'aws_service_offered',
  'aws_service_throttled',
] as const;

const chargeFilters: Record<(typeof callSecondCounts)[number], string> = {
  offered: 'true',
  throttled: "outcome = 'throttled'",
  denied: "outcome = 'denied'",
  failed: "outcome IN ('failed', 'dry_run')",
  aws_service_offered: "principal_type = 'AWSService'",
  aws_service_throttled: "principal_type = 'AWSService' AND outcome = 'throttled'",
};

/** Sums of quota charges per second and key, as calls_per_second counts them. */
export const chargeSums = callSecondCounts
  .map(
    (name) =>
      `CAST(coalesce(sum(units) FILTER (WHERE ${chargeFilters[name]}), 0) AS INTEGER) AS ${name}`,
  )
  .join(', ');

/** Sums of call_seconds rows that stand for the same second and scope. */
export const callSecondSums = callSecondCounts
  .map((name) => `CAST(sum(${name}) AS INTEGER) AS ${name}`)
  .join(', ');

/**
 * calls_per_second over the stored sums; folded data needs no GROUP BY. scope_no numbers the key
 * (account, Region, quota, store), which quota_scopes spells out: grouping by it is five times faster
 * than by the four texts.
 */
export function callsPerSecondSql(folded: boolean): string {
  const key = 's.second, s.scope_no, q.caller_account_id, q.region, q.quota_id, q.custom_key_store_id';
  const seconds = folded
    ? 'call_seconds'
    : `(SELECT second, scope_no, ${callSecondSums}
       FROM call_seconds GROUP BY second, scope_no HAVING sum(offered) <> 0)`;
  return `SELECT ${key}, ${callSecondCounts.map((name) => `s.${name}`).join(', ')}
    FROM ${seconds} AS s JOIN quota_scopes AS q ON q.scope_no = s.scope_no`;
}

/** SELECT of related_events; object_id only where it is asked for, because it joins the ledger. */
export const relatedEventsSql = (withObject: boolean): string =>
  `SELECT coalesce(r.event_id_text, CAST(r.event_id_uuid AS VARCHAR)) AS event_id, r.event_time, a.event_source, a.event_name,
    a.account_id, a.region, a.principal_arn, a.caller_arn, a.access_key_id, r.source_ip, r.caller_source,
    a.user_agent, r.request_id, a.error_code, r.resource_arn, r.request_parameters, r.response_elements,
    ${withObject ? 'CAST(o.object_id AS VARCHAR) AS object_id, ' : ''}r.record_index
  FROM related AS r JOIN actions AS a ON a.action_no = r.action_no
  ${withObject ? 'JOIN ingest_objects AS o ON o.object_no = r.object_no' : ''}`;

/** Views of a new database; an analysis' connection narrows them (see engine.ts). */
export function viewsSql(): string[] {
  return [
    `CREATE OR REPLACE VIEW kms_events AS ${kmsEventsSql(null)}`,
    `CREATE OR REPLACE VIEW quota_charges AS SELECT event_time, caller_account_id, region, quota_id, custom_key_store_id, units, outcome, principal_type FROM (${quotaChargesSql('events')})`,
    `CREATE OR REPLACE VIEW charged_calls AS ${chargedCallsSql(null)}`,
    `CREATE OR REPLACE VIEW calls_per_second AS ${callsPerSecondSql(false)}`,
    `CREATE OR REPLACE VIEW related_events AS ${relatedEventsSql(true)}`,
  ];
}
