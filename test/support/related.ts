import { randomUUID } from 'node:crypto';
import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import { plainEvent } from './events.ts';

/** An event of another service by the plain principal, at noon; the id random. */
export function relatedEvent(changes: Partial<RelatedEvent> & { at?: string } = {}): RelatedEvent {
  const { at, ...columns } = changes;
  return {
    event_id: randomUUID(),
    event_time: at ? Date.parse(at) / 1000 : plainEvent.event_time,
    event_source: 's3.amazonaws.com',
    event_name: 'GetObject',
    account_id: plainEvent.account_id,
    region: plainEvent.region,
    principal_arn: plainEvent.principal_arn,
    caller_arn: plainEvent.caller_arn,
    access_key_id: plainEvent.access_key_id,
    source_ip: '203.0.113.9',
    caller_source: '203.0.113.9',
    user_agent: 'aws-cli/2',
    request_id: randomUUID(),
    error_code: null,
    resource_arn: null,
    request_parameters: null,
    response_elements: null,
    record_index: 0,
    ...columns,
  };
}
