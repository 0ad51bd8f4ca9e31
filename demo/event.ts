import type { Caller } from './callers.ts';
import { isoSecond, type Region } from './organisation.ts';
import { hash32, uuidOf } from './rng.ts';

export interface Resource {
  readonly accountId?: string;
  readonly type: string;
  readonly ARN: string;
}

/** One record to be written. Absent fields are absent in the record, `null` is written as null. */
export interface PlannedEvent {
  /** Epoch second. */
  at: number;
  region: Region;
  /** recipientAccountId: whose trail records it. */
  recipient: string;
  source: string;
  operation: string;
  caller: Caller;
  /** invokedBy, for a call a service makes on the caller's behalf. */
  via?: string;
  request?: unknown;
  response?: unknown;
  additional?: unknown;
  resources?: readonly Resource[];
  error?: { code: string; message?: string };
  sharedEventId?: string;
  type?: 'AwsApiCall' | 'AwsServiceEvent' | 'AwsVpceEvent';
  category?: 'Management' | 'Data' | 'NetworkActivity';
  readOnly?: boolean;
  serviceDetails?: unknown;
  /** Request quota that the call is charged to; only KMS API calls have one. */
  quota?: string;
  /** The custom key store's own quota, charged beside the other. */
  storeQuota?: string;
  /** False for the copy of an action that rates do not count (the key owner's copy). */
  counted?: boolean;
  /** Seconds by which the file is published later than usual. */
  publishedAfter?: number;
  /** Set by the plan: number in order of emission, from which the ids are made. */
  sequence?: number;
}

const readOnlyName =
  /^(Decrypt|Encrypt|Generate|ReEncrypt|Sign|Verify|Describe|List|Get|Lookup|Head|AssumeRole)/;

export const eventIdOf = (seed: number, sequence: number): string => uuidOf(seed, sequence, 1);

/** The record as one line of minified JSON, its fields in CloudTrail's order. */
export function renderEvent(event: PlannedEvent, seed: number): string {
  const { caller, via } = event;
  const sequence = event.sequence ?? 0;
  const kind = event.type ?? 'AwsApiCall';
  const address = JSON.stringify(via ?? caller.sourceIp);
  const agent = JSON.stringify(via ?? caller.userAgent);
  const identity =
    via === undefined
      ? caller.identity
      : `${caller.identity.slice(0, -1)},"invokedBy":${JSON.stringify(via)}}`;
  let text =
    `{"eventVersion":"${versionOf(event)}","userIdentity":${identity}` +
    `,"eventTime":"${isoSecond(event.at)}","eventSource":"${event.source}"` +
    `,"eventName":"${event.operation}","awsRegion":"${event.region}"` +
    `,"sourceIPAddress":${address}`;
  if (kind !== 'AwsVpceEvent') text += `,"userAgent":${agent}`;
  if (event.error) {
    text += `,"errorCode":"${event.error.code}"`;
    if (event.error.message !== undefined) {
      text += `,"errorMessage":${JSON.stringify(event.error.message)}`;
    }
  }
  text += `,"requestParameters":${jsonOf(event, event.request ?? null)}`;
  text += `,"responseElements":${jsonOf(event, event.response ?? null)}`;
  const additional = additionalOf(event);
  if (additional) text += `,"additionalEventData":${additional}`;
  text += `,"requestID":"${uuidOf(seed, sequence, 2)}","eventID":"${eventIdOf(seed, sequence)}"`;
  text += `,"readOnly":${event.readOnly ?? readOnlyName.test(event.operation)}`;
  if (event.resources) text += `,"resources":${JSON.stringify(event.resources)}`;
  text += `,"eventType":"${kind}"`;
  const category = event.category ?? 'Management';
  text += `,"managementEvent":${category === 'Management'}`;
  text += `,"recipientAccountId":"${event.recipient}"`;
  if (event.sharedEventId) text += `,"sharedEventID":"${event.sharedEventId}"`;
  if (event.serviceDetails)
    text += `,"serviceEventDetails":${JSON.stringify(event.serviceDetails)}`;
  text += `,"eventCategory":"${category}"`;
  if (caller.vpcEndpointId && via === undefined) {
    text += `,"vpcEndpointId":"${caller.vpcEndpointId}"`;
    text += `,"vpcEndpointAccountId":"${event.recipient}"`;
  }
  // tlsDetails stand only where the client itself spoke to the endpoint.
  if (via === undefined && !caller.service && kind === 'AwsApiCall') {
    const host = `${event.source.split('.')[0]}.${event.region}.amazonaws.com`;
    text +=
      `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"` +
      `,"clientProvidedHostHeader":"${host}"}`;
  }
  if (caller.fromConsole) text += ',"sessionCredentialFromConsole":"true"';
  return `${text}}`;
}

/** Both versions stand side by side in real buckets; four of five records are of the newer one. */
function versionOf(event: PlannedEvent): string {
  return hash32(event.caller.callerArn, event.at) % 5 === 0 ? '1.08' : '1.11';
}

/** CloudTrail writes `<`, `>`, `&` and `=` in text now plain, now escaped; readers must take both. */
function jsonOf(event: PlannedEvent, value: unknown): string {
  if (value === null) return 'null';
  const text = JSON.stringify(value);
  if (event.at % 2 === 0) return text;
  return text.replace(/[<>&=]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

function additionalOf(event: PlannedEvent): string | undefined {
  if (event.additional === undefined) return undefined;
  // keyMaterialId came with the newer record version.
  const value = event.additional as Record<string, unknown>;
  if (versionOf(event) !== '1.08') return JSON.stringify(value);
  const { keyMaterialId: _, ...rest } = value;
  return Object.keys(rest).length > 0 ? JSON.stringify(rest) : undefined;
}
