import type { DuckDBConnection } from '@duckdb/node-api';
import { ChunkEngine } from './chunk-engine.ts';
import { dataVersionSql } from '../data-version.ts';
import { resultChunks, type Query, type ResultChunk } from './result-chunks.ts';

/**
 * The engine over one open transaction: all queries see the same data, whatever is committed
 * meanwhile. They take turns on the one connection; a query waits until the stream before it has
 * ended, so none may be asked from within a stream.
 */
export class Snapshot extends ChunkEngine {
  readonly hasStoredIds: boolean;
  readonly #connection: DuckDBConnection;
  #turn: Promise<void> = Promise.resolve();

  constructor(connection: DuckDBConnection, hasStoredIds: boolean) {
    super();
    this.hasStoredIds = hasStoredIds;
    this.#connection = connection;
  }

  async dataVersion(): Promise<string> {
    const rows = await this.rows(dataVersionSql);
    return String(rows[0]?.['value'] ?? '0');
  }

  protected async *chunks(query: Query): AsyncGenerator<ResultChunk> {
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise((resolve) => (done = resolve));
    try {
      await before;
      yield* resultChunks(this.#connection, query, this.hasStoredIds);
    } finally {
      done();
    }
  }
}
