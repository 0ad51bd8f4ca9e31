import { relatedEventNames } from '../../reference/related-events.ts';
import {
  countsOf,
  readPlain,
  readRecord,
  type ReadCounts,
  type RecordSink,
} from '../records/plain-reader.ts';
import { isObject, textField } from '../records/record.ts';
import type { PathFacts } from '../rules/kms-event.ts';
import { relatedGroupsOf } from '../rules/related-groups.ts';
import {
  NOT_INTERNED,
  ROW_CONTEXT_CUT,
  ROW_CONTEXT_END,
  ROW_CONTEXT_START,
  ROW_EVENT_ID,
  ROW_EVENT_TIME,
  ROW_GROUPS,
  ROW_PRESENT,
  ROW_RECORD,
  ROW_REQUEST_ID,
  ROW_SHARED_EVENT_ID,
  ROW_WORDS,
} from '../scanner/row-layout.ts';
import type { FirstValue, ScannedRows } from '../scanner/scanned-rows.ts';
import { fieldNumber, Scanner } from '../scanner/scanner.ts';
import { FastEncoder } from './fast-encoder.ts';
import { addRelated } from './related-rows.ts';
import { callKey, groupOf, groups, Remembered } from './remembered.ts';
import { fieldsOf, NotJson, numbered, parse } from './scanned-fields.ts';

const errorMessage = fieldNumber('errorMessage');
const requestIdBit = 1 << fieldNumber('requestID');
const sharedEventIdBit = 1 << fieldNumber('sharedEventID');
const errorMessageBit = 1 << errorMessage;

/** Bytes around the ARN in `{"aws:s3:arn":"..."}`. */
const s3_prefix_length = '{"aws:s3:arn":"'.length;
const s3_suffix_length = '"}'.length;

/**
 * Reads records with the scanner, and asks the rules once for each distinct text. What it gives equals
 * what the plain reader gives; all that is unusual goes through that one. One for each worker.
 */
export class FastReader {
  readonly #scanner: Scanner;
  readonly #kept: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #remembered = new Remembered();
  #generation = 0;
  #encoder: FastEncoder | null = null;

  /**
   * The scanner hands over the events of other services of these groups; which of them are kept is for
   * `sink.kept` to say, as in the plain reader.
   */
  constructor(related_groups: readonly string[] = relatedGroupsOf(process.env)) {
    this.#kept = relatedEventNames(related_groups);
    const interest = [...this.#kept].flatMap(([source, names]) =>
      [...names].map((name) => ({ source, name })),
    );
    this.#scanner = new Scanner({ groups, interest });
  }

