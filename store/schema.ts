import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { KeymeterError, messageOf } from '../core/errors.ts';
import { DuckDBInstance } from './duckdb/package.ts';
import { viewsSql } from './views.ts';

/** Raised by one when schema.sql changes after a release; a database from a newer keymeter is refused. */
export const schemaVersion = 2;

/** SHA-256 of schema.sql; `npx vitest run test/store/schema.test.ts` prints the new one and what to do. */
export const schemaSha256 = '3fe1c9163c389b1ecda81448c9540f685d86fe29a0bb40b672c5de4d5bd7e5da';

/**
 * What brings a database of an earlier version to this one, beyond what `addedSql` finds by itself:
 * tables that are missing, and columns that may be null and come last in their table. Each statement
 * must also be harmless when it runs twice.
 */
const changes: readonly { to: number; sql: readonly string[] }[] = [{ to: 2, sql: [] }];

/** Creates tables and views in an empty database. */
export function createSchema(connection: DuckDBConnection): Promise<void> {
  return inTransaction(connection, [schemaSql(), ...viewsSql(), stampSql]);
}

/** The version of a database: null when it has no table at all, 0 when it is not keymeter's. */
export async function versionOf(connection: DuckDBConnection): Promise<number | null> {
  const result = await connection.runAndReadAll(
    `SELECT table_name FROM information_schema.tables
     WHERE table_schema = 'main' AND table_type = 'BASE TABLE'`,
  );
  const tables = result.getRows().map((row) => String(row[0]));
  if (tables.length === 0) return null;
  if (!tables.includes('keymeter_schema')) return 0;
  const version = await connection.runAndReadAll('SELECT max(version) FROM keymeter_schema');
  return Number(version.getRows()[0]?.[0] ?? 0);
}

/** Whether the tables are those of schema.sql as it is now: a version is not raised for each change of a day. */
export async function isCurrent(connection: DuckDBConnection): Promise<boolean> {
  const result = await connection
    .runAndReadAll("SELECT value FROM store_state WHERE name = 'schema_sha256'")
    .catch(() => null);
  return result?.getRows()[0]?.[0] === schemaSha256;
}

/**
 * Brings an older database to this version in one transaction. Afterwards its tables are compared with
 * those of a new database; when they differ nothing was changed.
 * Throws KeymeterError database_older.
 */
export async function migrate(
  connection: DuckDBConnection,
  { file, from }: { file: string; from: number },
): Promise<void> {
  const fresh = await inMemory(columnsOf);
  await connection.run('BEGIN');
  try {
    await connection.run(missingTablesSql());
    for (const sql of addedSql(await columnsOf(connection), fresh)) await connection.run(sql);
    for (const { to, sql } of changes)
      if (to >= from) for (const statement of sql) await connection.run(statement);
    const differences = differencesOf(await columnsOf(connection), fresh);
    if (differences.length > 0) throw new Error(differences.slice(0, 5).join('; '));
    await connection.run([...viewsSql(), stampSql].join(';\n'));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw new KeymeterError(
      'database_older',
      `${file} has schema ${from} and cannot be brought to schema ${schemaVersion}: ${messageOf(error)}`,
      {
        fix: 'it is unchanged; ingest the trail again into a new file with --db',
        cause: error,
      },
    );
  }
}

const schemaSql = () => readFileSync(new URL('./schema.sql', import.meta.url), 'utf8');

const stampSql = `INSERT INTO keymeter_schema VALUES (${schemaVersion}, now()::TIMESTAMP);
  INSERT OR REPLACE INTO store_state VALUES ('schema_sha256', '${schemaSha256}')`;

async function inTransaction(connection: DuckDBConnection, sql: readonly string[]): Promise<void> {
  await connection.run('BEGIN');
  try {
    await connection.run(sql.join(';\n'));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** schema.sql for a database that has some of it. */
function missingTablesSql(): string {
  return schemaSql()
    .replaceAll(/^CREATE TABLE /gm, 'CREATE TABLE IF NOT EXISTS ')
    .replaceAll(/^INSERT INTO /gm, 'INSERT OR IGNORE INTO ');
}

interface Column {
  table: string;
  name: string;
  type: string;
  nullable: boolean;
}

/** Columns of all tables in the order in which rows are appended. */
export async function columnsOf(connection: DuckDBConnection): Promise<Column[]> {
  const result = await connection.runAndReadAll(
    `SELECT c.table_name, c.column_name, c.data_type, c.is_nullable FROM duckdb_columns() AS c
     JOIN duckdb_tables() AS t USING (database_name, schema_name, table_name)
     WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT t.temporary
     ORDER BY c.table_name, c.column_index`,
  );
  return result.getRows().map(([table, name, type, nullable]) => ({
    table: String(table),
    name: String(name),
    type: String(type),
    nullable: Boolean(nullable),
  }));
}

/** ALTER TABLE for columns that a new database has and this one lacks, where they may be null. */
function addedSql(present: readonly Column[], fresh: readonly Column[]): string[] {
  const known = new Set(present.map(({ table, name }) => `${table}.${name}`));
  return fresh
    .filter(({ table, name, nullable }) => nullable && !known.has(`${table}.${name}`))
    .map(({ table, name, type }) => `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
}

/** What a migrated database has otherwise than a new one, in words. */
function differencesOf(present: readonly Column[], fresh: readonly Column[]): string[] {
  const words = ({ table, name, type, nullable }: Column) =>
    `${table}.${name} ${type}${nullable ? '' : ' NOT NULL'}`;
  const tables = [...new Set(fresh.map(({ table }) => table))];
  return tables.flatMap((table) => {
    const of = (columns: readonly Column[]) =>
      columns.filter((column) => column.table === table).map(words);
    const [is, should] = [of(present), of(fresh)];
    const at = should.findIndex((column, i) => column !== is[i]);
    if (at >= 0) return [`${should[at]} is ${is[at] ?? 'missing'}`];
    return is.length > should.length ? [`${is[should.length]} is unknown`] : [];
  });
}

/** The work on a new database in memory. */
async function inMemory<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(schemaSql());
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
