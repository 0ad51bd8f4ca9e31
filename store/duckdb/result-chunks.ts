import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { KeymeterError, messageOf } from '../../core/errors.ts';
import type { QueryOptions, SqlParams } from '../engine.ts';
import { parameterNames } from '../sql-text.ts';
import { bindValue } from './values.ts';
import { callsPerSecondSql, chargedCallsSql, kmsEventsSql, relatedEventsSql } from '../views.ts';

/** A chunk of a result, column by column. */
export interface ResultChunk {
  names: readonly string[];
  types: readonly DuckDBType[];
  rowCount: number;
  columns: readonly (readonly DuckDBValue[])[];
}

export interface Query {
  sql: string;
  params: SqlParams;
  options: QueryOptions;
  /** Columns of kms_events that the query names; null means all. */
  only: ReadonlySet<string> | null;
}

/**
 * The result's chunks; with `narrows` each query gets views of the columns that it names.
 * the last one is empty (so that names are known without rows). Runs inside the
 * connection's open transaction, so that views and query see one snapshot: a commit in between could
 * unfold the per-second counts.
 */
export async function* resultChunks(
  connection: DuckDBConnection,
  { sql, params, options, only }: Query,
  narrows: boolean,
): AsyncGenerator<ResultChunk> {
  const guard = interruptible(connection, options);
  try {
    guard.check();
    if (narrows) await narrowViews(connection, sql, only);
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
  }
}

const narrowed = /\b(?:kms_events|charged_calls|calls_per_second|related_events)\b/i;

/** Whether a query reads views that are made for it: those and the query need one transaction. */
export const needsViews = (sql: string): boolean => narrowed.test(sql);

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
  if (/\brelated_events\b/i.test(sql)) {
    const withObject = only === null || /\bobject_id\b|\*/.test(sql);
    const body = relatedEventsSql(withObject);
    await connection.run(`CREATE OR REPLACE TEMP VIEW related_events AS ${body}`);
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
      fix: 'ask for a shorter time range, or give a longer --deadline',
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
