import { statSync } from 'node:fs';
import type { DuckDBValue } from '@duckdb/node-api';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import type { JsonRow } from './engine.ts';
import { jsonValue } from './duckdb/values.ts';
import { DuckDBInstance } from './duckdb/package.ts';

const rows_max = 1_000_000;
/** Enough for a month of a large bill; sorting and grouping beyond it is refused, not swapped. */
const memory_limit = '1GB';

/**
 * Queries one CSV (.csv, .csv.gz) or Parquet file as the relation `input`: in an own in-memory
 * instance, because the database's instance must never read files that a query names. CSV columns are
 * text. `queryOf` gets the column names and returns the SELECT. Throws KeymeterError table_unreadable or
 * table_too_large.
 */
export async function readTable(
  file: string,
  queryOf: (columns: readonly string[]) => string,
): Promise<JsonRow[]> {
  const source = sourceOf(file);
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit,
    threads: '2',
    autoinstall_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    await connection.run(`CREATE VIEW input AS SELECT * FROM ${source}`);
    const described = await connection.runAndReadAll('DESCRIBE input');
    const columns = described.getRows().map((row) => String(row[0]));
    const result = await connection.stream(queryOf(columns));
    const names = result.deduplicatedColumnNames();
    const types = result.columnTypes();
    const rows: JsonRow[] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) break;
      const values = chunk.getColumns();
      for (let row = 0; row < chunk.rowCount; row++) {
        if (rows.length >= rows_max) throw tooLarge(file);
        rows.push(
          Object.fromEntries(
            names.map((name, i) => [name, jsonValue(values[i]![row] as DuckDBValue, types[i]!)]),
          ),
        );
      }
    }
    connection.closeSync();
    return rows;
  } catch (error) {
    if (error instanceof KeymeterError) throw error;
    throw new KeymeterError('table_unreadable', `cannot read ${file}: ${messageOf(error)}`, {
      fix: 'give a CSV (.csv, .csv.gz) or Parquet (.parquet) file with a header',
      exitCode: exitCodes.usage,
      cause: error,
    });
  } finally {
    instance.closeSync();
  }
}

function sourceOf(file: string): string {
  try {
    if (!statSync(file).isFile()) throw new Error('it is no file');
  } catch (error) {
    throw new KeymeterError('table_unreadable', `cannot read ${file}: ${messageOf(error)}`, {
      fix: 'name an existing file',
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  // A glob in the name would read other files, too.
  const literal = `'${file.replaceAll("'", "''").replaceAll(/[*?[\]]/g, (sign) => `[${sign}]`)}'`;
  if (/\.parquet$/i.test(file)) return `read_parquet(${literal})`;
  return `read_csv(${literal}, all_varchar = true, header = true, max_line_size = 4194304)`;
}

const tooLarge = (file: string) =>
  new KeymeterError('table_too_large', `${file} gives more than ${rows_max} rows`, {
    fix: 'export fewer months or accounts at once',
    exitCode: exitCodes.usage,
  });
