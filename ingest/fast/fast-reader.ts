import { relatedEventNames } from '../../reference/related-events.ts';
import {
  countsOf,
  readPlain,
  readRecord,
  type ReadCounts,
  type RecordSink,
} from '../records/plain-reader.ts';
import { isCloudTrailRecord } from '../records/look-alike.ts';
import { isObject, textField } from '../records/record.ts';
import type { PathFacts } from '../rules/kms-event.ts';
import { relatedGroupsOf } from '../rules/related-groups.ts';
import {
  PER_ROW,
  STOP_ASK,
  STOP_CROWDED,
  STOP_END,
  STOP_FULL,
  STOP_KEPT,
} from '../scanner/column-layout.ts';
import type { FirstValue, ScannedRows } from '../scanner/scanned-rows.ts';
import { fieldNumber, Scanner } from '../scanner/scanner.ts';
import { FastEncoder } from './fast-encoder.ts';
import { addRelated } from './related-rows.ts';
import { groupOf, groups, Remembered } from './remembered.ts';
import { fieldsOf, NotJson, numbered, parse } from './scanned-fields.ts';

/**
 * Reads records with the scanner, and asks the rules once for each distinct text. What it gives equals
 * what the plain reader gives; all that is unusual goes through that one. One for each worker.
 */
