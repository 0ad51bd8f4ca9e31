import { type DuckDBConnection, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';
import { KeymeterError, messageOf } from '../core/errors.ts';
import type { Database } from './database.ts';
import { kmsEventColumns } from './relations.ts';
import { parameterNames, withoutComments } from './sql-text.ts';
import { callsPerSecondSql, chargedCallsSql, kmsEventsSql } from './views.ts';
import { bindValue, jsonValue } from './values.ts';

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

interface ResultChunk {
  names: readonly string[];
  types: readonly DuckDBType[];
  rowCount: number;
  columns: readonly (readonly DuckDBValue[])[];
}

/** What analyses read through; another engine implements the same three calls. */
export interface Engine {
  rows(sql: string, params?: SqlParams, options?: QueryOptions): Promise<JsonRow[]>;
  /** The result in chunks, in order, with bounded memory. */
  stream(sql: string, params?: SqlParams, options?: QueryOptions): AsyncGenerator<ColumnChunk>;
  /** Changes with every commit; for ETags. */
  dataVersion(): Promise<string>;
}

const contractNames = new Set<string>(kmsEventColumns.map((column) => column.name));

/** The contract columns that a query's own words name (a superset of those it reads). */
export function namedColumns(commented: string): ReadonlySet<string> | null {
  const sql = withoutComments(commented);
  const words = sql.match(/[A-Za-z_][A-Za-z_0-9]*/g) ?? [];
  const selects = sql.replaceAll(/count\s*\(\s*\*\s*\)/gi, '');
  if (/(?:SELECT|,)\s*\*[^()]*\bFROM\s+kms_events\b/i.test(selects)) return null;
  const aliases = [...selects.matchAll(/\bkms_events\s+(?:AS\s+)?([a-z_]\w*)/gi)].map((m) => m[1]!);
  if ([...aliases, 'kms_events'].some((name) => selects.includes(`${name}.*`))) return null;
  return new Set(words.map((word) => word.toLowerCase()).filter((word) => contractNames.has(word)));
}

/** DuckDB behind the Engine interface: a few connections, one query at a time on each. */
export class DuckDbEngine implements Engine {
  readonly #database: Database;
  readonly #idle: DuckDBConnection[] = [];
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = [];
  #open = 0;
  readonly #connections_max: number;
  readonly #waiting_max: number;

  constructor(database: Database, options: { connections?: number; waiting?: number } = {}) {
    this.#database = database;
    this.#connections_max = options.connections ?? 2;
    this.#waiting_max = options.waiting ?? 64;
  }

  async rows(sql: string, params: SqlParams = {}, options: QueryOptions = {}): Promise<JsonRow[]> {
    const { rows } = await this.#collect(sql, params, options, namedColumns(sql));
    return rows;
  }

  /** Rows and column names of any query, over all columns of kms_events. */
  table(sql: string, options: QueryOptions = {}): Promise<{ columns: string[]; rows: JsonRow[] }> {
    return this.#collect(sql, {}, options, null);
  }

  async #collect(
    sql: string,
    params: SqlParams,
    options: QueryOptions,
    only: ReadonlySet<string> | null,
  ): Promise<{ columns: string[]; rows: JsonRow[] }> {
    const rows: JsonRow[] = [];
    let names: readonly string[] = [];
    for await (const result of this.#chunks(sql, params, options, only)) {
      names = result.names;
      for (let row = 0; row < result.rowCount; row++) {
        const object: JsonRow = {};
        for (let i = 0; i < names.length; i++) {
          object[names[i]!] = jsonValue(result.columns[i]![row]!, result.types[i]!);
        }
        rows.push(object);
      }
    }
    return { columns: [...names], rows };
  }

  async *stream(
    sql: string,
    params: SqlParams = {},
    options: QueryOptions = {},
  ): AsyncGenerator<ColumnChunk> {
    for await (const result of this.#chunks(sql, params, options, namedColumns(sql))) {
      if (result.rowCount === 0) continue;
      yield {
        rowCount: result.rowCount,
        columns: result.columns.map((values, i) =>
          values.map((value) => jsonValue(value, result.types[i]!)),
        ),
      };
    }
  }

  /**
   * The result's chunks; the last one is empty (so that names are known without rows). Views and query
   * see one snapshot: a commit in between could unfold the per-second counts.
   */
  async *#chunks(
    sql: string,
    params: SqlParams,
    options: QueryOptions,
    only: ReadonlySet<string> | null,
  ): AsyncGenerator<ResultChunk> {
    const connection = await this.#acquire();
    const guard = interruptible(connection, options);
    try {
      guard.check();
      await connection.run('BEGIN');
      await narrowViews(connection, sql, only);
      const result = await connection.stream(sql, ...bindings(sql, params));
      const names = result.deduplicatedColumnNames();
      const types = result.columnTypes();
      for (;;) {
        const chunk = await result.fetchChunk();
        const rowCount = chunk?.rowCount ?? 0;
        yield { names, types, rowCount, columns: chunk && rowCount > 0 ? chunk.getColumns() : [] };
        if (rowCount === 0) break;
      }
    } catch (error) {
      throw queryError(sql, error, guard.reason());
    } finally {
      guard.release();
      await connection.run('ROLLBACK').catch(() => undefined);
      this.#release(connection);
    }
  }

  async dataVersion(): Promise<string> {
    const rows = await this.rows("SELECT value FROM store_state WHERE name = 'data_version'");
    return String(rows[0]?.['value'] ?? '0');
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.closeSync();
    this.#open = 0;
  }

  async #acquire(): Promise<DuckDBConnection> {
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

  #release(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }
}

