import {
  KIND_KEPT,
  KIND_KMS,
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
} from './row-layout.ts';

interface Scanned {
  memory: ArrayBuffer;
  inputAt: number;
  inputLength: number;
  rowsAt: number;
  count: number;
  ascii: boolean;
  records: number;
  kmsRecords: number;
  otherRecords: number;
  timeMin: number;
  timeMax: number;
  account: [record: number, start: number, end: number];
  region: [record: number, start: number, end: number];
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
  /** Earliest and latest eventTime (seconds) of all but the unusual records; null when there is none. */
  readonly eventTimeMin: number | null;
  readonly eventTimeMax: number | null;
  /** recipientAccountId and awsRegion where first seen in a record that is not unusual. */
  readonly firstAccount: FirstValue | null;
  readonly firstRegion: FirstValue | null;
  /** Whether the file is pure ASCII. */
  readonly ascii: boolean;
  /** The input. */
  readonly bytes: Buffer;
  /** All rows; word w of row r is words[r * ROW_WORDS + w], see row-layout.ts. */
  readonly words: Uint32Array;
  /** The same memory as bytes, for the 16-byte ids. */
  readonly rowBytes: Buffer;

  constructor(scanned: Scanned) {
    const { memory, count } = scanned;
    this.count = count;
    this.records = scanned.records;
    this.kmsRecords = scanned.kmsRecords;
    this.otherRecords = scanned.otherRecords;
    const timed = scanned.timeMin <= scanned.timeMax;
    this.eventTimeMin = timed ? scanned.timeMin : null;
    this.eventTimeMax = timed ? scanned.timeMax : null;
    this.ascii = scanned.ascii;
    this.bytes = Buffer.from(memory, scanned.inputAt, scanned.inputLength);
    this.firstAccount = this.#first(scanned.account);
    this.firstRegion = this.#first(scanned.region);
    this.words = new Uint32Array(memory, scanned.rowsAt, count * ROW_WORDS);
    this.rowBytes = Buffer.from(memory, scanned.rowsAt, count * ROW_WORDS * 4);
  }

  #first([record, start, end]: [number, number, number]): FirstValue | null {
    return start === 0 ? null : { record, text: this.slice(start, end) };
  }

  word(row: number, word: number): number {
    return this.words[row * ROW_WORDS + word]!;
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

  /** The 16 bytes at ROW_EVENT_ID, ROW_REQUEST_ID or ROW_SHARED_EVENT_ID. */
  uuid(row: number, word: number): Buffer {
    const at = (row * ROW_WORDS + word) * 4;
    return this.rowBytes.subarray(at, at + 16);
  }

  /** The text of a span of the input. */
  slice(start: number, end: number): string {
    return this.bytes.toString(this.ascii ? 'latin1' : 'utf8', start, end);
  }
}
