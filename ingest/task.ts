import { hash } from 'node:crypto';
import { relatedEventNames } from '../reference/related-events.ts';
import { BatchEncoder, type EventEncoder } from '../store/batch/batch-encoder.ts';
import type { EventBatch, ObjectResult } from '../store/batch/event-batch.ts';
import { contentOf } from './gunzip.ts';
import { InputError, type Warning } from './input-error.ts';
import { maskBatch } from './mask-batch.ts';
import { isNetworkActivity, pathFactsOf } from './path-facts.ts';
import { noLog, noLogClasses, utf8Of } from './records/content-form.ts';
import { readPlain, type ReadCounts, type RecordSink } from './records/plain-reader.ts';
import type { PathFacts } from './rules/kms-event.ts';
import { release } from './release.ts';
import {
  ObjectError,
  type ListedObject,
  type ObjectReader,
  type ReaderConfig,
} from './sources/source.ts';
import { readMany } from './sources/read-many.ts';

/** Many objects for one worker: small objects are worth no message each. */
export interface ReadTask {
  reader: ReaderConfig;
  objects: ListedObject[];
  /** Uncompressed bytes of one object at most. */
  content_bytes_max: number;
  /** Groups of events of other services to keep; absent: as relatedGroupsOf says. */
  related_groups?: readonly string[] | undefined;
}

/** How records are read out of the bytes of objects, batch by batch. */
export interface RecordReader {
  /** Starts a batch; the one before is finished. */
  encoder(): EventEncoder;
  /** Reads one object into the encoder of this batch. Throws InputError when it is no log. */
  read(bytes: Buffer, path: PathFacts, sink: RecordSink): ReadCounts;
}

export const plainReader: RecordReader = { encoder: () => new BatchEncoder(), read: readPlain };

/**
 * Reads the objects of a task into one batch. An object that cannot be read is a result with its
 * class; only programming errors and a worker's end reject.
 */
export async function readTask(
  task: ReadTask,
  reader: ObjectReader,
  records: RecordReader = plainReader,
): Promise<EventBatch> {
  const encoder = records.encoder();
  const batch: Pick<EventBatch, 'objects' | 'rejects'> = { objects: [], rejects: [] };
  const kept = task.related_groups && relatedEventNames(task.related_groups);
  let task_index = 0;
  for await (const { bytes, error } of readMany(reader, task.objects)) {
    const raw = bytes ?? asError(error);
    batch.objects.push(readObject(task, task_index++, raw, { encoder, kept }, batch, records));
  }
  return maskBatch({ ...batch, ...encoder.finish() });
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

function readObject(
  task: ReadTask,
  task_index: number,
  raw: Buffer | Error,
  { encoder, kept }: Pick<RecordSink, 'encoder' | 'kept'>,
  batch: Pick<EventBatch, 'objects' | 'rejects'>,
  records: RecordReader,
): ObjectResult {
  const row_from = encoder.rowCount;
  const related_from = encoder.relatedCount;
  const path = pathFactsOf(task.objects[task_index]!.key);
  const result = blankResult(task_index, path, row_from, related_from);
  try {
    if (raw instanceof Error) throw raw;
    const content = contentOf(raw, task.content_bytes_max);
    if (content.bytes.buffer !== raw.buffer) release(raw);
    result.content_bytes = content.bytes.length;
    result.content_sha256 = hash('sha256', content.bytes, 'hex');
    const sink: RecordSink = { encoder, rejects: [], kept };
    const text = utf8Of(content.bytes);
    if (text !== content.bytes) release(content.bytes);
    Object.assign(result, records.read(text, path, sink));
    if (isNetworkActivity(task.objects[task_index]!.key)) {
      // Times of records that are no API calls do not show that calls were logged at that time.
      result.record_time_min = null;
      result.record_time_max = null;
    }
    release(text);
    if (sink.replaced) result.replaced = sink.replaced;
    for (const reject of sink.rejects) batch.rejects.push({ task_index, ...reject });
    result.row_to = encoder.rowCount;
    result.related_to = encoder.relatedCount;
    if (result.records_total === 0) result.status = 'empty';
    Object.assign(result, warned(content.warning, allRejected(result, sink), sink.warning));
  } catch (error) {
    // An object is stored as a whole or not at all.
    encoder.truncate(row_from, related_from);
    const { sniff } = task.objects[task_index]!;
    const isNoLog = sniff && error instanceof InputError && noLogClasses.has(error.errorClass);
    Object.assign(result, failure(isNoLog ? noLog() : error));
  }
  return result;
}

/** What is said of an object that is read: the gravest of what was noticed. */
function warned(
  gzip: Warning | null,
  rejected: Warning | null,
  foreign: Warning | null | undefined,
): Partial<ObjectResult> {
  const unread_bytes = gzip?.unreadBytes ?? 0;
  const warning = rejected ?? (unread_bytes > 0 ? gzip : (foreign ?? gzip));
  if (!warning) return {};
  return { error_class: warning.errorClass, error_detail: warning.detail, unread_bytes };
}

/** An object of which no record could be kept is not read, whatever its status. */
function allRejected({ records_total }: ObjectResult, { rejects }: RecordSink): Warning | null {
  const [first] = rejects;
  if (!first || rejects.length < records_total) return null;
  const detail = `all ${records_total} records are refused; the first: ${first.error_class}, ${first.error_detail}`;
  return { errorClass: 'all_rejected', detail };
}

function blankResult(
  task_index: number,
  path: PathFacts,
  row_from: number,
  related_from: number,
): ObjectResult {
  return {
    task_index,
    status: 'ok',
    error_class: null,
    error_detail: null,
    content_sha256: null,
    content_bytes: 0,
    ...path,
    records_total: 0,
    non_kms: 0,
    foreign: 0,
    unread_bytes: 0,
    row_from,
    row_to: row_from,
    related_from,
    related_to: related_from,
    event_time_min: null,
    event_time_max: null,
    record_time_min: null,
    record_time_max: null,
  };
}

/** The batch of a task of one object that no worker survives: dead, with what the worker said. */
export function unreadableBatch({ objects }: ReadTask, cause: unknown): EventBatch {
  const [object] = objects;
  if (!object || objects.length > 1) throw new Error('only single objects are given up');
  const result: ObjectResult = {
    ...blankResult(0, pathFactsOf(object.key), 0, 0),
    status: 'dead',
    error_class: 'reader_failed',
    error_detail: `the reader broke off twice: ${asError(cause).message}`,
  };
  return { objects: [result], rejects: [], ...new BatchEncoder().finish() };
}

/** The status of an object whose bytes or records could not be had. */
function failure(error: unknown): Pick<ObjectResult, 'status' | 'error_class' | 'error_detail'> {
  if (error instanceof InputError) {
    return { status: error.status, error_class: error.errorClass, error_detail: error.message };
  }
  if (error instanceof ObjectError) {
    // A denied or changed object may be readable on the next run, so it gets no terminal status.
    const status = error.errorClass === 'gone' ? 'gone' : 'transient';
    const dead = error.errorClass === 'unreadable';
    return {
      status: dead ? 'dead' : status,
      error_class: `object_${error.errorClass}`,
      error_detail: error.message,
    };
  }
  if (error instanceof RangeError) {
    const error_detail = `nested too deeply, or too long, to be read: ${error.message}`;
    return { status: 'dead', error_class: 'nesting_too_deep', error_detail };
  }
  throw error;
}
