import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/**
 * Plain DuckDB: `node duckdb.js DIRECTORY DATABASE THREADS` makes one table of the contract's columns
 * with one statement (duckdb.sql) and prints its rows.
 */
const [directory, database, threads] = process.argv.slice(2) as [string, string, string];
const sql = readFileSync(process.env['KEYMETER_BENCH_SQL']!, 'utf8');
const instance = await DuckDBInstance.create(database, {
  threads,
  preserve_insertion_order: 'false',
});
const connection = await instance.connect();
await connection.run(sql.replace('$files', `'${directory}/**/*.json.gz'`));
const rows = await connection.runAndReadAll('SELECT count(*) FROM kms_events');
console.log(JSON.stringify({ rows: Number(rows.getRows()[0]![0]) }));
connection.closeSync();
instance.closeSync();
