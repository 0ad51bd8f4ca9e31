import { randomUUID } from 'node:crypto';
import { BatchEncoder } from '../../store/batch/batch-encoder.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { EventBatch, RelatedEvent } from '../../store/batch/event-batch.ts';
import { ledgerId } from '../../store/ledger.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { Writer, type GroupItem } from '../../store/write/writer.ts';

/** A plain event of one second: a direct, successful, symmetric Decrypt by a role. */
export const plainEvent: KmsEvent = {
  event_id: '',
  shared_event_id: null,
  request_id: null,
  event_time: Date.parse('2026-10-05T12:00:00Z') / 1000,
  account_id: '111111111111',
  caller_account_id: '111111111111',
  caller_account_basis: 'identity',
  key_account_id: '111111111111',
  region: 'eu-central-1',
  operation: 'Decrypt',
  operation_class: 'cryptographic',
  event_type: 'AwsApiCall',
  read_only: true,
  quota_id: 'crypto_symmetric',
  quota_assumed: false,
  second_region: null,
  algorithm: 'SYMMETRIC_DEFAULT',
  data_key_spec: null,
  key_arn: 'arn:aws:kms:eu-central-1:111111111111:key/00000000-0000-0000-0000-000000000001',
  key_ref: null,
  destination_key_arn: null,
  custom_key_store_id: null,
  store_quota_id: null,
  principal_arn: 'arn:aws:iam::111111111111:role/app',
  principal_type: 'AssumedRole',
  session_name: 'session',
  caller_arn: 'arn:aws:sts::111111111111:assumed-role/app/session',
  access_key_id: 'ASIAEXAMPLE',
  console_session: null,
  via_service: null,
  is_direct: true,
  source_ip: '192.0.2.1',
  caller_source: '192.0.2.1',
  user_agent: 'aws-sdk-java/2.20',
  vpc_endpoint_id: null,
  tls_version: 'TLSv1.3',
  outcome: 'success',
  error_code: null,
  error_message: null,
  encryption_context: null,
  context_kind: 'none',
  resource_arn: null,
  s3_bucket: null,
  s3_context_is_bucket: null,
  request_parameters: null,
  response_elements: null,
  additional_event_data: null,
  record_index: 0,
};

/** An event with the given columns; the rest plain, the id random. `at` is an ISO instant. */
export function event(changes: Partial<KmsEvent> & { at?: string } = {}): KmsEvent {
  const { at, ...columns } = changes;
  return {
    ...plainEvent,
    event_id: randomUUID(),
    ...(at ? { event_time: Date.parse(at) / 1000 } : {}),
    ...columns,
  };
}

/** A batch of one object that holds these events. */
export function batchOf(events: readonly KmsEvent[], related: RelatedEvent[] = []): EventBatch {
  const encoder = new BatchEncoder();
  events.forEach((row, record_index) => encoder.add({ ...row, record_index }));
  for (const row of related) encoder.addRelated(row);
  const times = events.map((row) => row.event_time);
  const first = events[0];
  const time_min = times.length ? times.reduce((a, b) => Math.min(a, b)) : null;
  const time_max = times.length ? times.reduce((a, b) => Math.max(a, b)) : null;
  return {
    ...encoder.finish(),
    objects: [
      {
        task_index: 0,
        status: events.length > 0 ? 'ok' : 'empty',
        error_class: null,
        error_detail: null,
        content_sha256: null,
        content_bytes: 0,
        account_id: first?.account_id ?? null,
        region: first?.region ?? null,
        records_total: events.length,
        non_kms: 0,
        foreign: 0,
        unread_bytes: 0,
        row_from: 0,
        row_to: events.length,
        related_from: 0,
        related_to: related.length,
        event_time_min: time_min,
        event_time_max: time_max,
        record_time_min: time_min,
        record_time_max: time_max,
      },
    ],
    rejects: [],
  };
}

let objectCount = 0;

/** Events as one object, with this path or one of its own, for the real writer. */
export function groupItem(
  events: readonly KmsEvent[],
  related: RelatedEvent[] = [],
  key = `/test/object-${objectCount++}`,
): GroupItem {
  const listed = {
    source: 'local',
    bucket: '',
    key,
    version: '1',
    size_bytes: 1,
    last_modified_at: 0,
    attempts: 0,
  };
  return { batch: batchOf(events, related), objects: [{ ...listed, object_id: ledgerId(listed) }] };
}

/** Stores events through the real writer, as one object with this path or one of its own. */
export async function store(
  database: Database,
  events: readonly KmsEvent[],
  related: RelatedEvent[] = [],
  key?: string,
): Promise<void> {
  const writer = await Writer.open(database);
  await writer.commit([groupItem(events, related, key)], 'test-run');
  await writer.fold();
  writer.close();
}

/** A fresh in-memory database that holds these events, for the time of `use`. */
export async function withEvents<T>(
  events: readonly KmsEvent[],
  use: (engine: DuckDbEngine, database: Database) => Promise<T>,
  related: RelatedEvent[] = [],
): Promise<T> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    await store(database, events, related);
    return await use(engine, database);
  } finally {
    engine.close();
    database.close();
  }
}
