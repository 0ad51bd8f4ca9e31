// Where the scanner keeps the columns of the rows that it encodes, read by both compilers: AssemblyScript
// (assembly/) and TypeScript. Keep to what both understand: plain numbers and lists of strings.

/** Rows that wait in the scanner's memory at most, and bytes of one of their text columns. */
export const PENDING_ROWS = 16384;
export const PENDING_TEXT_BYTES = 4194304;

// Columns of fixed width: their offsets from pendingAt, row after row.
/** 16 bytes, in the order of the text. */
export const PENDING_EVENT_ID = 0;
export const PENDING_REQUEST_ID = PENDING_EVENT_ID + 16 * PENDING_ROWS;
export const PENDING_SHARED_EVENT_ID = PENDING_REQUEST_ID + 16 * PENDING_ROWS;
/** 64 bits: microseconds since 1970. */
export const PENDING_EVENT_TIME = PENDING_SHARED_EVENT_ID + 16 * PENDING_ROWS;
/** 32 bits each. */
export const PENDING_RECORD_INDEX = PENDING_EVENT_TIME + 8 * PENDING_ROWS;
/** Positions of the tuples: EVENT_DIMENSIONS columns one after the other. */
export const PENDING_POSITIONS = PENDING_RECORD_INDEX + 4 * PENDING_ROWS;
/** One byte a row: 1 when the id is there. */
export const PENDING_HAS_REQUEST_ID = PENDING_POSITIONS + 16 * PENDING_ROWS;
export const PENDING_HAS_SHARED_EVENT_ID = PENDING_HAS_REQUEST_ID + PENDING_ROWS;
// Related events have columns of their own.
export const RELATED_EVENT_ID = PENDING_HAS_SHARED_EVENT_ID + PENDING_ROWS;
export const RELATED_EVENT_TIME = RELATED_EVENT_ID + 16 * PENDING_ROWS;
export const RELATED_RECORD_INDEX = RELATED_EVENT_TIME + 8 * PENDING_ROWS;
export const RELATED_POSITIONS = RELATED_RECORD_INDEX + 4 * PENDING_ROWS;

/**
 * Text columns, PENDING_TEXT_STRIDE apart: for each row where its text ends (32 bits), then whether it has
 * one (one byte a row), then the texts.
 */
export const PENDING_TEXTS = RELATED_POSITIONS + 4 * PENDING_ROWS;
export const PENDING_TEXT_VALID = 4 * PENDING_ROWS;
export const PENDING_TEXT_START = PENDING_TEXT_VALID + PENDING_ROWS;
/** Copies go by 16 bytes: they may touch some bytes behind the last text. */
export const PENDING_TEXT_STRIDE = PENDING_TEXT_START + PENDING_TEXT_BYTES + 64;

/** The text columns of `events` in their order here. */
export const eventTexts = [
  'error_message',
  'encryption_context',
  'resource_arn',
  'request_parameters',
  'response_elements',
];
export const TEXT_ERROR_MESSAGE = 0;
export const TEXT_ENCRYPTION_CONTEXT = 1;
export const TEXT_RESOURCE_ARN = 2;
export const TEXT_REQUEST_PARAMETERS = 3;
export const TEXT_RESPONSE_ELEMENTS = 4;
/** The text columns of `related` stand behind them. */
export const relatedTexts = [
  'source_ip',
  'caller_source',
  'request_id',
  'resource_arn',
  'request_parameters',
  'response_elements',
];
export const TEXT_OF_RELATED = 5;
export const RELATED_SOURCE_IP = 5;
export const RELATED_CALLER_SOURCE = 6;
export const RELATED_REQUEST_ID = 7;
export const RELATED_RESOURCE_ARN = 8;
export const RELATED_REQUEST_PARAMETERS = 9;
export const RELATED_RESPONSE_ELEMENTS = 10;
export const PENDING_TEXT_COLUMNS = 11;

// Books of tuples, in the order of the store's dimensions: those of `events`, in the order of
// PENDING_POSITIONS, and that of `related`.
export const BOOK_CALLS = 0;
export const BOOK_IDENTITIES = 1;
export const BOOK_CLIENTS = 2;
export const BOOK_KEYS = 3;
export const EVENT_DIMENSIONS = 4;
export const BOOK_ACTIONS = 4;
/** Texts that a context gives its rows: encryption_context, resource_arn. */
export const BOOK_CONTEXT_TEXTS = 5;
/** Texts that a call gives its rows: TEXT_ENCRYPTION_CONTEXT to TEXT_RESPONSE_ELEMENTS. */
export const BOOK_CALL_TEXTS = 6;
export const BOOKS = 7;

// A tuple: for each text where it ends in the bytes (32 bits; the bitwise complement of it when the text is
// null), one byte for each boolean, then the bytes.
export const BOOLEAN_FALSE = 0;
export const BOOLEAN_TRUE = 1;
export const BOOLEAN_NULL = 2;

/** Columns of the tuples that the scanner makes itself, in their order in a tuple. */
export const identityTexts = [
  'account_id',
  'caller_account_id',
  'caller_account_basis',
  'principal_arn',
  'principal_type',
  'session_name',
  'caller_arn',
  'access_key_id',
];
export const clientTexts = [
  'source_ip',
  'caller_source',
  'user_agent',
  'vpc_endpoint_id',
  'tls_version',
];

export const actionTexts = [
  'event_source',
  'event_name',
  'account_id',
  'region',
  'principal_arn',
  'caller_arn',
  'access_key_id',
  'user_agent',
  'error_code',
];

/** Keys of an encryption context that name a service's resource, and what kind of context each makes. */
export const contextResourceKeys = [
  'SecretARN',
  'PARAMETER_ARN',
  'aws:ebs:id',
  'aws:sqs:arn',
  'aws:sns:topicArn',
  'aws:lambda:FunctionArn',
  'aws:kinesis:arn',
  'aws:logs:arn',
];
/** Kinds of contexts that the scanner tells itself: their numbers begin at 1. */
export const plainContextKinds = [
  'secretsmanager',
  'ssm',
  'ebs',
  'sqs',
  'sns',
  'lambda',
  'kinesis',
  'logs',
  'encryption_sdk',
  'other',
];
export const KIND_ENCRYPTION_SDK = 9;
export const KIND_OTHER = 10;

/** What is known of an identity, context or call that depends on more than its text. */
export const PER_ROW = 0xffffffff;
/** Numbers of callers from here on are given by TypeScript, those below by the scanner. */
export const CALLERS_OF_RULES = 0x800000;

// Why encode() stopped at a row.
export const STOP_END = 0;
/** The rules must be asked about one of its texts. */
export const STOP_ASK = 1;
/** The plain reader must read it. */
export const STOP_PLAIN = 2;
/** It is a kept record of another service, which the rules of such records must read. */
export const STOP_KEPT = 3;
/** The pending columns are full: they must be taken. */
export const STOP_FULL = 4;
/** The tables are full: what they hold must be taken, and all be forgotten. */
export const STOP_CROWDED = 5;
