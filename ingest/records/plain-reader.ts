import type { EventEncoder } from '../../store/batch/batch-encoder.ts';
import type { Reject, ReplacedEvent } from '../../store/batch/event-batch.ts';
import { InputError, type Warning } from '../input-error.ts';
import { eventFacts, relatedFacts } from '../rules/derive.ts';
import { replacedEventOf } from '../rules/addendum.ts';
import { eventTimeOf } from '../rules/event-time.ts';
import { kmsEventOf, kmsEventSource, type PathFacts } from '../rules/kms-event.ts';
import { ForeignCounts } from './foreign-counts.ts';
import { unwrapText } from './unwrap-text.ts';
import type { Unwrapped } from './unwrap.ts';
import { relatedEvent } from '../rules/related.ts';
import { isObject, textField } from './record.ts';
import { refuseTooManyValues } from './value-count.ts';

/** What a reader fills for one object. */
export interface RecordSink {
  encoder: EventEncoder;
  rejects: Omit<Reject, 'task_index'>[];
  /** Names by event source of the events of other services to keep; absent: as relatedGroupsOf says. */
  kept?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  /** Set by a reader when the object is read, but not all of it was a log. */
  warning?: Warning | null;
  /** Events that another replaces. */
  replaced?: ReplacedEvent[];
}

/** What a reader counted in one object; its rows are in the sink's encoder. */
export interface ReadCounts {
  records_total: number;
  non_kms: number;
  /** Values that are no CloudTrail records; not in records_total. */
  foreign: number;
  event_time_min: number | null;
  event_time_max: number | null;
  record_time_min: number | null;
  record_time_max: number | null;
  account_id: string | null;
  region: string | null;
}

/** How much of a refused record is kept for a person to look at, and of how many in one object. */
const record_start_length = 2_000;
const record_starts_max = 100;
/** An object with more refused records than this is no log, but may be made to fill the memory. */
const rejects_max = 10_000;

/**
 * The slow obvious reader: JSON.parse of everything. It is the oracle of the fast one, and reads what
 * that one finds unusual. Throws InputError when the content is no log.
 */
export function readPlain(bytes: Buffer, path: PathFacts, sink: RecordSink): ReadCounts {
  refuseTooManyValues(bytes);
  const counts = countsOf(path);
  const foreign = new ForeignCounts();
  let index = 0;
  for (const { items } of unwrapText(textOf(bytes))) {
    for (const item of items) {
      if ('foreign' in item) foreign.add(item.foreign);
      else {
        readRecord(item, index, path, sink, counts);
        counts.records_total++;
      }
      index++;
    }
  }
  counts.foreign = foreign.total;
  const isRead = counts.records_total > sink.rejects.length;
  if (!isRead && foreign.total > 0 && !sink.rejects.some(mentionsRecord)) throw foreign.refusal();
  sink.warning = foreign.warning();
  return counts;
}

/** Whether a refused text may have been a record of CloudTrail. */
const mentionsRecord = ({ record_start }: RecordSink['rejects'][number]) =>
  record_start?.includes('eventSource') ?? false;

/** Counts before the first record. */
export function countsOf(path: PathFacts): ReadCounts {
  return {
    records_total: 0,
    non_kms: 0,
    foreign: 0,
    event_time_min: null,
    event_time_max: null,
    record_time_min: null,
    record_time_max: null,
    account_id: path.account_id,
    region: path.region,
  };
}

function textOf(bytes: Buffer): string {
  try {
    return bytes.toString('utf8');
  } catch {
    throw new InputError('gzip_too_large', 'the content is longer than a JavaScript string can be');
  }
}

/** One record into the sink and the counts. Throws InputError too_many_rejects. */
export function readRecord(
  record: Exclude<Unwrapped, { foreign: unknown }>,
  record_index: number,
  path: PathFacts,
  sink: RecordSink,
  counts: ReadCounts,
): void {
  const reject = (error_class: string, error_detail: string, text: string | null) => {
    const kept = sink.rejects.push({
      record_index,
      error_class,
      error_detail,
      record_start:
        sink.rejects.length < record_starts_max
          ? (text?.slice(0, record_start_length) ?? null)
          : null,
    });
    if (kept <= rejects_max) return;
    throw new InputError('too_many_rejects', `more than ${rejects_max} records are refused`);
  };
  if (!('value' in record)) {
    reject(record.errorClass, record.detail, record.text);
    return;
  }
  const { value } = record;
  if (!isObject(value)) {
    reject('not_an_object', 'the record is no JSON object', safeJson(value));
    return;
  }
  const time = eventTimeOf(value['eventTime']);
  if (time !== null) {
    counts.record_time_min = Math.min(counts.record_time_min ?? time, time);
    counts.record_time_max = Math.max(counts.record_time_max ?? time, time);
  }
  counts.account_id ??= textField(value, 'recipientAccountId');
  counts.region ??= textField(value, 'awsRegion');
  if (value['eventSource'] !== kmsEventSource) {
    counts.non_kms++;
    const related = relatedEvent(value, record_index, path, sink.kept);
    if (related) sink.encoder.addRelated(related, relatedFacts(value, path));
    return;
  }
  try {
    const event = kmsEventOf(value, record_index, path);
    if ('errorClass' in event) {
      reject(event.errorClass, event.detail, safeJson(value));
      return;
    }
    sink.encoder.add(event, eventFacts(value, path));
    const original_event_id = replacedEventOf(value);
    if (original_event_id) {
      (sink.replaced ??= []).push({ event_id: event.event_id, original_event_id });
    }
    counts.event_time_min = Math.min(counts.event_time_min ?? event.event_time, event.event_time);
    counts.event_time_max = Math.max(counts.event_time_max ?? event.event_time, event.event_time);
  } catch (error) {
    // JSON.stringify gives up long before JSON.parse does.
    if (!(error instanceof RangeError)) throw error;
    reject('nesting_too_deep', 'a value of the record is nested too deeply', null);
  }
}

function safeJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}
