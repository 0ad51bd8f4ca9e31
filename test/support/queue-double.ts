import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Held {
  id: string;
  body: string;
  sent_at: number;
  visible_at: number;
  receipt: string;
  receives: number;
}

type Input = Record<string, unknown>;

/**
 * An SQS queue inside the test process, on loopback: JSON protocol, visibility, redrive after
 * `receives_max`. It was written beside the code it tests; sqs-moto.test.ts asks another implementation.
 */
export class QueueDouble {
  readonly dead: string[] = [];
  receives_max = Infinity;
  renewals = 0;
  /** An empty queue answers only after the time that the reader would wait. */
  waits = false;
  /** Deletes are answered with an error this many times. */
  deletesRefused = 0;
  #messages: Held[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
        const input = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Input;
        const answer = this.#answer(operation, input);
        const isEmpty = (answer as { Messages?: unknown[] } | null)?.Messages?.length === 0;
        const wait_ms = this.waits && isEmpty ? Number(input['WaitTimeSeconds'] ?? 0) * 1_000 : 0;
        setTimeout(() => {
          response.writeHead(answer === null ? 400 : 200, {
            'content-type': 'application/x-amz-json-1.0',
          });
          response.end(JSON.stringify(answer ?? { __type: 'InternalError', message: 'refused' }));
        }, wait_ms);
      });
    });
  }

  static async start(): Promise<QueueDouble> {
    const double = new QueueDouble();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The queue as a source names it. */
  get spec(): string {
    return `sqs:http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/111122223333/trail`;
  }

  send(...bodies: readonly string[]): void {
    for (const body of bodies) {
      const sent_at = Date.now();
      const message = { id: randomUUID(), body, sent_at, visible_at: 0, receipt: '', receives: 0 };
      this.#messages.push(message);
    }
  }

  get size(): number {
    return this.#messages.length;
  }

  /** As if the visibility of all had expired. */
  showAll(): void {
    for (const message of this.#messages) message.visible_at = 0;
  }

  #answer(operation: string, input: Input): unknown {
    switch (operation) {
      case 'ReceiveMessage':
        return { Messages: this.#receive(Number(input['MaxNumberOfMessages'] ?? 1), input) };
      case 'DeleteMessageBatch': {
        if (this.deletesRefused > 0) {
          this.deletesRefused--;
          return null;
        }
        const entries = input['Entries'] as { Id: string; ReceiptHandle: string }[];
        const receipts = new Set(entries.map((entry) => entry.ReceiptHandle));
        this.#messages = this.#messages.filter((message) => !receipts.has(message.receipt));
        return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] };
      }
      case 'ChangeMessageVisibilityBatch': {
        this.renewals++;
        const entries = input['Entries'] as {
          Id: string;
          ReceiptHandle: string;
          VisibilityTimeout: number;
        }[];
        for (const entry of entries) {
          const message = this.#messages.find((one) => one.receipt === entry.ReceiptHandle);
          if (message) message.visible_at = Date.now() + entry.VisibilityTimeout * 1_000;
        }
        return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] };
      }
      case 'GetQueueAttributes': {
        const hidden = this.#messages.filter((message) => message.visible_at > Date.now()).length;
        return {
          Attributes: {
            ApproximateNumberOfMessages: String(this.#messages.length - hidden),
            ApproximateNumberOfMessagesNotVisible: String(hidden),
          },
        };
      }
      default:
        return null;
    }
  }

  #receive(count: number, input: Input): unknown[] {
    const now = Date.now();
    const over = this.#messages.filter(
      (message) => message.visible_at <= now && message.receives >= this.receives_max,
    );
    this.dead.push(...over.map((message) => message.body));
    this.#messages = this.#messages.filter((message) => !over.includes(message));
    const ready = this.#messages.filter((message) => message.visible_at <= now).slice(0, count);
    return ready.map((message) => {
      message.visible_at = now + Number(input['VisibilityTimeout'] ?? 30) * 1_000;
      message.receipt = randomUUID();
      message.receives++;
      return {
        MessageId: message.id,
        ReceiptHandle: message.receipt,
        Body: message.body,
        MD5OfBody: createHash('md5').update(message.body).digest('hex'),
        Attributes: { SentTimestamp: String(message.sent_at) },
      };
    });
  }
}

/** The message that S3 sends when an object is created. */
export function s3Message(bucket: string, key: string, etag: string, size: number): string {
  const encoded = key.split('/').map(encodeURIComponent).join('/').replaceAll('%20', '+');
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: '2026-11-28T10:00:00.000Z',
        eventName: 'ObjectCreated:Put',
        s3: { bucket: { name: bucket }, object: { key: encoded, size, eTag: etag } },
      },
    ],
  });
}
