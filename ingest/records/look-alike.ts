import { isObject, type JsonObject } from './record.ts';

/** The source of the calls that keymeter meters. */
const kmsEventSource = 'kms.amazonaws.com';

/** Whether a value is a record of CloudTrail (any service, any event type that trails deliver). */
export function isCloudTrailRecord(value: unknown): value is JsonObject {
  if (!isObject(value)) return false;
  const source = value['eventSource'];
  if (typeof source !== 'string' || source.startsWith('aws:')) return false;
  // Without a name it is still a KMS record, a damaged one, and must be refused aloud.
  if (source === kmsEventSource) return true;
  return typeof value['eventName'] === 'string' || typeof value['eventID'] === 'string';
}

/** What a value is that is no CloudTrail record. */
export interface ForeignKind {
  /** Its class in the ledger when the content holds nothing else; docs/errors.md lists them. */
  errorClass: string;
  /** What it is called in a sentence. */
  name: string;
  /** What to do, where there is something to do. */
  fix?: string;
  /** `dead`: a CloudTrail file, but damaged. */
  status?: 'dead';
}

/** A kind of JSON value, by the members it has. The first that fits counts. */
interface JsonKind extends ForeignKind {
  is: (value: JsonObject) => boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const has = (value: JsonObject, ...names: string[]) =>
  names.every((name) => Object.hasOwn(value, name));
const sourceOf = (value: JsonObject) => text(value['eventSource'] ?? value['EventSource']);

const unpackCall = 'save the records inside, one JSON text a line';

const jsonKinds: readonly JsonKind[] = [
  {
    errorClass: 'cloudtrail_digest',
    name: 'a CloudTrail digest',
    fix: '`keymeter verify` reads these',
    is: (v) => has(v, 'digestStartTime', 'digestS3Bucket'),
  },
  {
    errorClass: 'cloudtrail_insight',
    name: 'a CloudTrail Insights event',
    is: (v) => v['eventType'] === 'AwsCloudTrailInsight' || isObject(v['insightDetails']),
  },
  {
    errorClass: 'control_message',
    name: 'a CloudWatch Logs control message',
    is: (v) => v['messageType'] === 'CONTROL_MESSAGE',
  },
  {
    errorClass: 's3_notification',
    name: 'an S3 notification',
    is: (v) => sourceOf(v) === 'aws:s3' || (isObject(v['s3']) && has(v, 'eventName')),
  },
  {
    errorClass: 'dynamodb_stream',
    name: 'a DynamoDB stream record',
    is: (v) => sourceOf(v) === 'aws:dynamodb' || isObject(v['dynamodb']),
  },
  {
    errorClass: 'sqs_message',
    name: 'an SQS message',
    is: (v) => sourceOf(v) === 'aws:sqs' || has(v, 'receiptHandle') || has(v, 'ReceiptHandle'),
  },
  {
    errorClass: 'kinesis_record',
    name: 'a Kinesis record',
    fix: `decode its base64 data and ${unpackCall}`,
    is: (v) => sourceOf(v) === 'aws:kinesis' || isObject(v['kinesis']),
  },
  {
    errorClass: 'sns_message',
    name: 'an SNS message',
    is: (v) => sourceOf(v) === 'aws:sns' || isObject(v['Sns']) || has(v, 'TopicArn', 'Message'),
  },
  {
    errorClass: 'event_notification',
    name: "another service's notification",
    is: (v) => sourceOf(v).startsWith('aws:'),
  },
  {
    errorClass: 'vpc_flow_log',
    name: 'a VPC flow log record',
    is: (v) => has(v, 'srcaddr', 'dstaddr') || /^\d+ \d{12} eni-/.test(text(v['message'])),
  },
  {
    errorClass: 'guardduty_finding',
    name: 'a GuardDuty finding',
    is: (v) =>
      v['detail-type'] === 'GuardDuty Finding' ||
      /:guardduty:/.test(text(v['arn'] ?? v['Arn'])) ||
      text((v['service'] as JsonObject | null)?.['serviceName']) === 'guardduty',
  },
  {
    errorClass: 'security_hub_finding',
    name: 'a Security Hub finding',
    is: (v) => has(v, 'ProductArn', 'AwsAccountId') || has(v, 'Findings'),
  },
  {
    errorClass: 'config_snapshot',
    name: 'an AWS Config item',
    is: (v) =>
      has(v, 'configurationItems') ||
      has(v, 'configSnapshotId') ||
      has(v, 'configurationItemStatus') ||
      has(v, 'configurationItemCaptureTime'),
  },
  {
    errorClass: 'ocsf_event',
    name: 'an OCSF event',
    fix: 'Security Lake rewrites CloudTrail records: read the trail itself',
    is: (v) => has(v, 'class_uid') || has(v, 'category_uid', 'metadata'),
  },
  {
    errorClass: 'access_log',
    name: 'an access log entry',
    is: (v) => has(v, 'webaclId') || has(v, 'httpMethod', 'requestId') || has(v, 'sc-status'),
  },
  {
    errorClass: 'kubernetes_audit',
    name: 'a Kubernetes audit event',
    is: (v) => text(v['apiVersion']).startsWith('audit.k8s.io') || has(v, 'auditID', 'verb'),
  },
  {
    errorClass: 'records_null',
    name: '"Records": null',
    fix: 'copy the file again',
    status: 'dead',
    is: (v) => v['Records'] === null,
  },
  {
    errorClass: 'application_log',
    name: 'an application log entry',
    is: (v) => {
      const message = v['message'] ?? v['msg'] ?? v['log'] ?? v['@message'] ?? v['event'];
      return message !== undefined || (has(v, 'level') && (has(v, 'ts') || has(v, 'time')));
    },
  },
];

const unknownJson: ForeignKind = {
  errorClass: 'records_missing',
  name: 'JSON without CloudTrail records',
  fix: 'leave the file out, or save the records inside as JSON, one a line',
};

const noRecord: ForeignKind = {
  errorClass: 'not_a_log',
  name: 'a JSON text or number',
  fix: 'leave the file out',
  status: 'dead',
};

/** What a value is that holds no CloudTrail record. */
export function foreignKindOf(value: unknown): ForeignKind {
  if (!isObject(value)) return Array.isArray(value) ? unknownJson : noRecord;
  const kind = jsonKinds.find(({ is }) => is(value));
  if (kind) return kind;
  // "Records" that is no array: a log that something damaged.
  return has(value, 'Records') && !Array.isArray(value['Records'])
    ? { ...unknownJson, status: 'dead' }
    : unknownJson;
}

/** A kind of text that is not JSON, by its first lines. */
interface TextKind extends ForeignKind {
  pattern: RegExp;
}

const textKinds: readonly TextKind[] = [
  {
    errorClass: 'vpc_flow_log',
    name: 'a VPC flow log',
    pattern: /^version account-id |^(?:\S+ )?\d+ \d{12} eni-[0-9a-f]+ /m,
  },
  {
    errorClass: 'access_log',
    name: 'an access log',
    pattern:
      /^[0-9a-f]{64} \S+ \[\d\d\/\w{3}\/\d{4}:|^(?:https?|h2|grpcs?|wss?|tls) \d{4}-\d\d-\d\dT\S+ |^#Version: |^\S+ \S+ \S+ \[\d\d\/\w{3}\/\d{4}:/m,
  },
  { errorClass: 'markup', name: 'an XML or HTML document', pattern: /^\s*<[?!a-zA-Z]/ },
  {
    errorClass: 'application_log',
    name: 'the log of an application',
    pattern:
      /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|^<\d{1,3}>|^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |^(?:START|END|REPORT) RequestId: |^\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b/m,
  },
];

/** What a text is that holds no JSON; null when it is of no known form. */
export function textKindOf(start: string): ForeignKind | null {
  return textKinds.find(({ pattern }) => pattern.test(start)) ?? null;
}
