import type { DuckDBConnection } from '@duckdb/node-api';
import { KeymeterError } from '../../core/errors.ts';

/** What connections are made of. */
export interface Connectable {
  connect(): Promise<DuckDBConnection>;
}

/** A few connections that are handed out in turn; those who wait are bounded too. */
export class ConnectionPool {
  readonly #database: Connectable;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  readonly #connections_max: number;
  readonly #waiting_max: number;
  #open = 0;

  constructor(database: Connectable, connections_max: number, waiting_max: number) {
    this.#database = database;
    this.#connections_max = connections_max;
    this.#waiting_max = waiting_max;
  }

  /** Throws KeymeterError `too_many_queries` when too many wait already. */
  async acquire(): Promise<DuckDBConnection> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#open < this.#connections_max) {
      this.#open++;
      return this.#database.connect();
    }
    if (this.#waiting.length >= this.#waiting_max) {
      throw new KeymeterError('too_many_queries', `${this.#waiting.length} queries are waiting`, {
        fix: 'ask again in a moment, or ask for a shorter time range',
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  release(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.closeSync();
    this.#open = 0;
  }
}
