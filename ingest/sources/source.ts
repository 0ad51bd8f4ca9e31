/** One log object as a source lists it: enough to know it again and to fetch it. */
export interface ListedObject {
  source: 's3' | 'local';
  /** S3 bucket; empty for local files. */
  bucket: string;
  /** S3 key, or the absolute real path of a local file. */
  key: string;
  /** What changes when the content changes: the ETag without quotes, or the mtime in nanoseconds. */
  version: string;
  size_bytes: number;
  /** Milliseconds since the epoch. */
  last_modified_at: number;
  /** Its name says nothing: it is read only if it begins like a log. */
  sniff?: true;
}

/** A place that could not be listed; the run goes on with the others and ends "done in part". */
export interface ListProblem {
  problem: 'denied' | 'missing' | 'failed';
  /** The prefix, directory or file. */
  place: string;
  message: string;
}

/** A listed name that is no log file, and why it was left out (digest, insight, another service, ...). */
export interface SkippedName {
  skipped: string;
  key: string;
}

/** Which option of the filter leaves a name out. */
export type FilterReason = 'account' | 'region' | 'time';

/** A file, or a folder with all that is in it, that the filter leaves out. */
export interface FilteredName {
  filtered: FilterReason;
  key: string;
}

export type Listing = ListedObject | ListProblem | SkippedName | FilteredName;

/** What to list. Instants are milliseconds since the epoch, half-open, and apply to event time. */
export interface ListFilter {
  from?: number | undefined;
  to?: number | undefined;
  accounts?: readonly string[] | undefined;
  regions?: readonly string[] | undefined;
}

/** Where a worker finds the objects again. Plain data: it crosses to the worker threads. */
export type ReaderConfig =
  | {
      source: 'local';
      /** Where the bytes of a stream are, by its key: its version is the hash of them. */
      copies?: Readonly<Record<string, string>>;
    }
  | {
      source: 's3';
      region?: string | undefined;
      endpoint?: string | undefined;
      pathStyle?: boolean | undefined;
      anonymous?: boolean | undefined;
      /** The owner of the credentials pays for the requests. */
      requesterPays?: boolean | undefined;
      profile?: string | undefined;
      /** Most GETs at once in one worker; adapted downwards while S3 says SlowDown. */
      concurrency?: number | undefined;
      tuning?: Partial<S3Tuning> | undefined;
    };

/** Patience with S3. The defaults suit S3; tests shorten them. */
export interface S3Tuning {
  /** Tries of one request that got no answer, or 5xx, by the SDK. */
  maxAttempts: number;
  connectionTimeoutMs: number;
  /** Longest wait for the head of an answer. */
  requestTimeoutMs: number;
  /** Longest silence on a socket, in the middle of a body too. */
  socketTimeoutMs: number;
  /** Longest time for one whole GET, however busily it trickles. */
  objectDeadlineMs: number;
  /** First step of the jittered, doubling wait between whole tries. */
  retryBaseMs: number;
}

/** How to open a source: the S3 client's settings; local sources need none. */
export interface SourceOptions {
  region?: string | undefined;
  endpoint?: string | undefined;
  pathStyle?: boolean | undefined;
  anonymous?: boolean | undefined;
  requesterPays?: boolean | undefined;
  profile?: string | undefined;
  concurrency?: number | undefined;
  tuning?: Partial<S3Tuning> | undefined;
}

export interface Source {
  /** As the user gave it, for messages. */
  readonly description: string;
  readonly reader: ReaderConfig;
  /**
   * Streams the listing; bounded memory whatever the number of objects. Rejects with the signal's reason
   * when it aborts, and with KeymeterError when the whole source is denied or gone; what is wrong in one
   * place comes as a ListProblem. One object comes once, in no promised order.
   */
  list(filter: ListFilter, signal: AbortSignal): AsyncIterable<Listing>;
  /**
   * Called when everything that was listed is committed or given up for this run. `areStored` says of each
   * object whether the ledger holds it; what it does not hold must be listed again.
   */
  acknowledge?(
    areStored: (objects: readonly ListedObject[]) => Promise<readonly boolean[]>,
  ): Promise<void>;
  /** Called every `renew_every_ms` between listing and acknowledgement: the work still goes on. */
  renew?(): Promise<void>;
  readonly renew_every_ms?: number;
  /** What waits at the source; for those that know. */
  backlog?(): Promise<Backlog>;
  close?(): void;
}

/** What waits in a queue. */
export interface Backlog {
  /** Messages to be received, and messages received and not yet acknowledged; both approximate. */
  waiting: number;
  hidden: number;
  /** When the oldest message of the last listing was sent; milliseconds since the epoch. */
  oldest_at: number | null;
  /** Messages of no known form so far. */
  unreadable: number;
}

/**
 * Largest object that is read, compressed, in bytes. CloudTrail's are under 50 MB; a larger one would be
 * far over any cap on uncompressed bytes, and must not take a worker's memory first.
 */
export const objectBytesMost = 1_073_741_824;

/** Fetches the bytes of listed objects, inside a worker. */
export interface ObjectReader {
  /** How many read() calls are worth having under way at once: 1 for local files. */
  readonly readConcurrency: number;
  /**
   * The bytes are the caller's alone, to use up. Rejects with ObjectError, and for an object to be sniffed
   * that does not begin like a log with InputError no_log.
   */
  read(object: ListedObject, signal?: AbortSignal): Promise<Buffer>;
  close(): void;
}

/**
 * Why an object could not be read. `transient`: try again later, no terminal status; `gone`: listed
 * but no longer there; `denied`: no permission; `changed`: overwritten between list and get (the next
 * listing brings it with its new version); `unreadable`: not a regular file, or an I/O error. The KMS key
 * of an object, or its archive, may be put right before the next run; `credentials` concern all objects.
 */
export type ObjectErrorClass =
  | 'transient'
  | 'gone'
  | 'denied'
  | 'kms_denied'
  | 'kms_disabled'
  | 'customer_key'
  | 'archived'
  | 'credentials'
  | 'wrong_region'
  | 'changed'
  | 'unreadable';

export class ObjectError extends Error {
  readonly errorClass: ObjectErrorClass;

  constructor(errorClass: ObjectErrorClass, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ObjectError';
    this.errorClass = errorClass;
  }
}
