import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

interface Chdb {
  Session: new (directory: string) => {
    query(sql: string, format?: string): unknown;
    close(): void;
  };
}

/**
 * chDB: `node chdb.js DIRECTORY DATABASE THREADS` fills one MergeTree table with the statements of
 * chdb.sql and prints its rows. KEYMETER_BENCH_CHDB is where the package was installed.
 */
const [directory, database, threads] = process.argv.slice(2) as [string, string, string];
const require = createRequire(path.join(process.env['KEYMETER_BENCH_CHDB']!, 'package.json'));
const { Session } = require('chdb') as Chdb;
const session = new Session(database);
const sql = readFileSync(process.env['KEYMETER_BENCH_SQL']!, 'utf8')
  .replace('$files', `'${directory}/**/*.json.gz'`)
  .replaceAll('$threads', threads);
for (const statement of sql.split(';\n')) if (statement.trim()) session.query(statement, 'CSV');
const rows = String(session.query('SELECT count() FROM bench.kms_events', 'CSV'));
console.log(JSON.stringify({ rows: Number(rows.trim()) }));
session.close();