  /** Starts a batch. The encoder of the batch before must be finished. */
  encoder(): FastEncoder {
    if (this.#remembered.isCrowded) {
      this.#scanner.reset();
      this.#remembered.forgetAll();
      this.#generation = this.#scanner.generation;
    }
    return (this.#encoder = new FastEncoder(this.#remembered.books));
  }

  /** Like readPlain. `sink.encoder` is the last that encoder() gave: batches share the books. */
  read(bytes: Buffer, path: PathFacts, sink: RecordSink): ReadCounts {
    const encoder = this.#encoder;
    if (encoder === null || sink.encoder !== encoder) throw new Error('not the current batch');
    const rows = this.#scanner.scan(bytes);
    if (this.#scanner.generation !== this.#generation) {
      this.#generation = this.#scanner.generation;
      this.#remembered.forgetIds();
    }
    // Without one usual record it may be another log in the same envelope: the plain reader knows them.
    if (!rows.ok || (rows.records > 0 && rows.kmsRecords + rows.otherRecords === 0)) {
      return readPlain(bytes, path, sink);
    }
    const before = [encoder.rowCount, encoder.relatedCount, sink.rejects.length] as const;
    try {
      return this.#readRows(rows, path, sink, encoder);
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      encoder.truncate(before[0], before[1]);
      sink.rejects.length = before[2];
      return readPlain(bytes, path, sink);
    }
  }

  #readRows(
    rows: ScannedRows,
    path: PathFacts,
    sink: RecordSink,
    encoder: FastEncoder,
  ): ReadCounts {
    const counts = countsOf(path);
    counts.records_total = rows.records;
    counts.non_kms = rows.otherRecords;
    counts.record_time_min = rows.eventTimeMin;
    counts.record_time_max = rows.eventTimeMax;
    for (let row = 0; row < rows.count; row++) {
      const kind = rows.kind(row);
      if (kind === 'kms' && this.#addRow(rows, row, encoder, counts)) continue;
      if (
        kind === 'kept' &&
        addRelated(rows, row, encoder, sink.kept ?? this.#kept, this.#remembered)
      )
        continue;
      const index = rows.record(row);
      takeFirst(counts, rows, index);
      // A kept record was counted as another service's already; readRecord counts it again.
      if (kind === 'kept') counts.non_kms--;
      readRecord({ value: parse(rows.text(row)) }, index, path, sink, counts);
    }
    takeFirst(counts, rows, rows.records);
    return counts;
  }

  /** Adds a KMS row the fast way; false when it must go through the plain rules. */
  #addRow(rows: ScannedRows, row: number, encoder: FastEncoder, counts: ReadCounts): boolean {
    const { words } = rows;
    const at = row * ROW_WORDS;
    const known = this.#known(rows, row);
    if (known === null) return false;
    const { identity, client, context, call } = known;
    const to = encoder.rowCount;
    const present = words[at + ROW_PRESENT]!;
    const time = words[at + ROW_EVENT_TIME]! | 0;
    encoder.event_id.setWords(to, words, at + ROW_EVENT_ID);
    if (present & requestIdBit) encoder.request_id.setWords(to, words, at + ROW_REQUEST_ID);
    else encoder.request_id.setNull(to);
    if (present & sharedEventIdBit) {
      encoder.shared_event_id.setWords(to, words, at + ROW_SHARED_EVENT_ID);
    } else encoder.shared_event_id.setNull(to);
    encoder.event_time.set(to, time);
    encoder.record_index.set(to, words[at + ROW_RECORD]!);
    if (present & errorMessageBit) {
      const value = parse(rows.field(row, errorMessage)!);
      encoder.error_message.setText(to, textField({ errorMessage: value }, 'errorMessage'));
    } else encoder.error_message.setNull(to);
    const end = words[at + ROW_CONTEXT_END]!;
    if (words[at + ROW_CONTEXT_CUT]! < end) {
      const start = words[at + ROW_CONTEXT_START]!;
      encoder.encryption_context.setBytes(to, rows.bytes, start, end);
      const arn = start + s3_prefix_length;
      encoder.resource_arn.setBytes(to, rows.bytes, arn, end - s3_suffix_length);
    } else {
      const from = context.kind === 0 ? call : context;
      setBuffer(encoder.encryption_context, to, from.encryption_context);
      setBuffer(encoder.resource_arn, to, from.resource_arn);
    }
    setBuffer(encoder.request_parameters, to, call.request_parameters);
    setBuffer(encoder.response_elements, to, call.response_elements);
    encoder.endRow(call.call, identity.tuple, client, call.key);
    if (counts.event_time_min === null || time < counts.event_time_min)
      counts.event_time_min = time;
    if (counts.event_time_max === null || time > counts.event_time_max)
      counts.event_time_max = time;
    return true;
  }

  /** What the rules say of a row's texts, asked now if not before; null when they need the row itself. */
  #known(rows: ScannedRows, row: number) {
    const at = row * ROW_WORDS + ROW_GROUPS;
    const identityId = rows.words[at + groupOf.identity]!;
    const clientId = rows.words[at + groupOf.client]!;
    const callId = rows.words[at + groupOf.call]!;
    const contextId = rows.words[at + groupOf.context]!;
    const remembered = this.#remembered;
    const identity = remembered.identities[identityId];
    const client = remembered.clients[clientId];
    const context = remembered.contexts[contextId];
    if (identity && client !== undefined && context) {
      const call = remembered.calls[callId]?.get(callKey(identity.caller, context.kind));
      if (call) return { identity, client, context, call };
      if (call === null) return null;
    }
    if (identity === null || context === null) return null;
    if ([identityId, clientId, callId, contextId].includes(NOT_INTERNED)) return null;
    return this.#ask(rows, row, { identityId, clientId, callId, contextId });
  }

  #ask(
    rows: ScannedRows,
    row: number,
    ids: { identityId: number; clientId: number; callId: number; contextId: number },
  ) {
    const remembered = this.#remembered;
    try {
      const identity =
        remembered.identities[ids.identityId] ??
        remembered.identity(
          ids.identityId,
          fieldsOf(rows, row, numbersOfGroups[groupOf.identity]!),
        );
      const client =
        remembered.clients[ids.clientId] ??
        remembered.client(ids.clientId, fieldsOf(rows, row, numbersOfGroups[groupOf.client]!));
      let context = remembered.contexts[ids.contextId];
      if (context === undefined) {
        const text = rows.encryptionContext(row);
        const region = rows.field(row, awsRegion);
        context = remembered.context(ids.contextId, parsed(text), parsed(region));
      }
      if (identity === null || context === null) return null;
      const key = callKey(identity.caller, context.kind);
      let call = remembered.calls[ids.callId]?.get(key);
      if (call === undefined) {
        const record = parse(rows.text(row));
        if (!isObject(record)) return null;
        call = remembered.call(ids.callId, key, record);
      }
      return call === null ? null : { identity, client, context, call };
    } catch (error) {
      // JSON.stringify gives up on deep nesting: the plain rules refuse the record for it.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
}

const awsRegion = fieldNumber('awsRegion');
const numbersOfGroups = groups.map(numbered);
const parsed = (text: string | undefined) => (text === undefined ? undefined : parse(text));

function setBuffer(column: FastEncoder['resource_arn'], row: number, value: Buffer | null): void {
  if (value === null) column.setNull(row);
  else column.setBytes(row, value, 0, value.length);
}

/** Account and Region, where the path has none, are those of the first record that has them. */
function takeFirst(counts: ReadCounts, rows: ScannedRows, before: number): void {
  counts.account_id ??= valueBefore(rows.firstAccount, before);
  counts.region ??= valueBefore(rows.firstRegion, before);
}

function valueBefore(first: FirstValue | null, before: number): string | null {
  if (first === null || first.record >= before) return null;
  const value = textField({ value: parse(first.text) }, 'value');
  // null, empty or no text: a later record has the say, and only the plain reader looks there.
  if (value === null) throw new NotJson();
  return value;
}
