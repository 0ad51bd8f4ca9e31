import { createMacrosSql } from '../../store/macros.ts';
import type { Engine } from '../../store/engine.ts';
import { kmsEventColumns } from '../../store/relations.ts';
import { cell, fenced, made, table } from './markdown.ts';

/** Relations beside kms_events that a query may read, and what a row of each is. */
const relations: readonly (readonly [name: string, meaning: string])[] = [
  [
    'calls_per_second',
    'Calls of one second, caller account, Region and request quota (and custom key store). Always the same as the sum over `quota_charges`; keeps peaks fast.',
  ],
  [
    'quota_charges',
    'One row for each counted call and quota it is charged to; a call can be charged to two.',
  ],
  ['charged_calls', '`quota_charges` with the columns of the call.'],
  [
    'related_events',
    'Events of other services that explain KMS events: reference/related-events.json says which.',
  ],
  [
    'ingest_objects',
    'The ledger: one row for each object ever looked at. `records_total = non_kms + inserted + duplicate + rejected`.',
  ],
  ['ingest_rejects', 'Records that were refused, with the reason.'],
  ['ingest_retries', 'Objects that failed for a passing reason and wait for the next run.'],
  ['ingest_runs', 'One row for each ingest.'],
  [
    'verified_hours',
    'What `keymeter verify --db` proved: one row for each digest period (and stretch without a digest) of an account, Region and trail; a later run replaces the rows of its range.',
  ],
];

/** What each macro means, by its name; all bear the names of Trino. */
const macros: Readonly<Record<string, string>> = {
  json_extract_scalar: 'the scalar at a JSON path, as text',
  to_unixtime: 'seconds since the epoch',
  from_unixtime: 'the instant of seconds since the epoch',
  json_size: 'how many members the object at a JSON path has',
  sequence: 'the list from first to last by step, both included',
  day_of_week: 'day of the week, 1 = Monday to 7 = Sunday',
};

/** docs/sql.md: relations, columns and macros as they are. */
export async function sqlPage(engine: Engine): Promise<string> {
  const parts = [
    made,
    '# SQL over the database',
    '`keymeter sql` runs one read-only query on your own database file; the API never runs any. `keymeter export` writes whole relations for other engines.',
    fenced(
      'sh',
      `keymeter sql "SELECT operation, count(*) AS calls FROM kms_events WHERE counted GROUP BY operation ORDER BY calls DESC"
keymeter sql "SELECT second, offered, throttled FROM calls_per_second ORDER BY offered DESC LIMIT 10" --format csv
keymeter export kms_events --out kms_events.parquet`,
    ),
    '`counted` is true for exactly one event of each action: filter by it for rates, quotas and prices; leave it out for first and last use. Times are UTC, whole seconds.',
    '## kms_events',
    'One row for each KMS event. These names are the contract: analyses, exports and other engines see the same.',
    table(
      ['Column', 'Type', 'Meaning'],
      kmsEventColumns.map((column) => [
        `\`${column.name}\``,
        column.type,
        cell(column.description),
      ]),
    ),
  ];
  for (const [name, meaning] of relations) {
    const columns = await engine.rows(
      `SELECT column_name, data_type FROM information_schema.columns
       WHERE table_schema = 'main' AND table_name = $name ORDER BY ordinal_position`,
      { name },
    );
    if (columns.length === 0) throw new Error(`there is no relation ${name}`);
    parts.push(
      `## ${name}`,
      meaning,
      table(
        ['Column', 'Type'],
        columns.map((column) => [`\`${column['column_name']}\``, String(column['data_type'])]),
      ),
    );
  }
  parts.push(
    '## Functions',
    'Analysis SQL stays in what DuckDB and Trino both accept. Where their names differ, a DuckDB macro has the name that Trino uses:',
    table(
      ['Macro', 'Meaning', 'In DuckDB'],
      createMacrosSql.map((sql) => {
        const [, name, params, body] = /MACRO (\w+)\(([^)]*)\) AS (.*)$/s.exec(sql)!;
        const meaning = macros[name!];
        if (!meaning) throw new Error(`the macro ${name} has no meaning in cli/docs/sql-page.ts`);
        return [`\`${name}(${params})\``, meaning, `\`${cell(body!)}\``];
      }),
    ),
  );
  return `${parts.join('\n\n')}\n`;
}
