import type { ObjectStatus } from '../store/batch/event-batch.ts';

/** What the ledger says of an object that shows whether it was read. */
export interface ReadState {
  status: ObjectStatus | 'transient';
  error_class: string | null;
  unread_bytes: number;
}

/** Classes of skipped objects that are no logs, or cannot hold a call that was not read. */
export const harmlessClasses: readonly string[] = [
  'no_log',
  'cloudtrail_digest',
  'cloudtrail_insight',
  'control_message',
  's3_notification',
  'dynamodb_stream',
  'sqs_message',
  'sns_message',
  'event_notification',
];

/**
 * Whether something that looks like a log was not read: a dead object, one that was skipped as another
 * kind of log, one whose records were all refused, one with bytes that nothing read.
 */
export function isUnread({ status, error_class, unread_bytes }: ReadState): boolean {
  if (status === 'dead') return true;
  if (status === 'skipped') return !harmlessClasses.includes(error_class ?? '');
  return status === 'ok' && (error_class === 'all_rejected' || unread_bytes > 0);
}

/** Whether an object was looked at, and is certain to hold no call. */
export function isLeftOut({ status, error_class }: ReadState): boolean {
  return status === 'skipped' && harmlessClasses.includes(error_class ?? '');
}
