import type { DuckDBConnection } from '@duckdb/node-api';
import { dataVersionSql } from '../data-version.ts';
import type { Engine, OpenedEngine, SnapshotOptions } from '../engine.ts';
import { ChunkEngine } from './chunk-engine.ts';
import { ConnectionPool, type Connectable } from './connection-pool.ts';
import { needsViews, resultChunks, type Query, type ResultChunk } from './result-chunks.ts';
import { Snapshot } from './snapshot.ts';

/** The data below the engine: a database file, or views over the files of a lake. */
export interface DuckDbSource extends Connectable {
  /** False where the contract's relations are views that already exist; absent: keymeter's own tables. */
  readonly hasStoredIds?: boolean;
  dataVersion: string | undefined;
  /** Looks whether another process changed the data. */
  refresh?(): Promise<void>;
  close(): void;
}

export interface DuckDbEngineOptions {
  /** Connections for single queries, and as many for snapshots. */
  connections?: number;
  waiting?: number;
  /** True: the database was opened for this engine and closes with it. */
  ownsDatabase?: boolean;
}

/**
 * DuckDB behind the Engine interface: a few connections, one query at a time on each. Snapshots have
 * connections of their own, so that long analyses never hold up a look at the ledger.
 */
export class DuckDbEngine extends ChunkEngine implements OpenedEngine {
  readonly hasStoredIds: boolean;
  readonly #database: DuckDbSource;
  readonly #single: ConnectionPool;
  readonly #snapshots: ConnectionPool;
  readonly #ownsDatabase: boolean;

  constructor(database: DuckDbSource, options: DuckDbEngineOptions = {}) {
    super();
    const { connections = 2, waiting = 64, ownsDatabase = false } = options;
    this.#database = database;
    this.hasStoredIds = database.hasStoredIds ?? true;
    this.#ownsDatabase = ownsDatabase;
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
      return await work(new Snapshot(connection, this.hasStoredIds));
    } finally {
      await rollBack(connection);
      pool.release(connection);
    }
  }

  /** Known without a query once it was read or a writer of this process has raised it. */
  async dataVersion(): Promise<string> {
    const database = this.#database;
    await database.refresh?.();
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
    if (this.#ownsDatabase) this.#database.close();
  }

  protected async *chunks(query: Query): AsyncGenerator<ResultChunk> {
    const connection = await this.#single.acquire();
    // A transaction begins only after a commit that is under way: one wait is better than two.
    const transaction = this.hasStoredIds && needsViews(query.sql);
    try {
      if (transaction) await connection.run('BEGIN');
      yield* resultChunks(connection, query, this.hasStoredIds);
    } finally {
      if (transaction) await rollBack(connection);
      this.#single.release(connection);
    }
  }
}

async function rollBack(connection: DuckDBConnection): Promise<void> {
  await connection.run('ROLLBACK').catch(() => undefined);
}