export class FastReader {
  readonly #scanner: Scanner;
  readonly #kept: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #remembered: Remembered;
  /** What a task keeps, once it was found to be all that the scanner was told of. */
  #wanted: RecordSink['kept'];
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
    this.#remembered = new Remembered(this.#scanner.encoder);
  }

  /** Starts a batch. The encoder of the batch before must be finished. */
  encoder(): FastEncoder {
    if (this.#scanner.encoder.isCrowded) this.#startAnew();
    return (this.#encoder = new FastEncoder(this.#scanner.encoder));
  }

  /** Like readPlain. `sink.encoder` is the last that encoder() gave: batches share the books. */
  read(bytes: Buffer, path: PathFacts, sink: RecordSink): ReadCounts {
    const encoder = this.#encoder;
    if (encoder === null || sink.encoder !== encoder) throw new Error('not the current batch');
    if (encoder.isScattered) return readPlain(bytes, path, sink);
    const rows = this.#scanner.scan(bytes);
    if (this.#scanner.generation !== this.#generation) {
      this.#generation = this.#scanner.generation;
      this.#remembered.forgetIds();
    }
    // Without one usual record it may be another log in the same envelope: the plain reader knows them.
    if (!rows.ok || (rows.records > 0 && rows.kmsRecords + rows.otherRecords === 0)) {
      return readPlain(bytes, path, sink);
    }
    this.#scanner.encoder.encodesRelated = this.#wantsAll(sink.kept);
    const before = [encoder.rowCount, encoder.relatedCount, sink.rejects.length] as const;
    try {
      return this.#readRows(rows, path, sink, encoder);
    } catch (error) {
      if (!(error instanceof NotJson || error instanceof TooScattered)) throw error;
      encoder.truncate(before[0], before[1]);
      sink.rejects.length = before[2];
      return readPlain(bytes, path, sink);
    }
  }

  /** Whether a task keeps all events that the scanner was told of. */
  #wantsAll(kept: RecordSink['kept']): boolean {
    if (kept === undefined || kept === this.#wanted) return true;
    const all = [...this.#kept].every(([source, names]) =>
      [...names].every((name) => kept.get(source)?.has(name)),
    );
    if (all) this.#wanted = kept;
    return all;
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
    const scanner = this.#scanner.encoder;
    let crowdedAt = -1;
    for (let next = 0; ;) {
      encoder.takeEvents();
      if (encoder.isScattered) throw new TooScattered();
      const { row, stop } = scanner.encode(next);
      if (stop === STOP_END) break;
      next = row;
      if (stop === STOP_FULL) {
        encoder.takePending();
      } else if (stop === STOP_CROWDED && crowdedAt !== row) {
        encoder.takeTuples();
        rows = this.#startAnew(row);
        crowdedAt = row;
      } else if (stop !== STOP_ASK || !this.#ask(rows, row)) {
        const isKept = stop === STOP_KEPT || rows.kind(row) === 'kept';
        this.#readRow(rows, row, isKept, { path, sink, encoder, counts });
        next = row + 1;
      }
    }
    takeFirst(counts, rows, rows.records);
    const { times } = scanner;
    if (times) {
      counts.event_time_min = Math.min(times.min, counts.event_time_min ?? times.min);
      counts.event_time_max = Math.max(times.max, counts.event_time_max ?? times.max);
    }
    return counts;
  }

  /** Reads a row that the scanner does not encode: another service's, or one for the plain reader. */
  #readRow(
    rows: ScannedRows,
    row: number,
    isKept: boolean,
    to: { path: PathFacts; sink: RecordSink; encoder: FastEncoder; counts: ReadCounts },
  ): void {
    const { path, sink, encoder, counts } = to;
    const remembered = { encoder, scanner: this.#scanner.encoder, remembered: this.#remembered };
    if (isKept && addRelated(rows, row, remembered, sink.kept ?? this.#kept)) return;
    const index = rows.record(row);
    takeFirst(counts, rows, index);
    const value = parse(rows.text(row));
    // A value of another kind, or an envelope in the list: the plain reader unwraps and counts those.
    if (!isCloudTrailRecord(value)) throw new NotJson();
    // A kept record was counted as another service's already; readRecord counts it again.
    if (isKept) counts.non_kms--;
    readRecord({ value }, index, path, sink, counts);
  }

  /** Forgets all that was remembered; what the batch has of it must have been taken. */
  #startAnew(row?: number): ScannedRows {
    const rows = this.#scanner.startAnew(row);
    this.#generation = this.#scanner.generation;
    this.#remembered.forgetTuples();
    return rows;
  }

  /** Asks the rules what is not known of a row's texts; false when they need the row itself. */
  #ask(rows: ScannedRows, row: number): boolean {
    const { encoder } = this.#scanner;
    const identityId = rows.group(row, groupOf.identity);
    const clientId = rows.group(row, groupOf.client);
    const callId = rows.group(row, groupOf.call);
    const contextId = rows.group(row, groupOf.context);
    const remembered = this.#remembered;
    try {
      if (encoder.knownIdentity(identityId) === 0) {
        remembered.identity(identityId, fieldsOf(rows, row, numbersOf.identity));
      }
      if (rows.kind(row) === 'kept') return true;
      if (encoder.knownClient(clientId) === 0) {
        remembered.client(clientId, fieldsOf(rows, row, numbersOf.client));
      }
      if (encoder.knownContext(contextId) === 0) {
        const text = rows.encryptionContext(row);
        const region = rows.field(row, awsRegion);
        remembered.context(contextId, parsed(text), parsed(region));
      }
      const context = encoder.knownContext(contextId);
      if (encoder.knownIdentity(identityId) === PER_ROW || context === PER_ROW) return false;
      const by = { caller: encoder.callerOf(identityId), kind: context - 1 };
      if (encoder.knownCall(callId, by.caller, by.kind) === 0) {
        const record = parse(rows.text(row));
        if (!isObject(record)) return false;
        remembered.call(callId, by, record);
      }
      return true;
    } catch (error) {
      // JSON.stringify gives up on deep nesting: the plain rules refuse the record for it.
      if (error instanceof RangeError) return false;
      throw error;
    }
  }
}

/** Thrown when a file is cheaper to read plainly: see FastEncoder. */
class TooScattered extends Error {}

const awsRegion = fieldNumber('awsRegion');
const numbersOf = {
  identity: numbered(groups[groupOf.identity]),
  client: numbered(groups[groupOf.client]),
};
const parsed = (text: string | undefined) => (text === undefined ? undefined : parse(text));

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
