import type { DuckDBConnection } from '@duckdb/node-api';
import { ChunkEngine } from './chunk-engine.ts';
import { ConnectionPool } from './connection-pool.ts';
import { dataVersionSql } from './data-version.ts';
import type { Database } from './database.ts';
import { needsViews, resultChunks, type Query, type ResultChunk } from './result-chunks.ts';
import { Snapshot } from './snapshot.ts';

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

/** What analyses read through; another engine implements the same calls. */
export interface Engine {
  rows(sql: string, params?: SqlParams, options?: QueryOptions): Promise<JsonRow[]>;
  /** The result in chunks, in order, with bounded memory. */
  stream(sql: string, params?: SqlParams, options?: QueryOptions): AsyncGenerator<ColumnChunk>;
  /** Changes with every commit; for ETags. */
  dataVersion(): Promise<string>;
  /** Runs work whose queries all see one state of the data; absent where an engine has no such thing. */
  snapshot?<T>(work: (engine: Engine) => Promise<T>, options?: SnapshotOptions): Promise<T>;
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

/**
 * DuckDB behind the Engine interface: a few connections, one query at a time on each. Snapshots have
 * connections of their own, so that long analyses never hold up a look at the ledger.
 */
export class DuckDbEngine extends ChunkEngine {
  readonly #database: Database;
  readonly #single: ConnectionPool;
  readonly #snapshots: ConnectionPool;

  constructor(database: Database, options: { connections?: number; waiting?: number } = {}) {
    super();
    const { connections = 2, waiting = 64 } = options;
    this.#database = database;
    this.#single = new ConnectionPool(database, connections, waiting);
    this.#snapshots = new ConnectionPool(database, connections, waiting);
  }

  async snapshot<T>(
    work: (engine: Engine) => Promise<T>,
    options: SnapshotOptions = {},
  ): Promise<T> {
    const pool = options.brief ? this.#single : this.#snapshots;
    const connection = await pool.acquire();
    try {
      await connection.run('BEGIN');
      return await work(new Snapshot(connection));
    } finally {
      await rollBack(connection);
      pool.release(connection);
    }
  }

  /** Known without a query once it was read or a writer of this process has raised it. */
  async dataVersion(): Promise<string> {
    const database = this.#database;
    if (database.dataVersion === undefined) {
      const rows = await this.rows(dataVersionSql);
      // A writer that committed meanwhile knows better.
      database.dataVersion ??= String(rows[0]?.['value'] ?? '0');
    }
    return database.dataVersion;
  }

  close(): void {
    this.#single.close();
    this.#snapshots.close();
  }

  protected async *chunks(query: Query): AsyncGenerator<ResultChunk> {
    const connection = await this.#single.acquire();
    // A transaction begins only after a commit that is under way: one wait is better than two.
    const transaction = needsViews(query.sql);
    try {
      if (transaction) await connection.run('BEGIN');
      yield* resultChunks(connection, query);
    } finally {
      if (transaction) await rollBack(connection);
      this.#single.release(connection);
    }
  }
}

async function rollBack(connection: DuckDBConnection): Promise<void> {
  await connection.run('ROLLBACK').catch(() => undefined);
}
