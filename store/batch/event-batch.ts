import { kmsEventColumns } from '../relations.ts';

/**
 * What a worker posts to the writer: columns, not rows. Buffers are transferable. A column of 16-byte
 * ids, of instants, of integers, of booleans, or of UTF-8 text with offsets; `valid` has one byte a row
 * (1 = not null) and is absent when nothing is null.
 */
export type Column =
  | { kind: 'uuid'; data: Uint8Array; valid?: Uint8Array }
  | { kind: 'timestamp'; data: BigInt64Array; valid?: Uint8Array }
  | { kind: 'integer'; data: Int32Array; valid?: Uint8Array }
  | { kind: 'bigint'; data: BigInt64Array; valid?: Uint8Array }
  | { kind: 'boolean'; data: Uint8Array; valid?: Uint8Array }
  | { kind: 'text'; bytes: Uint8Array; offsets: Uint32Array; valid?: Uint8Array };

export interface Table {
  rowCount: number;
  columns: Record<string, Column>;
}

/** Dimensions of `events`. */
export const eventDimensions = ['calls', 'identities', 'clients', 'keys'] as const;
/** All dimensions: `actions` is who did what in an event of another service, of `related`. */
export const dimensionNames = [...eventDimensions, 'actions'] as const;
export type DimensionName = (typeof dimensionNames)[number];

/** A value of each dimension. */
export function byDimension<T>(valueOf: (name: DimensionName) => T): Record<DimensionName, T> {
  const entries = dimensionNames.map((name) => [name, valueOf(name)] as const);
  return Object.fromEntries(entries) as Record<DimensionName, T>;
}

/** The id column of each dimension, in the dimension and in the table that it belongs to. */
export const dimensionIds: Record<DimensionName, string> = {
  calls: 'call_no',
  identities: 'identity_no',
  clients: 'client_no',
  keys: 'key_no',
  actions: 'action_no',
};

const actionColumns = [
  'event_source',
  'event_name',
  'account_id',
  'region',
  'principal_arn',
  'caller_arn',
  'access_key_id',
  'user_agent',
  'error_code',
] as const satisfies readonly (keyof RelatedEvent)[];

/** Columns of a dimension, in the order of its table. */
export function dimensionColumns(dimension: DimensionName): { name: string; type: string }[] {
  const derived =
    dimension === 'actions'
      ? actionColumns.map((name) => ({ name, type: 'VARCHAR' }))
      : kmsEventColumns.filter((column) => column.table === dimension);
  return [...derived, { name: 'facts', type: 'VARCHAR' }];
}

/** The facts that each dimension's columns were derived from, as JSON text. */
export type Facts = Partial<Record<DimensionName, string>>;

export type ObjectStatus = 'ok' | 'empty' | 'skipped' | 'dead' | 'gone';

/**
 * What became of one object; its rows are `[row_from, row_to)` of the batch's events and
 * `[related_from, related_to)` of its related events.
 */
export interface ObjectResult {
  /** Position of the object in the task. */
  task_index: number;
  /** `transient` results never reach the writer: the run notes them and tries again later. */
  status: ObjectStatus | 'transient';
  error_class: string | null;
  error_detail: string | null;
  content_sha256: string | null;
  content_bytes: number;
  account_id: string | null;
  region: string | null;
  records_total: number;
  non_kms: number;
  /** Values that are no CloudTrail records; not in records_total. */
  foreign: number;
  /** Bytes behind the content that nothing read. */
  unread_bytes: number;
  /** Events of its rows that replace others; absent: none. */
  replaced?: ReplacedEvent[];
  row_from: number;
  row_to: number;
  related_from: number;
  related_to: number;
  /** Seconds since the epoch over the KMS rows; null when there is none. */
  event_time_min: number | null;
  event_time_max: number | null;
  /** The same over all records that were read for it, whatever their service. */
  record_time_min: number | null;
  record_time_max: number | null;
}

/** An event that was delivered again with corrected data, under an id of its own. */
export interface ReplacedEvent {
  event_id: string;
  original_event_id: string;
}

/** A record that was refused, and why. */
export interface Reject {
  task_index: number;
  record_index: number;
  error_class: string;
  error_detail: string;
  /** The start of the record's text, for a person to look at. */
  record_start: string | null;
}

/** An event of another service that is kept beside the KMS events. */
export interface RelatedEvent {
  event_id: string;
  event_time: number;
  event_source: string;
  event_name: string;
  account_id: string | null;
  region: string | null;
  principal_arn: string | null;
  caller_arn: string | null;
  access_key_id: string | null;
  source_ip: string | null;
  caller_source: string | null;
  user_agent: string | null;
  request_id: string | null;
  error_code: string | null;
  resource_arn: string | null;
  request_parameters: string | null;
  response_elements: string | null;
  record_index: number;
}

/** The entries that a reader's dictionaries got since the delta before. */
export interface DictionaryDelta {
  /** Whose dictionaries: one name for as long as their entries hold. */
  dictionary: string;
  /** Number of the first entry in each table. */
  from: Record<DimensionName, number>;
  tables: Record<DimensionName, Table>;
}

export interface EventBatch {
  objects: ObjectResult[];
  /** The dictionaries whose entries the id columns of the dimensions hold, in `events` and `related`. */
  dictionary: string;
  /** What the writer must know before it can take the rows, unless it knows it already. */
  deltas: DictionaryDelta[];
  events: Table;
  related: Table;
  rejects: Reject[];
}

/** Columns of `events` that a batch carries (object_no and counted are the writer's). */
export const batchEventColumns = [
  'event_id_uuid',
  'event_id_text',
  'shared_event_id_uuid',
  'shared_event_id_text',
  'request_id_uuid',
  'request_id_text',
  'event_time',
  'call_no',
  'identity_no',
  'client_no',
  'key_no',
  'error_message',
  'encryption_context',
  'resource_arn',
  'request_parameters',
  'response_elements',
  'record_index',
] as const;

/** Columns of `related` that a batch carries (object_no is the writer's). */
export const batchRelatedColumns = [
  'event_id_uuid',
  'event_id_text',
  'event_time',
  'action_no',
  'source_ip',
  'caller_source',
  'request_id',
  'resource_arn',
  'request_parameters',
  'response_elements',
  'record_index',
] as const;

/** All buffers of a batch, for postMessage's transfer list. */
export function transferList(batch: EventBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const entries = batch.deltas.flatMap(({ tables }) => Object.values(tables));
  for (const table of [batch.events, batch.related, ...entries]) {
    for (const column of Object.values(table.columns)) {
      const parts = column.kind === 'text' ? [column.bytes, column.offsets] : [column.data];
      if (column.valid) parts.push(column.valid);
      for (const part of parts) buffers.add(part.buffer as ArrayBuffer);
    }
  }
  return [...buffers];
}
