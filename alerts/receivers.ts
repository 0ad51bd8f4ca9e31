import { readFileSync } from 'node:fs';
import type { Receiver, Secret } from '../core/alert-config.ts';
import { messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import type { Delivery } from './state.ts';
import { slackBody, teamsBody, textBody } from './templates.ts';

/** What became of a try. `later_ms` is what the receiver asked for. */
export type Outcome =
  { done: true } | { done: false; reason: string; later_ms?: number; givesUp?: boolean };

const timeout_ms = 10_000;
/** Answers with which a receiver says that the same message will never be taken. */
const refusals = new Set([400, 401, 403, 404, 405, 410, 413, 422]);

/** Sends one delivery. Never throws, and no reason holds a secret. */
export async function send(
  receiver: Receiver,
  delivery: Delivery,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Outcome> {
  try {
    switch (receiver.kind) {
      case 'sns':
        return await toSns(receiver, delivery);
      case 'smtp':
        return await toMail(receiver, delivery, environment);
      default:
        return await toWebhook(receiver, delivery, environment);
    }
  } catch (error) {
    return { done: false, reason: printable(messageOf(error)).slice(0, 200) };
  }
}

/** The value of a secret. Throws with its name alone. */
export function secretOf(secret: Secret, environment: NodeJS.ProcessEnv): string {
  if (secret.env !== undefined) {
    const value = environment[secret.env];
    if (!value) throw new Error(`the environment variable ${secret.env} is not set`);
    return value;
  }
  try {
    return readFileSync(secret.file!, 'utf8').trim();
  } catch {
    throw new Error(`the file ${secret.file} cannot be read`);
  }
}

async function toWebhook(
  receiver: Extract<Receiver, { kind: 'webhook' | 'slack' | 'teams' }>,
  delivery: Delivery,
  environment: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const url = typeof receiver.url === 'string' ? receiver.url : secretOf(receiver.url, environment);
  const { id, status, message } = delivery;
  const bodies = {
    webhook: () => ({ id, status, ...message }),
    slack: () => slackBody(message),
    teams: () => teamsBody(message),
  };
  const authorization = receiver.authorization && secretOf(receiver.authorization, environment);
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'keymeter',
        'idempotency-key': id,
        ...(authorization ? { authorization } : {}),
      },
      body: JSON.stringify(bodies[receiver.kind]()),
      // A redirect could lead inside the network.
      redirect: 'error',
      signal: AbortSignal.timeout(timeout_ms),
    });
  } catch (error) {
    // The cause names hosts and codes; the address itself may be a secret.
    const cause = (error as { cause?: { code?: unknown } }).cause?.code;
    const isLate = (error as Error).name === 'TimeoutError';
    const reason = isLate
      ? `no answer within ${timeout_ms / 1_000} s`
      : `not reached (${String(cause ?? 'network')})`;
    return { done: false, reason };
  }
  await response.body?.cancel();
  if (response.ok) return { done: true };
  const reason = `answered ${response.status}`;
  const later_s = Number(response.headers.get('retry-after'));
  return {
    done: false,
    reason,
    ...(later_s > 0 ? { later_ms: Math.min(later_s, 3_600) * 1_000 } : {}),
    ...(refusals.has(response.status) ? { givesUp: true } : {}),
  };
}

async function toSns(
  receiver: Extract<Receiver, { kind: 'sns' }>,
  { id, status, message }: Delivery,
): Promise<Outcome> {
  const { PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
  const region = receiver.topic_arn.split(':')[3]!;
  const client = new SNSClient({
    region,
    ...(receiver.endpoint ? { endpoint: receiver.endpoint } : {}),
    maxAttempts: 1,
    requestHandler: { requestTimeout: timeout_ms, throwOnRequestTimeout: true },
  });
  const isFifo = receiver.topic_arn.endsWith('.fifo');
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  try {
    await client.send(
      new PublishCommand({
        TopicArn: receiver.topic_arn,
        // Subjects are ASCII of at most 100 characters without line breaks.
        Subject: message.title.replace(/[^\x20-\x7e]/g, '?').slice(0, 99),
        Message: textBody(message),
        MessageAttributes: {
          id: attribute(id),
          status: attribute(status),
          severity: attribute(message.severity),
        },
        ...(isFifo ? { MessageGroupId: 'keymeter', MessageDeduplicationId: id } : {}),
      }),
    );
    return { done: true };
  } finally {
    client.destroy();
  }
}

async function toMail(
  receiver: Extract<Receiver, { kind: 'smtp' }>,
  { id, message }: Delivery,
  environment: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const { createTransport } = await import('nodemailer');
  const pass = receiver.password ? secretOf(receiver.password, environment) : undefined;
  const transport = createTransport({
    host: receiver.host,
    port: receiver.port,
    secure: receiver.secure,
    ...(receiver.user ? { auth: { user: receiver.user, pass: pass ?? '' } } : {}),
    connectionTimeout: timeout_ms,
    greetingTimeout: timeout_ms,
    socketTimeout: timeout_ms,
    // A message can name no file or address to attach.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const name = message.title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    await transport.sendMail({
      from: receiver.from,
      to: receiver.to,
      subject: message.title,
      text: textBody(message),
      messageId: `<${id}@keymeter>`,
      ...(message.html === null
        ? {}
        : { attachments: [{ filename: `${name}.html`, content: message.html }] }),
    });
    return { done: true };
  } finally {
    transport.close();
  }
}
