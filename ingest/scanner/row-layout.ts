// The layout of what the scanner writes, read by both compilers: AssemblyScript (assembly/) and
// TypeScript. Keep to what both understand: plain numbers and one list of strings.

/** The top-level fields of a record that the scanner knows; a field's number is its index here. */
export const fieldNames = [
  'eventVersion',
  'userIdentity',
  'eventTime',
  'eventSource',
  'eventName',
  'awsRegion',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'errorMessage',
  'requestParameters',
  'responseElements',
  'additionalEventData',
  'requestID',
  'eventID',
  'readOnly',
  'resources',
  'eventType',
  'apiVersion',
  'managementEvent',
  'recipientAccountId',
  'sharedEventID',
  'serviceEventDetails',
  'vpcEndpointId',
  'vpcEndpointAccountId',
  'addendum',
  'eventCategory',
  'sessionCredentialFromConsole',
  'tlsDetails',
  'eventContext',
];

/** Fields that the scanner itself looks into. */
export const FIELD_USER_IDENTITY = 1;
export const FIELD_EVENT_TIME = 2;
export const FIELD_EVENT_SOURCE = 3;
export const FIELD_EVENT_NAME = 4;
export const FIELD_SOURCE_IP_ADDRESS = 6;
export const FIELD_USER_AGENT = 7;
export const FIELD_ERROR_CODE = 8;
export const FIELD_ERROR_MESSAGE = 9;
export const FIELD_REQUEST_PARAMETERS = 10;
export const FIELD_RESPONSE_ELEMENTS = 11;
export const FIELD_REQUEST_ID = 13;
export const FIELD_EVENT_ID = 14;
export const FIELD_RESOURCES = 16;
export const FIELD_RECIPIENT_ACCOUNT_ID = 20;
export const FIELD_AWS_REGION = 5;
export const FIELD_SHARED_EVENT_ID = 21;
export const FIELD_VPC_ENDPOINT_ID = 23;
export const FIELD_CONSOLE_SESSION = 27;
export const FIELD_TLS_DETAILS = 28;
/** Not a top-level field, but a member of a group like one: requestParameters.encryptionContext. */
export const FIELD_CONTEXT = 30;

// One row = ROW_WORDS words of 32 bits. Rows stand in the order of the records in the file.
/** Position of the record in the Records array. */
export const ROW_RECORD = 0;
/** Byte span of the record's value in the input, end exclusive. */
export const ROW_START = 1;
export const ROW_END = 2;
/** One of the KIND_ numbers; for KIND_UNUSUAL only the words above are set. */
export const ROW_KIND = 3;
/** Bit f is set when field f is there (its value may be null). */
export const ROW_PRESENT = 4;
/** Seconds since 1970, signed. */
export const ROW_EVENT_TIME = 5;
/** Span of requestParameters.encryptionContext's value; both 0 when it is not there. */
export const ROW_CONTEXT_START = 6;
export const ROW_CONTEXT_END = 7;
/** Ids of the interned groups of fields, GROUPS_MAX of them; NOT_INTERNED when the table was full. */
export const ROW_GROUPS = 8;
/** In a kept record's row the second of these is the id of what was done. */
export const ROW_ACTION = 9;
/** 16 bytes each, in the order of the text; only meaningful when the field's bit is set. */
export const ROW_EVENT_ID = 12;
export const ROW_REQUEST_ID = 16;
export const ROW_SHARED_EVENT_ID = 20;
/** Span (start, end) of the value of each field f, at ROW_SPANS + 2 f, where its bit is set. */
export const ROW_SPANS = 24;
/**
 * Up to here an encryption context is compared when it is interned: its end, or, when it is just
 * `{"aws:s3:arn":"..."}` without an escape, after the first slash: the rest names one object of many.
 */
export const ROW_CONTEXT_CUT = 84;
/** Even, so that rows stay aligned to 8 bytes. */
export const ROW_WORDS = 86;

export const GROUPS_MAX = 4;
/** From where and to what it was done is rarely the same twice: only the first group is interned, and ROW_ACTION. */
export const GROUPS_OF_KEPT = 1;
export const NOT_INTERNED = 0xffffffff;
/** In the place of a kept record's first id: only the plain reader can judge it. */
export const UNDECODED = 0xfffffffe;

/** A KMS record, all of it usual. */
export const KIND_KMS = 0;
/** A record that only the plain reader can judge. */
export const KIND_UNUSUAL = 1;
/**
 * A record of another service that the caller asked for: with its time, its id, the ids of the first
 * GROUPS_OF_KEPT groups and of what was done, unless it is marked as UNDECODED.
 */
export const KIND_KEPT = 2;

// What scan() says of the file as a whole: words at summaryAt.
export const SUMMARY_RECORDS = 0;
export const SUMMARY_KMS_RECORDS = 1;
/** Records of other services, kept ones included. */
export const SUMMARY_OTHER_RECORDS = 2;
export const SUMMARY_ROWS = 3;
/** Where the rows begin: an address. */
export const SUMMARY_ROWS_AT = 4;
/** Earliest and latest eventTime of the records that are not unusual; earliest > latest for none. */
export const SUMMARY_TIME_MIN = 5;
export const SUMMARY_TIME_MAX = 6;
/**
 * The first recipientAccountId and awsRegion of a record that is not unusual: which record, then start and end
 * of the value. Start 0: none.
 */
export const SUMMARY_ACCOUNT = 7;
export const SUMMARY_REGION = 10;
/** Where in the input the scan stopped, for messages. */
export const SUMMARY_STOPPED_AT = 13;
export const SUMMARY_WORDS = 14;

/** What scan() returns. */
export const STATUS_OK = 0;
/** Valid perhaps, but no `{"Records":[...]}`: other envelope, BOM, escaped or repeated key. */
export const STATUS_OTHER_ENVELOPE = 1;
/** Broken or cut off. */
export const STATUS_MALFORMED = 2;
/** So many tiny elements that their rows would outgrow the input. */
export const STATUS_TOO_MANY_ROWS = 3;
