import {
  KIND_KEPT,
  KIND_KMS,
  ROW_ACTION,
  ROW_CONTEXT_END,
  ROW_CONTEXT_START,
  ROW_END,
  ROW_EVENT_TIME,
  ROW_GROUPS,
  ROW_KIND,
  ROW_PRESENT,
  ROW_RECORD,
  ROW_SPANS,
  ROW_START,
  ROW_WORDS,
  SUMMARY_ACCOUNT,
  SUMMARY_KMS_RECORDS,
  SUMMARY_OTHER_RECORDS,
  SUMMARY_RECORDS,
  SUMMARY_REGION,
  SUMMARY_ROWS,
  SUMMARY_ROWS_AT,
  SUMMARY_TIME_MAX,
  SUMMARY_TIME_MIN,
} from './row-layout.ts';

/** The scanner's memory; of the summary each value stands at its SUMMARY_ place. */
export interface ScannedMemory {
  bytes: Buffer;
  words: Uint32Array;
  /** Word where the summary begins. */
  summaryAt: number;
}

/** The first value of a field among the records that are not unusual. */
export interface FirstValue {
  /** Position of the record in the Records array. */
  record: number;
  /** JSON text of the value. */
  text: string;
}

/**
 * The rows of one scanned file: one for each KMS record, each record that only the plain reader can
 * judge, and each kept record of another service, in the order of the file. All of it is a view of the
 * scanner's memory, valid until the next scan.
 */
export class ScannedRows {
  readonly ok = true;
  /** Number of rows. */
  readonly count: number;
  /** Elements of the Records array. */
  readonly records: number;
  readonly kmsRecords: number;
  /** Records of other services, kept ones included. */
  readonly otherRecords: number;
  /** Whether the file is pure ASCII. */
  readonly ascii: boolean;
  readonly #memory: ScannedMemory;
  readonly #inputAt: number;
  /** Word where the rows begin. */
  readonly #rowsAt: number;

  constructor(memory: ScannedMemory, inputAt: number, ascii: boolean) {
    this.#memory = memory;
    this.#inputAt = inputAt;
    this.ascii = ascii;
    this.#rowsAt = this.#summary(SUMMARY_ROWS_AT) / 4;
    this.count = this.#summary(SUMMARY_ROWS);
    this.records = this.#summary(SUMMARY_RECORDS);
    this.kmsRecords = this.#summary(SUMMARY_KMS_RECORDS);
    this.otherRecords = this.#summary(SUMMARY_OTHER_RECORDS);
  }

  #summary(place: number): number {
    return this.#memory.words[this.#memory.summaryAt + place]!;
  }

  /** Earliest eventTime (seconds) of all but the unusual records; null when there is none. */
  get eventTimeMin(): number | null {
    const { eventTimeMax } = this;
    return eventTimeMax === null ? null : this.#summary(SUMMARY_TIME_MIN) | 0;
  }

  get eventTimeMax(): number | null {
    const latest = this.#summary(SUMMARY_TIME_MAX) | 0;
    return (this.#summary(SUMMARY_TIME_MIN) | 0) <= latest ? latest : null;
  }

  /** recipientAccountId where first seen in a record that is not unusual. */
  get firstAccount(): FirstValue | null {
    return this.#first(SUMMARY_ACCOUNT);
  }

  /** The same of awsRegion. */
  get firstRegion(): FirstValue | null {
    return this.#first(SUMMARY_REGION);
  }

  #first(place: number): FirstValue | null {
    const start = this.#summary(place + 1);
    if (start === 0) return null;
    return { record: this.#summary(place), text: this.slice(start, this.#summary(place + 2)) };
  }

  word(row: number, word: number): number {
    return this.#memory.words[this.#rowsAt + row * ROW_WORDS + word]!;
  }

  /** `unusual` rows have only `record` and `text`: read them with the plain reader. */
  kind(row: number): 'kms' | 'kept' | 'unusual' {
    const kind = this.word(row, ROW_KIND);
    return kind === KIND_KMS ? 'kms' : kind === KIND_KEPT ? 'kept' : 'unusual';
  }

  /** Position of the record in the Records array. */
  record(row: number): number {
    return this.word(row, ROW_RECORD);
  }

  /** The JSON text of the whole record. */
  text(row: number): string {
    return this.slice(this.word(row, ROW_START), this.word(row, ROW_END));
  }

  /** Seconds since 1970. */
  eventTime(row: number): number {
    return this.word(row, ROW_EVENT_TIME) | 0;
  }

  has(row: number, field: number): boolean {
    return (this.word(row, ROW_PRESENT) & (1 << field)) !== 0;
  }

  /** The JSON text of a field's value, or undefined when the record has no such field. */
  field(row: number, field: number): string | undefined {
    if (!this.has(row, field)) return undefined;
    const span = ROW_SPANS + 2 * field;
    return this.slice(this.word(row, span), this.word(row, span + 1));
  }

  /** The JSON text of requestParameters.encryptionContext, or undefined. */
  encryptionContext(row: number): string | undefined {
    const start = this.word(row, ROW_CONTEXT_START);
    return start === 0 ? undefined : this.slice(start, this.word(row, ROW_CONTEXT_END));
  }

  /** The JSON text of requestParameters with null for the value of encryptionContext. */
  requestParametersWithoutContext(row: number, field: number): string | undefined {
    const from = this.word(row, ROW_CONTEXT_START);
    if (from === 0) return this.field(row, field);
    const span = ROW_SPANS + 2 * field;
    const before = this.slice(this.word(row, span), from);
    const after = this.slice(this.word(row, ROW_CONTEXT_END), this.word(row, span + 1));
    return `${before}null${after}`;
  }

  /** The id of a group's text, or NOT_INTERNED. */
  group(row: number, group: number): number {
    return this.word(row, ROW_GROUPS + group);
  }

  /** The id of what was done in a kept row, or NOT_INTERNED. */
  action(row: number): number {
    return this.word(row, ROW_ACTION);
  }

  /** The 16 bytes at ROW_EVENT_ID, ROW_REQUEST_ID or ROW_SHARED_EVENT_ID. */
  uuid(row: number, word: number): Buffer {
    const at = (this.#rowsAt + row * ROW_WORDS + word) * 4;
    return this.#memory.bytes.subarray(at, at + 16);
  }

  /** The text of a span of the input. */
  slice(start: number, end: number): string {
    const encoding = this.ascii ? 'latin1' : 'utf8';
    return this.#memory.bytes.toString(encoding, this.#inputAt + start, this.#inputAt + end);
  }
}
