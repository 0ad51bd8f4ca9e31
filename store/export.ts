import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from './database.ts';
import type { SqlParams } from './engine.ts';
import type { Exportable } from './exportable.ts';
import { bindValue } from './duckdb/values.ts';

export interface ExportFilter {
  from?: Date | undefined;
  to?: Date | undefined;
  account?: string | undefined;
  region?: string | undefined;
}

/** SELECT of a relation's rows that a filter keeps; null columns means all. Values are bound. */
export function exportSql(
  relation: Exportable,
  filter: ExportFilter,
  columns: readonly string[] | null,
): { sql: string; params: SqlParams } {
  const { name, time_column, account_column } = relation;
  const conditions = [
    filter.from ? `${time_column} >= $from` : null,
    filter.to ? `${time_column} < $to` : null,
    filter.account === undefined ? null : `${account_column} = $account`,
    filter.region === undefined ? null : 'region = $region',
  ].filter((condition) => condition !== null);
  const selected = columns === null ? '*' : columns.map(identifier).join(', ');
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
  const { from, to, account, region } = filter;
  return { sql: `SELECT ${selected} FROM ${name}${where}`, params: { from, to, account, region } };
}

/**
 * Writes a relation to a Parquet file (zstd), or with `byDay` to a directory of one folder a day
 * (`day=2026-10-05/`). DuckDB streams: memory does not grow with the rows. Gives the number of rows.
 */
export async function exportParquet(
  database: Database,
  relation: Exportable,
  filter: ExportFilter,
  options: { out: string; columns: readonly string[] | null; byDay: boolean },
): Promise<number> {
  const { sql, params } = exportSql(relation, filter, options.columns);
  const day = `strftime(${relation.time_column}, '%Y-%m-%d') AS day`;
  const select = options.byDay ? sql.replace(/^SELECT /, `SELECT ${day}, `) : sql;
  const partition = options.byDay ? ', PARTITION_BY (day)' : '';
  const target = options.out.replaceAll("'", "''");
  const connection = await database.connect();
  try {
    const uuids = (await uuidColumns(connection, relation.name)).filter(
      (name) => options.columns === null || options.columns.includes(name),
    );
    const named = Object.entries(params).filter(([name]) => select.includes(`$${name}`));
    const bound = named.map(([name, value]) => [name, bindValue(value ?? null)] as const);
    // COPY takes no parameter for its target.
    const result = await connection.run(
      `COPY (${withTextIds(select, uuids)}) TO '${target}' (FORMAT parquet, COMPRESSION zstd${partition})`,
      Object.fromEntries(bound.map(([name, [value]]) => [name, value])),
      Object.fromEntries(bound.map(([name, [, type]]) => [name, type])),
    );
    const rows = await result.getRows();
    return Number(rows[0]?.[0] ?? 0);
  } finally {
    connection.closeSync();
  }
}

/** Names of a relation's UUID columns. */
async function uuidColumns(connection: DuckDBConnection, relation: string): Promise<string[]> {
  const described = await connection.runAndReadAll(`DESCRIBE ${relation}`);
  return described.getRows().flatMap(([name, type]) => (type === 'UUID' ? [String(name)] : []));
}

/** Ids as text: Parquet's UUID is 16 bytes, which other engines read into a text column as they are. */
function withTextIds(select: string, uuids: readonly string[]): string {
  if (uuids.length === 0) return select;
  const texts = uuids.map((name) => `CAST(${identifier(name)} AS VARCHAR) AS ${identifier(name)}`);
  return `SELECT * REPLACE (${texts.join(', ')}) FROM (${select})`;
}

const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
