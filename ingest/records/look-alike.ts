import { isObject, type JsonObject } from './record.ts';

/** Whether a record is one of CloudTrail's (any service, any event type that trails deliver). */
export function isCloudTrailRecord(record: JsonObject): boolean {
  const source = record['eventSource'];
  if (typeof source !== 'string' || source.startsWith('aws:')) return false;
  return typeof record['eventName'] === 'string' || typeof record['eventID'] === 'string';
}

/** What a record of the same envelope is instead, for the reason in the ledger. */
export function lookAlikeOf(record: unknown): string | null {
  if (!isObject(record)) return null;
  const source = record['eventSource'] ?? record['EventSource'];
  if (record['eventType'] === 'AwsCloudTrailInsight' || isObject(record['insightDetails'])) {
    return 'cloudtrail_insight';
  }
  if (source === 'aws:s3' || isObject(record['s3'])) return 's3_notification';
  if (source === 'aws:dynamodb' || isObject(record['dynamodb'])) return 'dynamodb_stream';
  if (source === 'aws:sqs' || typeof record['receiptHandle'] === 'string') return 'sqs_message';
  if (source === 'aws:kinesis' || isObject(record['kinesis'])) return 'kinesis_record';
  if (source === 'aws:sns' || isObject(record['Sns'])) return 'sns_message';
  if (typeof source === 'string' && source.startsWith('aws:')) return 'event_notification';
  return null;
}

/** A digest file is one object with these fields and no Records. */
export function isDigest(document: JsonObject): boolean {
  return 'digestStartTime' in document && 'digestS3Bucket' in document;
}
