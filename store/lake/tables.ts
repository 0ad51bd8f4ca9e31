import { exitCodes, KeymeterError } from '../../core/errors.ts';
import type { LakeFiles } from './lake-files.ts';
import {
  contractColumns,
  lakeRelations,
  lakeViews,
  type LakeColumn,
  type LakeRelation,
} from './layout.ts';
import type { Current } from './manifests.ts';

/** Engines that `keymeter lake tables` writes statements for. */
export const tableEngines = ['trino', 'athena'] as const;
export type TableEngine = (typeof tableEngines)[number];

export interface TableNames {
  /** Trino: the catalog of the Hive connector. */
  catalog: string;
  /** The schema, or Athena's database. */
  schema: string;
  /** How the engine addresses the lake, such as `s3://bucket/lake` or `local:///lake`. */
  location: string;
}

const stored = (relation: LakeRelation) => `stored_${relation.name}`;

/**
 * The statements that show a settled lake to another engine. They may be run again after each settlement:
 * what a reader sees changes with one statement a relation, from one whole state of it to the next.
 */
export function tableStatements(
  engine: TableEngine,
  current: Current,
  names: TableNames,
): string[] {
  for (const name of [names.catalog, names.schema]) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    throw new KeymeterError('bad_option', `${name} is not a plain name`, {
      fix: 'use letters, digits and _ in --catalog and --schema',
      exitCode: exitCodes.usage,
    });
  }
  return engine === 'trino' ? trinoStatements(current, names) : athenaStatements(current, names);
}

/** Names of the folders that hold a relation's files: `v=<day>-<hash>`. */
export function versionsOf(current: Current, relation: LakeRelation): string[] {
  const files = relation.daily
    ? Object.values(current.days).flatMap((day) => day.files[relation.name] ?? [])
    : (current.whole[relation.name] ?? []);
  return [...new Set(files.map((file) => /\/v=([^/]+)\//.exec(file)![1]!))].sort();
}

/**
 * A table over all versions that a folder holds, and over it a view of those that count. Replacing the
 * view is the swap; the planner reads the folders it names and no others.
 */
function trinoStatements(current: Current, { catalog, schema, location }: TableNames): string[] {
  const statements = [`CREATE SCHEMA IF NOT EXISTS ${catalog}.${schema}`];
  for (const relation of lakeRelations) {
    const table = `${catalog}.${schema}.${stored(relation)}`;
    const columns = relation.columns.map(({ name, type }) => `  ${name} ${type}`).join(',\n');
    statements.push(
      `CREATE TABLE IF NOT EXISTS ${table} (\n${columns},\n  v VARCHAR\n) WITH (external_location = '${quoted(`${location}/settled/${relation.name}`)}', format = 'PARQUET', partitioned_by = ARRAY['v'])`,
      `CALL ${catalog}.system.sync_partition_metadata('${schema}', '${stored(relation)}', 'FULL')`,
      `CREATE OR REPLACE VIEW ${catalog}.${schema}.${relation.name} AS SELECT ${contractColumns(relation).join(', ')} FROM ${table} WHERE ${inVersions(versionsOf(current, relation))}`,
    );
  }
  for (const { name, sql } of lakeViews()) {
    const over = sql.replaceAll('FROM kms_events', `FROM ${catalog}.${schema}.kms_events`);
    statements.push(`CREATE OR REPLACE VIEW ${catalog}.${schema}.${name} AS ${over}`);
  }
  return statements;
}

const inVersions = (versions: readonly string[]): string =>
  versions.length === 0 ? 'false' : `v IN (${versions.map((v) => `'${quoted(v)}'`).join(', ')})`;

/**
 * Glue knows no partition of these tables: the property projection.v.values lists the folders that count,
 * and setting it is the swap.
 */
function athenaStatements(current: Current, { schema, location }: TableNames): string[] {
  const statements = [`CREATE DATABASE IF NOT EXISTS ${schema}`];
  for (const relation of lakeRelations) {
    const columns = relation.columns.map(hiveColumn).join(',\n');
    const folder = `${location}/settled/${relation.name}`;
    const versions = versionsOf(current, relation).join(',');
    const table = `${schema}.${stored(relation)}`;
    const view = `SELECT ${contractColumns(relation).join(', ')} FROM ${table}`;
    statements.push(
      `CREATE EXTERNAL TABLE IF NOT EXISTS ${table} (\n${columns}\n)\nPARTITIONED BY (v string)\nSTORED AS PARQUET\nLOCATION '${quoted(folder)}/'\nTBLPROPERTIES (\n  'projection.enabled' = 'true',\n  'projection.v.type' = 'enum',\n  'projection.v.values' = '${versions}',\n  'storage.location.template' = '${quoted(folder)}/v=\${v}/'\n)`,
      `ALTER TABLE ${table} SET TBLPROPERTIES ('projection.v.values' = '${versions}')`,
      `CREATE OR REPLACE VIEW ${schema}.${relation.name} AS ${view}`,
    );
  }
  for (const { name, sql } of lakeViews()) {
    const over = sql.replaceAll('FROM kms_events', `FROM ${schema}.kms_events`);
    statements.push(`CREATE OR REPLACE VIEW ${schema}.${name} AS ${over}`);
  }
  return statements;
}

const hiveTypes = {
  VARCHAR: 'string',
  INTEGER: 'int',
  BIGINT: 'bigint',
  BOOLEAN: 'boolean',
  TIMESTAMP: 'timestamp',
} as const;

const hiveColumn = ({ name, type }: LakeColumn) => `  \`${name}\` ${hiveTypes[type]}`;

const quoted = (text: string) => text.replaceAll("'", "''");

export function locationOf(lake: LakeFiles, given: string | undefined): string {
  return (given ?? lake.place).replace(/\/+$/, '');
}
