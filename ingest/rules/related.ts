import { relatedEventNames } from '../../reference/related-events.ts';
import type { RelatedEvent } from '../../store/batch/event-batch.ts';
import { isObject, objectField, textField, type JsonObject } from '../records/record.ts';
import { partitionOfRegion } from './arn.ts';
import { sourceIp } from './client.ts';
import { eventTimeOf } from './event-time.ts';
import { identityOf } from './identity.ts';
import type { PathFacts } from './kms-event.ts';
import { relatedGroupsOf } from './related-groups.ts';

const keptByDefault = relatedEventNames(relatedGroupsOf(process.env));

/** Longer request and response texts are left out: they are policies and pages, not names. */
const json_length_max = 20_000;

/**
 * A record of another service as a related event, or null when it is none of those that are kept
 * (reference/related-events.json). A record without id or time is none either: the readers count it as
 * a record of another service, as they do all the rest.
 */
export function relatedEvent(
  record: JsonObject,
  record_index: number,
  path: PathFacts = { account_id: null, region: null },
  kept: ReadonlyMap<string, ReadonlySet<string>> = keptByDefault,
): RelatedEvent | null {
  const event_source = textField(record, 'eventSource');
  const event_name = textField(record, 'eventName');
  if (event_source === null || event_name === null) return null;
  if (!kept.get(event_source)?.has(event_name)) return null;
  const event_id = textField(record, 'eventID');
  const event_time = eventTimeOf(record['eventTime']);
  if (event_id === null || event_time === null) return null;
  const action = actionOf(record, event_source, event_name, path);
  return {
    event_id,
    event_time,
    ...action,
    ...detailsOf(record, action),
    record_index,
  };
}

/** Who did what: the fields of a related event that many share. */
export type RelatedAction = Omit<
  RelatedEvent,
  'event_id' | 'event_time' | 'record_index' | keyof RelatedDetails
>;

/** Reads userIdentity, recipientAccountId, awsRegion, userAgent and errorCode. */
export function actionOf(
  record: JsonObject,
  event_source: string,
  event_name: string,
  path: PathFacts,
): RelatedAction {
  const user = objectField(record, 'userIdentity');
  const identity = identityOf(user, textField(record, 'recipientAccountId'), path.account_id);
  return {
    event_source,
    event_name,
    account_id: identity.caller_account_id,
    region: textField(record, 'awsRegion') ?? path.region,
    principal_arn: identity.principal_arn,
    caller_arn: identity.caller_arn,
    access_key_id: identity.access_key_id,
    user_agent: textField(record, 'userAgent'),
    error_code: textField(record, 'errorCode'),
  };
}

/** From where it was done, and to what. */
export type RelatedDetails = Pick<
  RelatedEvent,
  | 'source_ip'
  | 'caller_source'
  | 'request_id'
  | 'resource_arn'
  | 'request_parameters'
  | 'response_elements'
>;

/** Reads sourceIPAddress, requestID, requestParameters, responseElements and resources. */
export function detailsOf(record: JsonObject, action: RelatedAction): RelatedDetails {
  const caller_source = textField(record, 'sourceIPAddress');
  return {
    source_ip: sourceIp(caller_source, action.user_agent),
    caller_source,
    request_id: textField(record, 'requestID'),
    resource_arn: resourceOf(record, action.event_source, action.region, action.account_id),
    request_parameters: jsonText(record['requestParameters']),
    response_elements: jsonText(record['responseElements']),
  };
}

/** The resource of a record: several are joined by line feeds (GetParameters). */
export function resourceOf(
  record: JsonObject,
  source: string,
  region: string | null,
  account: string | null,
): string | null {
  const parameters = objectField(record, 'requestParameters');
  const partition = partitionOfRegion(region);
  const arn = (service: string, resource: string) =>
    resource.startsWith('arn:')
      ? resource
      : `arn:${partition}:${service}:${region}:${account}:${resource}`;
  switch (source) {
    case 's3.amazonaws.com':
      return objectOf(record, parameters, partition);
    case 'secretsmanager.amazonaws.com':
      return secretOf(record, parameters);
    case 'ssm.amazonaws.com':
      return parametersOf(record, parameters, (name) =>
        arn('ssm', name.startsWith('arn:') ? name : `parameter/${name.replace(/^\//, '')}`),
      );
    case 'ec2.amazonaws.com': {
      const snapshot = textField(parameters, 'snapshotId');
      return snapshot && `arn:${partition}:ec2:${region}::snapshot/${snapshot}`;
    }
    case 'cloudtrail.amazonaws.com': {
      const trail = textField(parameters, 'trailName') ?? textField(parameters, 'name');
      return trail && arn('cloudtrail', trail.startsWith('arn:') ? trail : `trail/${trail}`);
    }
    case 'sts.amazonaws.com':
      return textField(parameters, 'roleArn');
    default:
      return null;
  }
}

/**
 * A secret that is made has its ARN in the response; others are asked for by ARN, by ARN without its
 * random end, or by name, and kept as asked.
 */
function secretOf(record: JsonObject, parameters: JsonObject | null): string | null {
  const response = objectField(record, 'responseElements');
  const made = textField(response, 'arn') ?? textField(response, 'ARN');
  if (made !== null) return made;
  const asked = texts(parameters, 'secretId', 'secretIdList');
  return joined(asked.length > 0 ? asked : texts(parameters, 'name', ''));
}

function objectOf(record: JsonObject, parameters: JsonObject | null, partition: string) {
  const listed = resourceArns(record).find((arn) => /^arn:[^:]*:s3:::[^/]+\//.test(arn));
  if (listed) return listed;
  const bucket = textField(parameters, 'bucketName');
  const key = textField(parameters, 'key');
  if (bucket === null) return null;
  return `arn:${partition}:s3:::${bucket}${key === null ? '' : `/${key}`}`;
}

function parametersOf(
  record: JsonObject,
  parameters: JsonObject | null,
  arnOf: (name: string) => string,
): string | null {
  const path = textField(parameters, 'path');
  // What a path held at that time is not in the record: the ARN ends in a star.
  if (path !== null) return `${arnOf(path).replace(/\/$/, '')}/*`;
  const listed = resourceArns(record).filter((arn) => arn.includes(':parameter/'));
  if (listed.length > 0) return joined(listed);
  // A version or label stands behind a colon of the name, not of an ARN.
  return joined(texts(parameters, 'name', 'names').map((name) => arnOf(withoutSelector(name))));
}

function withoutSelector(name: string): string {
  return name.startsWith('arn:') ? name : name.replace(/:[^:/]+$/, '');
}

function resourceArns(record: JsonObject): string[] {
  const list = record['resources'];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap((r) => textField(r, 'ARN') ?? textField(r, 'arn') ?? []);
}

/** A field that holds one text, and one that holds a list of texts. */
function texts(parameters: JsonObject | null, one: string, many: string): string[] {
  const single = textField(parameters, one);
  const list = parameters?.[many];
  return [
    ...(single === null ? [] : [single]),
    ...(Array.isArray(list) ? list.filter((text): text is string => typeof text === 'string') : []),
  ];
}

function joined(parts: readonly string[]): string | null {
  return parts.length === 0 ? null : parts.join('\n');
}

function jsonText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  try {
    const text = JSON.stringify(value);
    return text === undefined || text.length > json_length_max ? null : text;
  } catch {
    return null;
  }
}
