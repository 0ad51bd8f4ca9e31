import { describe, expect, test } from 'vitest';
import { relatedEvent } from '../../ingest/rules/related.ts';
import {
  relatedEventNames,
  relatedEventsFile,
  relatedGroups,
} from '../../reference/related-events.ts';
import { hostileTexts } from '../support/hostile-texts.ts';

const base = {
  eventID: 'e-1',
  eventTime: '2026-10-05T12:00:00Z',
  awsRegion: 'eu-central-1',
  recipientAccountId: '111111111111',
  sourceIPAddress: '192.0.2.7',
  userAgent: 'aws-cli/2',
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111111111111:assumed-role/app/s1',
    accountId: '111111111111',
    accessKeyId: 'ASIA1',
    sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111111111111:role/path/app' } },
  },
};

const record = (eventSource: string, eventName: string, rest: object) => ({
  ...base,
  eventSource: `${eventSource}.amazonaws.com`,
  eventName,
  ...rest,
});

const resource = (eventSource: string, eventName: string, rest: object) =>
  relatedEvent(record(eventSource, eventName, rest), 3)?.resource_arn;

test('a kept event bears who, from where, and which record', () => {
  const event = relatedEvent(
    record('sts', 'AssumeRole', { requestParameters: { roleArn: 'r' } }),
    3,
  );
  expect(event).toEqual({
    event_id: 'e-1',
    event_time: Date.parse('2026-10-05T12:00:00Z') / 1000,
    event_source: 'sts.amazonaws.com',
    event_name: 'AssumeRole',
    account_id: '111111111111',
    region: 'eu-central-1',
    principal_arn: 'arn:aws:iam::111111111111:role/path/app',
    caller_arn: 'arn:aws:sts::111111111111:assumed-role/app/s1',
    access_key_id: 'ASIA1',
    source_ip: '192.0.2.7',
    caller_source: '192.0.2.7',
    user_agent: 'aws-cli/2',
    request_id: null,
    error_code: null,
    resource_arn: 'r',
    request_parameters: '{"roleArn":"r"}',
    response_elements: null,
    record_index: 3,
  });
});

describe('the resource', () => {
  test('of S3 is the object, listed or asked for', () => {
    const object = { bucketName: 'b', key: 'a/ü b.txt' };
    expect(resource('s3', 'GetObject', { requestParameters: object })).toBe(
      'arn:aws:s3:::b/a/ü b.txt',
    );
    const resources = [{ ARN: 'arn:aws:s3:::b' }, { ARN: 'arn:aws:s3:::b/x' }];
    expect(resource('s3', 'PutObject', { resources })).toBe('arn:aws:s3:::b/x');
    expect(resource('s3', 'PutBucketEncryption', { requestParameters: { bucketName: 'b' } })).toBe(
      'arn:aws:s3:::b',
    );
  });

  test('of a parameter is its ARN, without version or label; a path ends in a star', () => {
    const of = (eventName: string, requestParameters: object) =>
      resource('ssm', eventName, { requestParameters });
    const prefix = 'arn:aws:ssm:eu-central-1:111111111111:parameter';
    expect(of('GetParameter', { name: '/db/password:3' })).toBe(`${prefix}/db/password`);
    expect(of('GetParameter', { name: 'plain' })).toBe(`${prefix}/plain`);
    expect(of('GetParameters', { names: ['/a', `${prefix}/b`] })).toBe(`${prefix}/a\n${prefix}/b`);
    expect(of('GetParametersByPath', { path: '/db/' })).toBe(`${prefix}/db/*`);
    const resources = [{ ARN: `${prefix}/x` }, { ARN: `${prefix}/y` }];
    expect(resource('ssm', 'GetParameters', { resources })).toBe(`${prefix}/x\n${prefix}/y`);
  });

  test('of a secret is as asked; of a snapshot and a trail an ARN', () => {
    expect(
      resource('secretsmanager', 'GetSecretValue', { requestParameters: { secretId: 'db' } }),
    ).toBe('db');
    expect(
      resource('ec2', 'ModifySnapshotAttribute', { requestParameters: { snapshotId: 'snap-1' } }),
    ).toBe('arn:aws:ec2:eu-central-1::snapshot/snap-1');
    expect(resource('cloudtrail', 'StopLogging', { requestParameters: { name: 't' } })).toBe(
      'arn:aws:cloudtrail:eu-central-1:111111111111:trail/t',
    );
    expect(
      resource('cloudtrail', 'PutEventSelectors', { requestParameters: { trailName: 'arn:x' } }),
    ).toBe('arn:x');
  });
});

test('a new secret is known by its ARN, else by its name', () => {
  const requestParameters = { name: 'db' };
  expect(resource('secretsmanager', 'CreateSecret', { requestParameters })).toBe('db');
  const responseElements = { arn: 'arn:x' };
  const rest = { requestParameters, responseElements };
  expect(resource('secretsmanager', 'CreateSecret', rest)).toBe('arn:x');
});

test('nothing else is kept, and nothing without id or time', () => {
  expect(relatedEvent(record('s3', 'ListBuckets', {}), 0)).toBeNull();
  expect(relatedEvent(record('ec2', 'GetObject', {}), 0)).toBeNull();
  expect(relatedEvent(record('sts', 'AssumeRole', { eventID: '' }), 0)).toBeNull();
  expect(relatedEvent(record('sts', 'AssumeRole', { eventTime: 'yesterday' }), 0)).toBeNull();
  expect(relatedEvent({}, 0)).toBeNull();
});

test('configuration turns groups on and off', () => {
  const kept = relatedEventNames(['logging']);
  expect(relatedEvent(record('sts', 'AssumeRole', {}), 0, undefined, kept)).toBeNull();
  expect(relatedEvent(record('cloudtrail', 'StopLogging', {}), 0, undefined, kept)).not.toBeNull();
  for (const entry of relatedEventsFile.events) expect(relatedGroups).toContain(entry.group);
});

test('texts of attackers stay the same text', () => {
  for (const text of hostileTexts) {
    const event = relatedEvent(
      record('s3', 'GetObject', {
        userAgent: text,
        requestParameters: { bucketName: 'b', key: text },
      }),
      0,
    );
    expect(event?.user_agent).toBe(text);
    expect(event?.resource_arn).toBe(`arn:aws:s3:::b/${text}`);
  }
});
