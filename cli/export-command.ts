import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { Argument, Command, Option } from 'commander';
import { csvOf } from '../formats/csv.ts';
import { openDatabase, type Database } from '../store/database.ts';
import type { OpenedEngine } from '../store/engine.ts';
import { engineOver } from '../store/open-engine.ts';
import { exportParquet, exportSql, type ExportFilter } from '../store/export.ts';
import { exportables, type Exportable } from '../store/exportable.ts';
import { writeOpenMetrics } from './export-openmetrics.ts';
import { instantFlag, usageError } from './usage-error.ts';

const exportFormats = ['parquet', 'csv', 'ndjson', 'openmetrics'] as const;

interface ExportFlags {
  db: string;
  out?: string;
  format: (typeof exportFormats)[number];
  from?: string;
  to?: string;
  account?: string;
  region?: string;
  columns?: string;
  partitionBy?: 'day';
}

/** `keymeter export`: a whole relation, streamed, for other engines. */
export function exportCommand(): Command {
  return new Command('export')
    .addArgument(
      new Argument(
        '[relation]',
        'which (default: kms_events; calls_per_second as openmetrics)',
      ).choices(exportables.map(({ name }) => name)),
    )
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option('--out <path>', 'file to write (directory with --partition-by); not needed for text')
    .addOption(new Option('--format <format>').choices(exportFormats).default('parquet'))
    .option('--from <instant>', 'only rows from this instant on (ISO, or 7d ago)')
    .option('--to <instant>', 'only rows before this instant')
    .option('--account <id>', 'only this account')
    .option('--region <region>', 'only this Region')
    .option('--columns <list>', 'these columns, comma-separated')
    .addOption(new Option('--partition-by <what>', 'a folder for each day').choices(['day']))
    .addHelpText(
      'after',
      `
Examples:
  keymeter export --out kms_events.parquet
  keymeter export kms_events --partition-by day --out lake/kms_events
  keymeter export calls_per_second --format csv --from 7d --out seconds.csv
  keymeter export kms_events --format ndjson --columns event_time,operation,key_arn
  keymeter export --format openmetrics --out kms.om   (docs/dashboards.md)

Relations:
${exportables.map(({ name, description }) => `  ${name.padEnd(18)}${description}`).join('\n')}`,
    )
    .action(async (given: string | undefined, flags: ExportFlags) => {
      const name = given ?? (flags.format === 'openmetrics' ? openMetricsRelation : 'kms_events');
      const relation = exportables.find((one) => one.name === name)!;
      checkFlags(name, flags);
      const database = await openDatabase(flags.db, { readOnly: true });
      try {
        const rows = await exportRelation(database, relation, flags);
        if (flags.out) process.stderr.write(`${rows} rows written to ${flags.out}\n`);
      } finally {
        database.close();
      }
    });
}

/** What has a value for each minute. */
const openMetricsRelation = 'calls_per_second';

function checkFlags(name: string, flags: ExportFlags): void {
  if (flags.format === 'openmetrics' && (name !== openMetricsRelation || flags.columns)) {
    throw usageError(
      'bad_option',
      flags.columns
        ? '--columns does not go with --format openmetrics'
        : `${name} cannot be written as openmetrics`,
      `only ${openMetricsRelation} can, with all its columns: leave the relation and --columns out`,
    );
  }
  if (flags.format === 'parquet' && !flags.out) {
    throw usageError('out_needed', 'Parquet is no text for a terminal', 'name a file with --out');
  }
  if (flags.partitionBy === undefined) return;
  if (flags.format !== 'parquet') {
    throw usageError('bad_option', '--partition-by goes with Parquet', 'leave --format out');
  }
  if (existsSync(flags.out!) && readdirSync(flags.out!).length > 0) {
    throw usageError(
      'out_not_empty',
      `${flags.out} is not empty: old and new rows would mix`,
      'name a new directory with --out',
    );
  }
}

async function exportRelation(
  database: Database,
  relation: Exportable,
  flags: ExportFlags,
): Promise<number> {
  const { account, region, out } = flags;
  const filter: ExportFilter = {
    from: instantFlag('--from', flags.from),
    to: instantFlag('--to', flags.to),
    account,
    region,
  };
  const engine = engineOver(database);
  try {
    const columns = await columnsOf(engine, relation, flags.columns);
    if (flags.format === 'parquet') {
      const byDay = flags.partitionBy === 'day';
      if (byDay)
        return await exportParquet(database, relation, filter, { out: out!, columns, byDay });
      return await renamed(out!, (part) =>
        exportParquet(database, relation, filter, { out: part, columns, byDay }),
      );
    }
    const format = flags.format;
    const write = (to: Writable) =>
      format === 'openmetrics'
        ? writeOpenMetrics(engine, relation, filter, (text) => put(to, text))
        : writeText(engine, relation, filter, columns, format, to);
    if (!out) return await write(process.stdout);
    return await renamed(out, async (part) => {
      const file = createWriteStream(part);
      const rows = await write(file);
      file.end();
      await once(file, 'close');
      return rows;
    });
  } finally {
    engine.close();
  }
}

/** All columns of the relation, or those that were named; throws usage error unknown_column. */
async function columnsOf(
  engine: OpenedEngine,
  relation: Exportable,
  list: string | undefined,
): Promise<string[]> {
  const { columns } = await engine.table(`SELECT * FROM ${relation.name} LIMIT 0`);
  if (list === undefined) return columns;
  const wanted = list.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !columns.includes(name));
  if (unknown.length === 0) return wanted;
  throw usageError(
    'unknown_column',
    `${relation.name} has no column ${unknown.join(', ')}`,
    `its columns: ${columns.join(', ')}`,
  );
}

/** A file appears under its name only when it is whole. */
async function renamed(out: string, write: (part: string) => Promise<number>): Promise<number> {
  const part = `${out}.part`;
  try {
    const rows = await write(part);
    renameSync(part, out);
    return rows;
  } finally {
    rmSync(part, { force: true });
  }
}

async function writeText(
  engine: OpenedEngine,
  relation: Exportable,
  filter: ExportFilter,
  columns: readonly string[],
  format: 'csv' | 'ndjson',
  to: Writable,
): Promise<number> {
  const { sql, params } = exportSql(relation, filter, columns);
  let count = 0;
  if (format === 'csv') await put(to, csvOf(columns, []));
  for await (const chunk of engine.stream(sql, params)) {
    const rows = Array.from({ length: chunk.rowCount }, (_, row) =>
      Object.fromEntries(columns.map((name, i) => [name, chunk.columns[i]![row]])),
    );
    count += rows.length;
    await put(to, format === 'csv' ? withoutHeader(columns, rows) : ndjsonOf(rows));
  }
  return count;
}

/** The rows of csvOf, whose first line is the header. */
function withoutHeader(columns: readonly string[], rows: readonly Record<string, unknown>[]) {
  const header = csvOf(columns, []);
  return csvOf(columns, rows).slice(header.length);
}

const ndjsonOf = (rows: readonly unknown[]) =>
  rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Waits while the reader is slow, so that a large export does not pile up in memory. */
async function put(to: Writable, text: string): Promise<void> {
  if (!to.write(text)) await once(to, 'drain');
}
