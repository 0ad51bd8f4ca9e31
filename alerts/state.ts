import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { KeymeterError, messageOf } from '../core/errors.ts';

/** A message on its way to one receiver. It is sent again until the receiver takes it. */
const delivery = z.object({
  /** The same in every try: receivers can tell a repetition by it. */
  id: z.string(),
  receiver: z.string(),
  status: z.enum(['firing', 'resolved', 'report']),
  /** What to send, as templates.ts makes it. */
  message: z.object({
    title: z.string(),
    text: z.string(),
    severity: z.enum(['warning', 'critical', 'info']),
    fields: z.record(z.string(), z.string()),
    link: z.string().nullable(),
    at: z.string(),
    html: z.string().nullable(),
  }),
  attempts: z.number().int(),
  next_at: z.number(),
  made_at: z.number(),
});
export type Delivery = z.output<typeof delivery>;
export type Message = Delivery['message'];

const open = z.object({
  id: z.string(),
  rule: z.string(),
  summary: z.string(),
  since: z.string(),
  severity: z.enum(['warning', 'critical']),
  labels: z.record(z.string(), z.string()),
  link: z.string(),
  fired_at: z.string(),
});

const schema = z.object({
  version: z.literal(1),
  open: z.array(open),
  outbox: z.array(delivery),
  /** Deliveries that were given up, the last ones. */
  failed: z.array(
    z.object({ id: z.string(), receiver: z.string(), reason: z.string(), at: z.string() }),
  ),
  /** The period for which each scheduled report was last made. */
  reports: z.array(z.object({ name: z.string(), period: z.string() })),
});
export type AlertState = z.output<typeof schema>;

/** Reads the state; an empty one when the file is not there. Throws KeymeterError alert_state_invalid. */
export function readState(file: string): AlertState {
  if (!existsSync(file)) return { version: 1, open: [], outbox: [], failed: [], reports: [] };
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new KeymeterError('alert_state_invalid', `${file} is damaged: ${messageOf(error)}`, {
      fix: 'restore the file, or delete it: alerts that still hold are then sent once more',
      cause: error,
    });
  }
}

/** Writes the state whole or not at all: a kill or a full disk leaves the earlier file. */
export function writeState(file: string, state: AlertState): void {
  const part = `${file}.part`;
  const handle = openSync(part, 'w', 0o600);
  try {
    writeSync(handle, JSON.stringify(state));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(part, file);
}
