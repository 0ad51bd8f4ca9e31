import { relatedEventNames } from '../../reference/related-events.ts';
import {
  countsOf,
  readPlain,
  readRecord,
  type ReadCounts,
  type RecordSink,
} from '../records/plain-reader.ts';
import { isCloudTrailRecord } from '../records/look-alike.ts';
import { textField } from '../records/record.ts';
import type { PathFacts } from '../rules/kms-event.ts';
import { relatedGroupsOf } from '../rules/related-groups.ts';
import {
  SUMMARY_ACCOUNT,
  SUMMARY_EVENT_MAX,
  SUMMARY_EVENT_MIN,
  SUMMARY_KMS,
  SUMMARY_OTHER,
  SUMMARY_RECORDS,
  SUMMARY_REGION,
  SUMMARY_ROWS,
  SUMMARY_TIME_MAX,
  SUMMARY_TIME_MIN,
  SUMMARY_UNUSUAL,
} from '../scan/layout.ts';
import { Scanner } from '../scan/scanner.ts';
import { BatchRows } from './batch-rows.ts';
import { Entries } from './entries.ts';

/**
 * Reads records with the scanner, and asks the rules once for each combination of facts. What it gives equals
 * what the plain reader gives, but that rows of unusual records, which go through that one, stand behind the
 * others of their object. One for each worker.
 */
export class FastReader {
  readonly #scanner = new Scanner();
  readonly #entries = new Entries(this.#scanner);
  readonly #kept: ReadonlyMap<string, ReadonlySet<string>>;
  #rows: BatchRows | null = null;

  /** Keeps the events of other services of these groups, unless `sink.kept` says otherwise. */
  constructor(related_groups: readonly string[] = relatedGroupsOf(process.env)) {
    this.#kept = relatedEventNames(related_groups);
  }

  /** Starts a batch. The encoder of the batch before must be finished. */
  encoder(): BatchRows {
    if (this.#scanner.wasm.isCrowded()) {
      this.#scanner.forget();
      this.#entries.forget();
    }
    return (this.#rows = new BatchRows(this.#scanner, this.#entries));
  }

  /** Like readPlain. `sink.encoder` is the last that encoder() gave: batches share the dictionaries. */
  read(bytes: Buffer, path: PathFacts, sink: RecordSink): ReadCounts {
    const rows = this.#rows;
    if (rows === null || sink.encoder !== rows) throw new Error('not the current batch');
    const scanner = this.#scanner;
    scanner.keep(sink.kept ?? this.#kept);
    const result = scanner.scan(bytes, path);
    // Of a file that is read plainly too: entries of its rows come behind these.
    this.#entries.ask();
    if (!result.ok || !isBlank(bytes, result.end)) return readPlain(bytes, path, sink);
    const usual = scanner.summary(SUMMARY_KMS) + scanner.summary(SUMMARY_OTHER);
    // Without one usual record it may be another log in the same envelope: the plain reader knows them.
    if (scanner.summary(SUMMARY_RECORDS) > 0 && usual === 0) return readPlain(bytes, path, sink);
    const before = [rows.rowCount, rows.relatedCount, sink.rejects.length] as const;
    const count = scanner.summary(SUMMARY_ROWS);
    for (let row = scanner.wasm.encode(0); row < count; row = scanner.wasm.encode(row)) {
      rows.takeBlock();
    }
    scanner.view();
    try {
      return this.#counts(path, sink);
    } catch (error) {
      if (!(error instanceof NotRecord)) throw error;
      rows.truncate(before[0], before[1]);
      sink.rejects.length = before[2];
      return readPlain(bytes, path, sink);
    }
  }

  /** Counts the last scan, and reads its unusual records. */
  #counts(path: PathFacts, sink: RecordSink): ReadCounts {
    const scanner = this.#scanner;
    const counts = countsOf(path);
    counts.records_total = scanner.summary(SUMMARY_RECORDS);
    counts.non_kms = scanner.summary(SUMMARY_OTHER);
    const span = (min: number, max: number) => (min > max ? null : ([min, max] as const));
    const all = span(scanner.summary(SUMMARY_TIME_MIN), scanner.summary(SUMMARY_TIME_MAX));
    const kms = span(scanner.summary(SUMMARY_EVENT_MIN), scanner.summary(SUMMARY_EVENT_MAX));
    counts.record_time_min = all?.[0] ?? null;
    counts.record_time_max = all?.[1] ?? null;
    counts.event_time_min = kms?.[0] ?? null;
    counts.event_time_max = kms?.[1] ?? null;
    const account = this.#first(SUMMARY_ACCOUNT);
    const region = this.#first(SUMMARY_REGION);
    // Account and Region, where the path has none, are those of the first record that has them.
    const takeFirst = (before: number): void => {
      if (account && account.record < before) counts.account_id ??= account.text;
      if (region && region.record < before) counts.region ??= region.text;
    };
    if (scanner.summary(SUMMARY_UNUSUAL) > 0) {
      for (const { index, text } of this.#unusual()) {
        takeFirst(index);
        const value = parse(text);
        // A value of another kind, or an envelope in the list: the plain reader unwraps and counts those.
        if (!isCloudTrailRecord(value)) throw new NotRecord();
        readRecord({ value }, index, path, sink, counts);
      }
    }
    takeFirst(counts.records_total);
    return counts;
  }

  /** Copies of the unusual records: reading them may move the scanner's memory. */
  #unusual(): { index: number; text: string }[] {
    const scanner = this.#scanner;
    const rows = Array.from({ length: scanner.summary(SUMMARY_ROWS) }, (_, row) => row);
    return rows
      .filter((row) => scanner.isUnusual(row))
      .map((row) => ({ index: scanner.record(row), text: scanner.recordText(row) }));
  }

  #first(place: number): { record: number; text: string } | null {
    const scanner = this.#scanner;
    const at = scanner.summary(place + 1);
    if (at === 0) return null;
    const value = parse(scanner.text(at, scanner.summary(place + 2)));
    return { record: scanner.summary(place), text: textField({ value }, 'value')! };
  }
}

/** Whether only white space follows the document. */
function isBlank(bytes: Buffer, from: number): boolean {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return true;
}

/** Thrown for an element that is no record, or no JSON: then the plain reader reads the file. */
class NotRecord extends Error {}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotRecord();
  }
}
