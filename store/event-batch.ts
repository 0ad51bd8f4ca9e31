import { kmsEventColumns } from './relations.ts';

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

export const dimensionNames = ['calls', 'identities', 'clients', 'keys'] as const;
export type DimensionName = (typeof dimensionNames)[number];

/** The id column of each dimension, in the dimension and in `events`. */
export const dimensionIds: Record<DimensionName, string> = {
  calls: 'call_no',
  identities: 'identity_no',
  clients: 'client_no',
  keys: 'key_no',
};

/** Columns of a dimension, in the order of its table. */
export function dimensionColumns(dimension: DimensionName) {
  return kmsEventColumns.filter((column) => column.table === dimension);
}

export type ObjectStatus = 'ok' | 'empty' | 'skipped' | 'dead' | 'gone';

/** What became of one object; its rows are `[row_from, row_to)` of the batch's events. */
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
  row_from: number;
  row_to: number;
  /** Seconds since the epoch over the KMS rows; null when there is none. */
  event_time_min: number | null;
  event_time_max: number | null;
  /** The same over all records that were read for it, whatever their service. */
  record_time_min: number | null;
  record_time_max: number | null;
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
  task_index: number;
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

export interface EventBatch {
  objects: ObjectResult[];
  /** `events` columns; the id columns of the dimensions hold positions in this batch's dimensions. */
  events: Table;
  dimensions: Record<DimensionName, Table>;
  rejects: Reject[];
  related: RelatedEvent[];
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

/** All buffers of a batch, for postMessage's transfer list. */
export function transferList(batch: EventBatch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const table of [batch.events, ...Object.values(batch.dimensions)]) {
    for (const column of Object.values(table.columns)) {
      const parts = column.kind === 'text' ? [column.bytes, column.offsets] : [column.data];
      if (column.valid) parts.push(column.valid);
      for (const part of parts) buffers.add(part.buffer as ArrayBuffer);
    }
  }
  return [...buffers];
}
