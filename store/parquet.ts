import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JsonRow } from './engine.ts';
import { DuckDBInstance, VARCHAR } from './duckdb/package.ts';

/**
 * Writes rows to a Parquet file (zstd), types as DuckDB reads them from JSON. An in-memory instance of
 * its own does it: the database's file is not touched.
 */
export async function writeParquet(
  file: string,
  columns: readonly string[],
  rows: readonly JsonRow[],
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keymeter-parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const lines = path.join(folder, 'rows.ndjson');
    writeFileSync(lines, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const selected = columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ');
    const source =
      rows.length > 0
        ? `SELECT ${selected} FROM read_json($lines, format = 'newline_delimited', sample_size = -1)`
        : `SELECT ${columns.map((name) => `CAST(NULL AS VARCHAR) AS "${name.replaceAll('"', '""')}"`).join(', ')} WHERE false`;
    await connection.run(
      `CREATE TEMP TABLE result AS ${source}`,
      rows.length > 0 ? { lines } : {},
      rows.length > 0 ? { lines: VARCHAR } : {},
    );
    // COPY takes no parameter for its target.
    await connection.run(
      `COPY result TO '${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}
