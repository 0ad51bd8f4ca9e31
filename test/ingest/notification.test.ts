import { describe, expect, test } from 'vitest';
import { readNotification } from '../../ingest/sources/notification.ts';
import { queueOf } from '../../ingest/sources/queue-address.ts';
import { s3Message } from '../support/queue-double.ts';

const key = 'AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/28/a b+c.json.gz';
const direct = s3Message('logs', key, 'abc', 42);
const at = Date.parse('2026-11-28T10:00:00Z');
const object = { bucket: 'logs', key, version: 'abc', size_bytes: 42, at };
const wrapped = (text: string) => JSON.stringify({ Type: 'Notification', Message: text });

describe('readNotification', () => {
  test('S3, directly and through SNS', () => {
    expect(readNotification(direct)).toEqual({ kind: 'objects', objects: [object] });
    expect(readNotification(wrapped(direct))).toEqual({ kind: 'objects', objects: [object] });
  });

  test('EventBridge, whose keys are not encoded', () => {
    const event = {
      version: '0',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      time: '2026-11-28T10:00:00Z',
      detail: { bucket: { name: 'logs' }, object: { key, size: 42, etag: 'abc' } },
    };
    expect(readNotification(JSON.stringify(event))).toEqual({ kind: 'objects', objects: [object] });
    const deleted = { ...event, 'detail-type': 'Object Deleted' };
    expect(readNotification(JSON.stringify(deleted))).toEqual({ kind: 'other' });
  });

  test("CloudTrail's own topic, which tells neither ETag nor size", () => {
    const text = JSON.stringify({ s3Bucket: 'logs', s3ObjectKey: [key, 'x.json.gz'] });
    const unknown = { bucket: 'logs', version: null, size_bytes: null, at: 0 };
    expect(readNotification(wrapped(text))).toEqual({
      kind: 'objects',
      objects: [
        { ...unknown, key },
        { ...unknown, key: 'x.json.gz' },
      ],
    });
  });

  test('test messages, removals, and what is none', () => {
    const tested = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs' };
    expect(readNotification(JSON.stringify(tested))).toEqual({ kind: 'test' });
    const removed = direct.replace('ObjectCreated:Put', 'ObjectRemoved:Delete');
    expect(readNotification(removed)).toEqual({ kind: 'other' });
    for (const text of ['', 'x', '{}', '[]', 'null', '{"Records":[]}', wrapped('x')]) {
      expect(readNotification(text)).toBeNull();
    }
    expect(readNotification(wrapped(wrapped(wrapped(wrapped(direct)))))).toBeNull();
  });
});

test('which sources are queues', () => {
  const queue = 'https://sqs.eu-west-1.amazonaws.com/111122223333/trail';
  expect(queueOf(queue)).toBe(queue);
  expect(queueOf(`sqs:${queue}`)).toBe(queue);
  expect(queueOf('sqs:http://127.0.0.1:4566/111122223333/trail')).toBe(
    'http://127.0.0.1:4566/111122223333/trail',
  );
  for (const other of ['s3://sqs', './sqs', 'https://bucket.s3.amazonaws.com/x', 'sqs:trail']) {
    expect(queueOf(other)).toBeNull();
  }
});
