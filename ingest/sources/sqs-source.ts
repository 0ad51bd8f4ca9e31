import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { exitCodes, KeymeterError, messageOf } from '../../core/errors.ts';
import { readNotification, type NotifiedObject } from './notification.ts';
import { judgeKey, leftOut, pathRules, type PathRules } from './plan.ts';
import { createS3Client } from './s3-client.ts';
import { faultOf } from './s3-errors.ts';
import type { Backlog, ListedObject, ListFilter, Listing, ReaderConfig, Source } from './source.ts';
import type { SourceOptions } from './source.ts';

/** Messages that one listing takes at most: the next one takes more. */
const messages_max = 2_000;
const batch_max = 10;
/** Receives under way at a time. */
const receives_at_once = 8;
/** A message stays hidden this long, and the time is renewed while its objects are read. */
const visibility_s_default = 300;
const wait_s = 5;

/** A message whose objects are being read. */
interface HeldMessage {
  receipt: string;
  objects: ListedObject[];
}

/**
 * Opens an SQS queue that hears of a trail's new objects: from S3 directly, through SNS or EventBridge, or
 * from CloudTrail's own SNS topic. Throws KeymeterError queue_unreachable.
 */
export async function openSqsSource(
  spec: string,
  queue: string,
  options: SourceOptions & { visibility_s?: number },
): Promise<Source> {
  const region = options.region ?? /^https:\/\/sqs\.([\w-]+)\./.exec(queue)?.[1] ?? 'us-east-1';
  const sqs = new SQSClient({
    region,
    endpoint: new URL(queue).origin,
    ...(options.profile ? { profile: options.profile } : {}),
    maxAttempts: options.tuning?.maxAttempts ?? 5,
  });
  const source = new SqsSource(spec, queue, sqs, { ...options, region });
  try {
    await source.backlog();
  } catch (error) {
    throw new KeymeterError('queue_unreachable', `cannot read ${queue}: ${messageOf(error)}`, {
      fix: 'check the address, credentials, and the permissions sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes',
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
  return source;
}

class SqsSource implements Source {
  readonly description: string;
  readonly reader: ReaderConfig;
  readonly #queue: string;
  readonly #sqs: SQSClient;
  readonly #s3: S3Client;
  readonly #visibility_s: number;
  #held: HeldMessage[] = [];
  #oldest_at: number | null = null;
  /** Messages of no known form: left in the queue, whose redrive policy moves them. */
  #unreadable = 0;

  constructor(
    spec: string,
    queue: string,
    sqs: SQSClient,
    options: SourceOptions & { visibility_s?: number },
  ) {
    this.description = spec;
    this.#queue = queue;
    this.#sqs = sqs;
    this.#visibility_s = options.visibility_s ?? visibility_s_default;
    const { visibility_s: _visibility_s, ...settings } = options;
    this.reader = { source: 's3', ...settings };
    this.#s3 = createS3Client(settings);
  }

  async *list(filter: ListFilter, signal: AbortSignal): AsyncGenerator<Listing, void> {
    const rules = pathRules(filter);
    this.#oldest_at = null;
    let taken = 0;
    while (taken < messages_max) {
      const messages = await this.#receive(signal);
      if (messages.length === 0) return;
      taken += messages.length;
      for (const message of messages) yield* this.#listingsOf(message, rules);
    }
  }

  /** Several receives at a time: one answer holds ten messages, and short queues answer with fewer. */
  async #receive(signal: AbortSignal): Promise<Message[]> {
    signal.throwIfAborted();
    const first = await this.#receiveOnce(wait_s, signal);
    if (first.length < batch_max) return first;
    const more = Array.from({ length: receives_at_once - 1 }, () => this.#receiveOnce(0, signal));
    return [...first, ...(await Promise.all(more)).flat()];
  }

  async #receiveOnce(WaitTimeSeconds: number, signal: AbortSignal): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queue,
      MaxNumberOfMessages: batch_max,
      VisibilityTimeout: this.#visibility_s,
      WaitTimeSeconds,
      MessageSystemAttributeNames: ['SentTimestamp'],
    });
    return (await this.#sqs.send(command, { abortSignal: signal })).Messages ?? [];
  }

  async *#listingsOf(message: Message, rules: PathRules): AsyncGenerator<Listing> {
    const receipt = message.ReceiptHandle;
    if (receipt === undefined) return;
    const sent_at = Number(message.Attributes?.SentTimestamp);
    if (sent_at > 0) this.#oldest_at = Math.min(this.#oldest_at ?? sent_at, sent_at);
    const notification = readNotification(message.Body ?? '');
    if (notification === null) {
      this.#unreadable++;
      const key = `message ${message.MessageId ?? ''}`;
      yield { skipped: 'queue message of an unknown form (left to the redrive policy)', key };
      return;
    }
    const held: HeldMessage = { receipt, objects: [] };
    for (const named of notification.kind === 'objects' ? notification.objects : []) {
      const verdict = judgeKey(named.key, rules);
      if (typeof verdict === 'object') {
        yield leftOut(verdict, named.key);
        continue;
      }
      const object = await this.#described(named);
      if ('problem' in object) {
        // The message stays in the queue and comes again.
        yield object;
        return;
      }
      if (object.gone) continue;
      const listed: ListedObject =
        verdict === 'sniff' ? { ...object.listed, sniff: true } : object.listed;
      held.objects.push(listed);
      yield listed;
    }
    this.#held.push(held);
  }

  /** What a listing would say of the object; one HEAD when the notification leaves something out. */
  async #described(
    named: NotifiedObject,
  ): Promise<
    { listed: ListedObject; gone: false } | { gone: true } | Extract<Listing, { problem: string }>
  > {
    const base = { source: 's3' as const, bucket: named.bucket, key: named.key };
    if (named.version !== null && named.size_bytes !== null) {
      const version = named.version.replaceAll('"', '');
      const { size_bytes, at } = named;
      return { gone: false, listed: { ...base, version, size_bytes, last_modified_at: at } };
    }
    try {
      const head = await this.#s3.send(
        new HeadObjectCommand({ Bucket: named.bucket, Key: named.key }),
      );
      const version = (head.ETag ?? '').replaceAll('"', '');
      const size_bytes = head.ContentLength ?? 0;
      const last_modified_at = head.LastModified?.getTime() ?? named.at;
      return { gone: false, listed: { ...base, version, size_bytes, last_modified_at } };
    } catch (error) {
      const fault = faultOf(error);
      if (fault === 'no_object' || isNotFound(error)) return { gone: true };
      const place = `s3://${named.bucket}/${named.key}`;
      return {
        problem: fault === 'denied' ? 'denied' : 'failed',
        place,
        message: messageOf(error),
      };
    }
  }

  async renew(): Promise<void> {
    for (const batch of batchesOf(this.#held)) {
      const Entries = batch.map(({ receipt }, i) => ({
        Id: String(i),
        ReceiptHandle: receipt,
        VisibilityTimeout: this.#visibility_s,
      }));
      await this.#sqs.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queue, Entries }),
      );
    }
  }

  get renew_every_ms(): number {
    return (this.#visibility_s * 1_000) / 3;
  }

  async acknowledge(
    areStored: (objects: readonly ListedObject[]) => Promise<readonly boolean[]>,
  ): Promise<void> {
    const held = this.#held;
    this.#held = [];
    const stored = await areStored(held.flatMap((message) => message.objects));
    let at = 0;
    const done = held.filter(({ objects }) => {
      const mine = stored.slice(at, (at += objects.length));
      return mine.every(Boolean);
    });
    for (const batch of batchesOf(done)) {
      const Entries = batch.map(({ receipt }, i) => ({ Id: String(i), ReceiptHandle: receipt }));
      // What is not deleted comes again, and the ledger knows its objects.
      await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#queue, Entries }));
    }
  }

  async backlog(): Promise<Backlog> {
    const { Attributes } = await this.#sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.#queue,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    );
    return {
      waiting: Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0),
      hidden: Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      oldest_at: this.#oldest_at,
      unreadable: this.#unreadable,
    };
  }

  close(): void {
    this.#sqs.destroy();
    this.#s3.destroy();
  }
}

function batchesOf<T>(items: readonly T[]): T[][] {
  const batches: T[][] = [];
  for (let i = 0; i < items.length; i += batch_max) batches.push(items.slice(i, i + batch_max));
  return batches;
}

const isNotFound = (error: unknown) =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404;
