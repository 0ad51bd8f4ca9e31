/** A bound parameter. Dates are TIMESTAMPs; arrays are lists of VARCHAR. */
export type SqlValue = string | number | bigint | boolean | Date | null | readonly string[];
export type SqlParams = Readonly<Record<string, SqlValue | undefined>>;

/** A row as JSON: instants `YYYY-MM-DDTHH:MM:SSZ`, integers as numbers (as strings beyond 2^53). */
export type JsonRow = Record<string, unknown>;

export interface QueryOptions {
  /** The query is interrupted after this many milliseconds: KeymeterError `deadline_exceeded`. */
  deadline_ms?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Columns of one chunk of a streamed result, as JSON values. */
export interface ColumnChunk {
  rowCount: number;
  columns: readonly (readonly unknown[])[];
}

export interface QueryTable {
  columns: string[];
  rows: JsonRow[];
}

/** What analyses read through; another engine implements the same calls. */
export interface Engine {
  /** True where keymeter's own tables lie below the contract, so that ids are found by their bytes. */
  readonly hasStoredIds?: boolean;
  rows(sql: string, params?: SqlParams, options?: QueryOptions): Promise<JsonRow[]>;
  /** The result in chunks, in order, with bounded memory. */
  stream(sql: string, params?: SqlParams, options?: QueryOptions): AsyncGenerator<ColumnChunk>;
  /** Changes with every commit; for ETags. */
  dataVersion(): Promise<string>;
  /** Runs work whose queries all see one state of the data; absent where an engine has no such thing. */
  snapshot?<T>(work: (engine: Engine) => Promise<T>, options?: SnapshotOptions): Promise<T>;
}

/** An engine as the process that opened it holds it. */
export interface OpenedEngine extends Engine {
  /** Rows and column names of any query, as a user writes it. */
  table(sql: string, options?: QueryOptions): Promise<QueryTable>;
  /** Gives back connections and files, also those of a database that was opened for it. */
  close(): void;
}

export interface SnapshotOptions {
  /** A few small queries that must not wait behind long analyses. */
  brief?: boolean;
}

/** The work in a snapshot where the engine has them. */
export function inSnapshot<T>(
  engine: Engine,
  work: (engine: Engine) => Promise<T>,
  options?: SnapshotOptions,
): Promise<T> {
  return engine.snapshot ? engine.snapshot(work, options) : work(engine);
}
