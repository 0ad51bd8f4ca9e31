// Where the scanner keeps what it found, read by both compilers: AssemblyScript (assembly/) and TypeScript.
// Keep to what both understand: plain numbers and lists of texts.

// A row of a file: ROW_WORDS words of 32 bits.
/** Position of the record in the Records array. */
export const ROW_RECORD = 0;
/** Where the record begins and ends in the input. */
export const ROW_START = 1;
export const ROW_END = 2;
/** One of the KIND_ numbers; for KIND_UNUSUAL only the words above are set. */
export const ROW_KIND = 3;
/** Seconds since 1970, 64 bits. */
export const ROW_TIME = 4;
/** Bit 0: it has a requestID; bit 1: it has a sharedEventID. */
export const ROW_IDS = 6;
/** Entries of the rules: CALLS to KEYS, or ACTIONS, SUBJECTS and ADDRESSES. */
export const ROW_ENTRIES = 7;
/** Start and end of the values that become texts of the row, TEXT_ numbers; start 0: not there. */
export const ROW_TEXTS = 11;
export const TEXT_MESSAGE = 0;
export const TEXT_CONTEXT = 1;
export const TEXT_PARAMETERS = 2;
export const TEXT_RESPONSE = 3;
export const TEXT_RESOURCES = 4;
export const TEXT_KEY = 5;
/** Of a related event, in the place of message and context. */
export const TEXT_SOURCE = 0;
export const TEXT_REQUEST_ID = 1;
/** 16 bytes each, in the order of the text. */
export const ROW_EVENT_ID = 23;
export const ROW_REQUEST_ID = 27;
export const ROW_SHARED_EVENT_ID = 31;
/** Even, so that rows stay aligned to 8 bytes. */
export const ROW_WORDS = 36;

/** A KMS record, all of it usual. */
export const KIND_KMS = 0;
/** A record that only the plain reader can judge. */
export const KIND_UNUSUAL = 1;
/** A record of another service that is kept. */
export const KIND_RELATED = 2;

// What scan() says of the file as a whole: words at summaryAt.
export const SUMMARY_RECORDS = 0;
/** Records of other services, kept ones included. */
export const SUMMARY_OTHER = 1;
export const SUMMARY_KMS = 2;
export const SUMMARY_ROWS = 3;
/** Earliest and latest eventTime of the records that are not unusual; earliest > latest for none. */
export const SUMMARY_TIME_MIN = 4;
export const SUMMARY_TIME_MAX = 5;
/** The same of the KMS rows that were encoded. */
export const SUMMARY_EVENT_MIN = 6;
export const SUMMARY_EVENT_MAX = 7;
/** Where the document ended, or the scan stopped: a byte of the input. */
export const SUMMARY_END = 8;
/** The first recipientAccountId and awsRegion: which record, then the address and length of the value; 0: none. */
export const SUMMARY_ACCOUNT = 9;
export const SUMMARY_REGION = 12;
/** Unusual rows, known after encode(). */
export const SUMMARY_UNUSUAL = 15;
export const SUMMARY_WORDS = 16;

/** What scan() returns. */
export const STATUS_OK = 0;
/** Valid perhaps, but no `{"Records":[...]}`: other envelope, BOM, escaped or repeated key. */
export const STATUS_OTHER_ENVELOPE = 1;
/** Broken or cut off. */
export const STATUS_MALFORMED = 2;
/** So many tiny elements that their rows would outgrow the input. */
export const STATUS_TOO_MANY_ROWS = 3;

/** What a rule says of an entry: the parameters go without those that columns hold. */
export const FLAG_PARAMETERS_HELD = 1;
/** What the source is called is an address. */
export const FLAG_ADDRESS = 2;
/** Its rows are for the plain reader: a text looks like the marks of a shape. */
export const FLAG_UNUSUAL = 4;

/** Which value a mark in a shape stands for. */
export const MARK_CONTEXT = 0;
export const MARK_RESOURCES = 1;
export const MARK_KEY = 2;

/** Longer parameters and responses of related events are left out. In UTF-16 units. */
export const RELATED_JSON_MAX = 20000;

// The columns of the rows that wait to be taken. Rows at most, and bytes of one text column.
export const WAITING_ROWS = 16384;
export const WAITING_TEXT_BYTES = 4194304;

// Columns of fixed width: their offsets from waitingAt, row after row. 16 bytes, in the order of the text:
export const EVENTS_ID = 0;
export const EVENTS_REQUEST_ID = EVENTS_ID + 16 * WAITING_ROWS;
export const EVENTS_SHARED_ID = EVENTS_REQUEST_ID + 16 * WAITING_ROWS;
/** 64 bits: microseconds since 1970. */
export const EVENTS_TIME = EVENTS_SHARED_ID + 16 * WAITING_ROWS;
/** 32 bits each. */
export const EVENTS_RECORD = EVENTS_TIME + 8 * WAITING_ROWS;
/** Four columns of entries, one after the other. */
export const EVENTS_ENTRIES = EVENTS_RECORD + 4 * WAITING_ROWS;
/** One byte a row: 1 when the id is there. */
export const EVENTS_HAS_REQUEST = EVENTS_ENTRIES + 16 * WAITING_ROWS;
export const EVENTS_HAS_SHARED = EVENTS_HAS_REQUEST + WAITING_ROWS;
// Related events have columns of their own.
export const RELATED_ID = EVENTS_HAS_SHARED + WAITING_ROWS;
export const RELATED_TIME = RELATED_ID + 16 * WAITING_ROWS;
export const RELATED_RECORD = RELATED_TIME + 8 * WAITING_ROWS;
export const RELATED_ENTRIES = RELATED_RECORD + 4 * WAITING_ROWS;

/**
 * Text columns, WAITING_TEXT_STRIDE apart: for each row where its text ends (32 bits), then whether it has
 * one (one byte a row), then the texts.
 */
export const WAITING_TEXTS = RELATED_ENTRIES + 4 * WAITING_ROWS;
export const WAITING_TEXT_VALID = 4 * WAITING_ROWS;
export const WAITING_TEXT_START = WAITING_TEXT_VALID + WAITING_ROWS;
/** Copies go by 16 bytes: they may touch some bytes behind the last text. */
export const WAITING_TEXT_STRIDE = WAITING_TEXT_START + WAITING_TEXT_BYTES + 64;

/** The text columns in their order: ids that are no UUIDs are set by unusual rows alone. */
export const eventTexts: string[] = [
  'error_message',
  'encryption_context',
  'resource_arn',
  'request_parameters',
  'response_elements',
  'event_id_text',
  'request_id_text',
  'shared_event_id_text',
];
export const relatedTexts: string[] = [
  'source_ip',
  'caller_source',
  'request_id',
  'resource_arn',
  'request_parameters',
  'response_elements',
  'event_id_text',
];
/** Where the columns of `related` begin. */
export const RELATED_TEXTS = 8;
export const TEXT_COLUMNS = 15;
