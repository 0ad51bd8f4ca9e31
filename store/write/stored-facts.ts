import type { DuckDBConnection } from '@duckdb/node-api';
import {
  dimensionColumns,
  dimensionIds,
  type Column,
  type DimensionName,
  type Table,
} from '../batch/event-batch.ts';
import { raiseDataVersion } from '../data-version.ts';
import type { Database } from '../database.ts';
import { refuseFatal } from '../fatal.ts';
import { addCallSeconds, foldCallSeconds } from './call-seconds.ts';
import { appendColumns, ordered } from './chunk-append.ts';

/** A row of a dimension as it is stored: its columns by name, facts among them. */
export interface StoredTuple {
  number: number;
  values: Record<string, unknown>;
}

/** A row of `events` whose resource is derived from its encryption context. */
export interface StoredContext {
  row_id: bigint;
  call_no: number;
  encryption_context: string | null;
  resource_arn: string | null;
}

const pageRows = 20_000;

/** What a database derived from facts, page by page, and the ways to put it right. No writer may be open. */
export class StoredFacts {
  readonly #database: Database;
  readonly #connection: DuckDBConnection;

  private constructor(database: Database, connection: DuckDBConnection) {
    this.#database = database;
    this.#connection = connection;
  }

  static async open(database: Database): Promise<StoredFacts> {
    return new StoredFacts(database, await database.connect());
  }

  close(): void {
    this.#connection.closeSync();
  }

  /** The version of the rules that everything stored was derived by; 0 when none is noted. */
  async version(): Promise<number> {
    const [row] = await this.#rows("SELECT value FROM store_state WHERE name = 'rules_version'");
    return Number(row?.['value'] ?? 0);
  }

  /** Rows of a dimension, and those of them that were stored before facts were. */
  async counts(name: DimensionName): Promise<{ tuples: number; without_facts: number }> {
    const [row] = await this.#rows(
      `SELECT count(*) AS tuples, count(*) FILTER (WHERE facts IS NULL) AS without_facts FROM ${name}`,
    );
    return { tuples: Number(row!['tuples']), without_facts: Number(row!['without_facts']) };
  }

  /** All rows of a dimension that have facts, in the order of their numbers. */
  async *tuples(name: DimensionName): AsyncGenerator<StoredTuple[]> {
    const number = dimensionIds[name];
    for (let last = -1; ;) {
      const rows = await this.#rows(
        `SELECT * FROM ${name} WHERE ${number} > ${last} AND facts IS NOT NULL
         ORDER BY ${number} LIMIT ${pageRows}`,
      );
      if (rows.length === 0) return;
      yield rows.map((values) => ({ number: Number(values[number]), values }));
      last = Number(rows.at(-1)![number]);
    }
  }

  /** One event of each call that has a context; or all of them, for the calls of these numbers. */
  async *contexts(calls: readonly number[] | 'one of each'): AsyncGenerator<StoredContext[]> {
    const columns = 'rowid AS row_id, call_no, encryption_context, resource_arn';
    if (calls === 'one of each') {
      const rows = await this.#rows(
        `SELECT ${columns} FROM events WHERE rowid IN
           (SELECT min(rowid) FROM events WHERE encryption_context IS NOT NULL GROUP BY call_no)`,
      );
      yield rows as unknown as StoredContext[];
      return;
    }
    for (let last = -1n; ;) {
      const rows = (await this.#rows(
        `SELECT ${columns} FROM events WHERE rowid > ${last} AND call_no IN (${calls.join(', ')})
         ORDER BY rowid LIMIT ${pageRows}`,
      )) as unknown as StoredContext[];
      if (rows.length === 0) return;
      yield rows;
      last = rows.at(-1)!.row_id;
    }
  }

  /** Puts other columns into rows of a dimension, given in the order of their numbers. */
  async replaceTuples(name: DimensionName, numbers: number[], table: Table): Promise<void> {
    const names = dimensionColumns(name).map((column) => column.name);
    const id = dimensionIds[name];
    const columns: Column[] = [
      { kind: 'integer', data: Int32Array.from(numbers) },
      ...ordered(table, names),
    ];
    await this.#replace(`SELECT * FROM ${name}`, columns, table.rowCount);
    const set = names.map((column) => `${column} = n.${column}`).join(', ');
    await this.#connection.run(
      `UPDATE ${name} SET ${set} FROM replacements AS n WHERE n.${id} = ${name}.${id}`,
    );
  }

  async replaceResources(rows: readonly bigint[], resources: Column): Promise<void> {
    const columns: Column[] = [{ kind: 'bigint', data: BigInt64Array.from(rows) }, resources];
    await this.#replace('SELECT rowid AS row_id, resource_arn FROM events', columns, rows.length);
    await this.#connection.run(
      `UPDATE events SET resource_arn = n.resource_arn FROM replacements AS n
       WHERE events.rowid = n.row_id`,
    );
  }

  async #replace(like: string, columns: Column[], rowCount: number): Promise<void> {
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE replacements AS ${like} LIMIT 0`);
    await appendColumns(this.#connection, 'replacements', columns, rowCount, 'temp');
  }

  /** Counts the calls of each second anew: what they are charged to has changed. */
  async recount(): Promise<void> {
    await this.#connection.run('DELETE FROM call_seconds');
    await addCallSeconds(this.#connection, 'events', 1);
    await foldCallSeconds(this.#connection);
  }

  /** Does all of the work in one transaction, which also notes the version of the rules. */
  async transaction(version: number, work: () => Promise<boolean>): Promise<void> {
    await this.#connection.run('BEGIN');
    try {
      const isChanged = await work();
      await this.#connection.run(
        `INSERT OR REPLACE INTO store_state VALUES ('rules_version', '${version}')`,
      );
      const raised = isChanged ? await raiseDataVersion(this.#connection) : undefined;
      await this.#connection.run('COMMIT');
      if (raised !== undefined) this.#database.dataVersion = raised;
    } catch (error) {
      refuseFatal(error);
      await this.#connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async #rows(sql: string): Promise<Record<string, unknown>[]> {
    const result = await this.#connection.runAndReadAll(sql);
    return result.getRowObjects();
  }
}