/** Gives this connection a kms_events with only the dimensions that the query names. */
async function narrowViews(
  connection: DuckDBConnection,
  sql: string,
  only: ReadonlySet<string> | null,
): Promise<void> {
  if (/\bkms_events\b/i.test(sql)) {
    const body = kmsEventsSql(only);
    await connection.run(`CREATE OR REPLACE TEMP VIEW kms_events AS ${body}`);
  }
  if (/\bcharged_calls\b/i.test(sql)) {
    const body = chargedCallsSql(only);
    await connection.run(`CREATE OR REPLACE TEMP VIEW charged_calls AS ${body}`);
  }
  if (/\bcalls_per_second\b/i.test(sql)) {
    const state = await connection.runAndReadAll(
      "SELECT value FROM main.store_state WHERE name = 'call_seconds_folded'",
    );
    const folded = state.getRows()[0]?.[0] === 'true';
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW calls_per_second AS ${callsPerSecondSql(folded)}`,
    );
  }
}

/** Only the parameters that the statement names: DuckDB refuses others. */
function bindings(
  sql: string,
  params: SqlParams,
): [Record<string, DuckDBValue>, Record<string, DuckDBType>] {
  const values: Record<string, DuckDBValue> = {};
  const types: Record<string, DuckDBType> = {};
  for (const name of parameterNames(sql)) {
    const [value, type] = bindValue(params[name] ?? null);
    values[name] = value;
    types[name] = type;
  }
  return [values, types];
}

/** Interrupts the query at its deadline or on abort, and never the query after it. */
function interruptible(connection: DuckDBConnection, options: QueryOptions) {
  let active = true;
  let why: string | null = null;
  // Given up while it waited for a connection: an abort listener would never hear of it.
  if (options.signal?.aborted) why = 'abort';
  const stop = (reason: string) => {
    if (!active) return;
    why = reason;
    connection.interrupt();
  };
  const timer =
    options.deadline_ms === undefined
      ? undefined
      : setTimeout(() => stop('deadline'), options.deadline_ms);
  const onAbort = () => stop('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  return {
    /** Throws when the query was given up before it started. */
    check: () => options.signal?.throwIfAborted(),
    reason: () => why,
    release: () => {
      active = false;
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
    },
  };
}

function queryError(sql: string, error: unknown, interrupted: string | null): Error {
  if (interrupted === 'deadline') {
    return new KeymeterError('deadline_exceeded', 'the query took longer than its deadline', {
      fix: 'ask for a shorter time range or fewer groups, or raise the deadline',
      cause: error,
    });
  }
  if (interrupted === 'abort') {
    return new KeymeterError('query_aborted', 'the query was given up', {
      fix: 'ask again',
      cause: error,
    });
  }
  if (error instanceof KeymeterError) return error;
  return new KeymeterError('query_failed', `${messageOf(error)} in query: ${sql.slice(0, 2_000)}`, {
    fix: 'this is a fault of keymeter or a damaged database; report it with this message',
    cause: error,
  });
}
