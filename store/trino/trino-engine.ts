import { setTimeout as wait } from 'node:timers/promises';
import { exitCodes, KeymeterError, messageOf } from '../../core/errors.ts';
import { dataVersionSql } from '../data-version.ts';
import type {
  ColumnChunk,
  JsonRow,
  OpenedEngine,
  QueryOptions,
  QueryTable,
  SqlParams,
} from '../engine.ts';
import { parseExactly, valueOf } from './json-values.ts';
import { withLiterals } from './literals.ts';

/** A page of Trino's protocol: https://trino.io/docs/current/develop/client-protocol.html */
interface Page {
  id: string;
  nextUri?: string;
  columns?: { name: string; type: string }[];
  data?: unknown[][];
  error?: { message: string; errorName?: string };
}

export interface TrinoPlace {
  /** Such as `http://127.0.0.1:8080`. */
  url: string;
  catalog: string;
  schema: string;
}

interface ResultPage {
  columns: { name: string; type: string }[];
  rows: unknown[][];
}

const busy_wait_ms = 100;
const busy_waits_max = 600;

/**
 * Trino behind the Engine interface, over its HTTP protocol. (The npm client parses answers with
 * JSON.parse, which rounds integers beyond 2^53, and cannot be aborted.) There are no snapshots: a
 * settlement in the midst of a report can show two states of the lake.
 */
export class TrinoEngine implements OpenedEngine {
  readonly #place: TrinoPlace;

  constructor(place: TrinoPlace) {
    this.#place = place;
  }

  async rows(sql: string, params: SqlParams = {}, options: QueryOptions = {}): Promise<JsonRow[]> {
    return (await this.#collect(withLiterals(sql, params), options)).rows;
  }

  table(sql: string, options: QueryOptions = {}): Promise<QueryTable> {
    return this.#collect(sql.trim().replace(/;$/, ''), options);
  }

  async *stream(
    sql: string,
    params: SqlParams = {},
    options: QueryOptions = {},
  ): AsyncGenerator<ColumnChunk> {
    for await (const { columns, rows } of this.#pages(withLiterals(sql, params), options)) {
      if (rows.length === 0) continue;
      const values = columns.map(({ type }) => valueOf(type));
      yield {
        rowCount: rows.length,
        columns: columns.map((_, i) => rows.map((row) => values[i]!(row[i]))),
      };
    }
  }

  async dataVersion(): Promise<string> {
    const [row] = await this.rows(dataVersionSql);
    return String(row?.['value'] ?? '0');
  }

  close(): void {}

  async #collect(sql: string, options: QueryOptions): Promise<QueryTable> {
    const rows: JsonRow[] = [];
    let names: string[] = [];
    for await (const page of this.#pages(sql, options)) {
      names = page.columns.map(({ name }) => name);
      const values = page.columns.map(({ type }) => valueOf(type));
      for (const row of page.rows) {
        const object: JsonRow = {};
        for (let i = 0; i < names.length; i++) object[names[i]!] = values[i]!(row[i]);
        rows.push(object);
      }
    }
    return { columns: names, rows };
  }

  /** The pages of a result, each fetched when it is asked for. A query that is given up is cancelled. */
  async *#pages(sql: string, options: QueryOptions): AsyncGenerator<ResultPage> {
    const deadline = new AbortController();
    const timer =
      options.deadline_ms === undefined
        ? undefined
        : setTimeout(() => deadline.abort(), options.deadline_ms);
    const signals = [deadline.signal, ...(options.signal ? [options.signal] : [])];
    const signal = AbortSignal.any(signals);
    let next: string | undefined;
    try {
      let page = await this.#ask('POST', `${this.#place.url}/v1/statement`, signal, sql);
      for (;;) {
        next = page.nextUri;
        if (page.error) throw new Error(page.error.message);
        if (page.columns) yield { columns: page.columns, rows: page.data ?? [] };
        if (next === undefined) return;
        page = await this.#ask('GET', next, signal);
      }
    } catch (error) {
      throw this.#failure(sql, error, { late: deadline.signal.aborted, options });
    } finally {
      clearTimeout(timer);
      // Whoever stops early, by a deadline or by leaving a stream, leaves no query behind.
      if (next !== undefined) await this.#cancel(next);
    }
  }

  async #ask(method: string, url: string, signal: AbortSignal, body?: string): Promise<Page> {
    for (let waits = 0; ; waits++) {
      const init: RequestInit = { method, headers: this.#headers(), signal };
      if (body !== undefined) init.body = body;
      const answer = await fetch(url, init);
      // 429 and 5xx: the same request is to be made again.
      const again = answer.status === 429 || (answer.status >= 502 && answer.status <= 504);
      if (again && waits < busy_waits_max) {
        await answer.body?.cancel();
        await wait(busy_wait_ms, undefined, { signal });
        continue;
      }
      const text = await answer.text();
      if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${text.slice(0, 300)}`);
      return parseExactly(text) as Page;
    }
  }

  #headers(): Record<string, string> {
    return {
      'X-Trino-User': process.env['TRINO_USER'] ?? 'keymeter',
      'X-Trino-Source': 'keymeter',
      'X-Trino-Catalog': this.#place.catalog,
      'X-Trino-Schema': this.#place.schema,
      'X-Trino-Time-Zone': 'UTC',
      'Content-Type': 'text/plain; charset=utf-8',
      ...(process.env['TRINO_TOKEN']
        ? { Authorization: `Bearer ${process.env['TRINO_TOKEN']}` }
        : {}),
    };
  }

  async #cancel(uri: string): Promise<void> {
    await fetch(uri, {
      method: 'DELETE',
      headers: this.#headers(),
      signal: AbortSignal.timeout(5_000),
    })
      .then((answer) => answer.body?.cancel())
      .catch(() => undefined);
  }

  #failure(
    sql: string,
    error: unknown,
    { late, options }: { late: boolean; options: QueryOptions },
  ): KeymeterError {
    if (error instanceof KeymeterError) return error;
    if (late) {
      return new KeymeterError('deadline_exceeded', 'the query took longer than its deadline', {
        fix: 'ask for a shorter time range or fewer groups, or raise the deadline',
        cause: error,
      });
    }
    if (options.signal?.aborted) {
      return new KeymeterError('query_aborted', 'the query was given up', {
        fix: 'ask again',
        cause: error,
      });
    }
    if (error instanceof TypeError && error.message === 'fetch failed') {
      return new KeymeterError(
        'engine_unreachable',
        `${this.#place.url}: ${messageOf(error.cause)}`,
        {
          fix: 'start Trino, or name the right host and port with --engine',
          exitCode: exitCodes.failed,
          cause: error,
        },
      );
    }
    return new KeymeterError(
      'query_failed',
      `${messageOf(error)} in query: ${sql.slice(0, 2_000)}`,
      {
        fix: 'run the statements of `keymeter lake tables --for trino` first; a fault beyond that is one of keymeter',
        cause: error,
      },
    );
  }
}

/** `//host:port/catalog/schema` of an address; null when it is none. */
export function trinoPlace(rest: string, secure: boolean): TrinoPlace | null {
  const match = /^\/\/([^/\s@]+)\/([A-Za-z0-9_]+)\/([A-Za-z0-9_]+)\/?$/.exec(rest);
  if (!match) return null;
  const [, host, catalog, schema] = match;
  return { url: `${secure ? 'https' : 'http'}://${host}`, catalog: catalog!, schema: schema! };
}
