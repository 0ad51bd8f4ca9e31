import { z } from 'zod';

/** An object that a notification names. S3 and EventBridge tell its ETag and size, CloudTrail does not. */
export interface NotifiedObject {
  bucket: string;
  key: string;
  version: string | null;
  size_bytes: number | null;
  /** Milliseconds since the epoch. */
  at: number;
}

/**
 * What a queue's message says. `test`: S3 sends one when notifications are switched on; `other`: about
 * objects that were not created. Both need nothing more.
 */
export type Notification =
  { kind: 'objects'; objects: NotifiedObject[] } | { kind: 'test' } | { kind: 'other' };

const instant = z.string().transform((text) => Date.parse(text) || 0);

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
const s3Event = z.object({
  Records: z
    .array(
      z.object({
        eventSource: z.literal('aws:s3'),
        eventName: z.string(),
        eventTime: instant.optional(),
        s3: z.object({
          bucket: z.object({ name: z.string().min(1) }),
          object: z.object({
            key: z.string().min(1),
            size: z.number().nonnegative().optional(),
            eTag: z.string().optional(),
          }),
        }),
      }),
    )
    .min(1),
});
const s3Test = z.object({ Event: z.literal('s3:TestEvent') });

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
const eventBridge = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  time: instant.optional(),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().nonnegative().optional(),
      etag: z.string().optional(),
    }),
  }),
});

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html */
const cloudTrail = z.object({
  s3Bucket: z.string().min(1),
  s3ObjectKey: z.array(z.string().min(1)).min(1),
});

/** An SNS topic without raw message delivery wraps what it passes on. */
const snsEnvelope = z.object({ Type: z.literal('Notification'), Message: z.string() });

const envelopes_max = 3;

/** Reads a message's body; null when it is none of the known forms. */
export function readNotification(body: string): Notification | null {
  let text = body;
  for (let depth = 0; depth < envelopes_max; depth++) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return null;
    }
    const envelope = snsEnvelope.safeParse(value);
    if (!envelope.success) return notificationOf(value);
    text = envelope.data.Message;
  }
  return null;
}

function notificationOf(value: unknown): Notification | null {
  if (s3Test.safeParse(value).success) return { kind: 'test' };
  const s3 = s3Event.safeParse(value);
  if (s3.success) {
    const created = s3.data.Records.filter(({ eventName }) => isCreation(eventName));
    return objectsOrOther(
      created.map(({ eventTime, s3: { bucket, object } }) => ({
        bucket: bucket.name,
        key: decodedKey(object.key),
        version: object.eTag ?? null,
        size_bytes: object.size ?? null,
        at: eventTime ?? 0,
      })),
    );
  }
  const bridge = eventBridge.safeParse(value);
  if (bridge.success) {
    const { detail, time } = bridge.data;
    if (bridge.data['detail-type'] !== 'Object Created') return { kind: 'other' };
    const { key, etag, size } = detail.object;
    const object = { bucket: detail.bucket.name, key, at: time ?? 0 };
    return objectsOrOther([{ ...object, version: etag ?? null, size_bytes: size ?? null }]);
  }
  const trail = cloudTrail.safeParse(value);
  if (!trail.success) return null;
  return objectsOrOther(
    trail.data.s3ObjectKey.map((key) => ({
      bucket: trail.data.s3Bucket,
      key,
      version: null,
      size_bytes: null,
      at: 0,
    })),
  );
}

const isCreation = (name: string) => name.replace(/^s3:/, '').startsWith('ObjectCreated:');

const objectsOrOther = (objects: NotifiedObject[]): Notification =>
  objects.length > 0 ? { kind: 'objects', objects } : { kind: 'other' };

/** S3 writes keys as in a form: spaces as `+`, the rest in percent. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
