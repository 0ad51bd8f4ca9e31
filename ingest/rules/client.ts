import { isIP } from 'node:net';
import { objectField, textField, type JsonObject } from '../records/record.ts';
import { contextKindsByName } from '../../reference/context-kinds.ts';

/** Where a call came from. */
export interface Client {
  source_ip: string | null;
  caller_source: string | null;
  user_agent: string | null;
  vpc_endpoint_id: string | null;
  tls_version: string | null;
}

const isService = (text: string | null) =>
  text !== null && (text === 'AWS Internal' || text.endsWith('.amazonaws.com'));

/** The address is known only when neither address nor user agent is a service's. */
export function sourceIp(source: string | null, agent: string | null): string | null {
  return source !== null && isIP(source) !== 0 && !isService(agent) ? source : null;
}

export function clientOf(record: JsonObject): Client {
  const source = textField(record, 'sourceIPAddress');
  const agent = textField(record, 'userAgent');
  return {
    source_ip: sourceIp(source, agent),
    caller_source: source,
    user_agent: agent,
    vpc_endpoint_id: textField(record, 'vpcEndpointId'),
    tls_version: textField(objectField(record, 'tlsDetails'), 'tlsVersion'),
  };
}

/**
 * The service that called on the principal's behalf. `AWS Internal` gives way to the service that the
 * encryption context names; without invokedBy only some contexts name a service (reference/context-kinds.json).
 */
export function viaServiceOf(invokedBy: string | null, contextKind: string): string | null {
  const kind = contextKindsByName.get(contextKind);
  const named = kind?.service ?? null;
  if (invokedBy === null) return kind?.service_without_invoked_by ? named : null;
  const service = invokedBy.toLowerCase().replace(/^fas\./, '');
  return service === 'aws internal' ? (named ?? 'aws-internal') : service;
}
