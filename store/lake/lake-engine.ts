import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes, KeymeterError } from '../../core/errors.ts';
import { DuckDbEngine } from '../duckdb/duckdb-engine.ts';
import { DuckDBInstance } from '../duckdb/package.ts';
import type { OpenedEngine } from '../engine.ts';
import { createMacrosSql } from '../macros.ts';
import type { LakeFiles } from './lake-files.ts';
import { contractColumns, lakeRelations, lakeViews, parquetSql } from './layout.ts';
import { readCurrent, type Current } from './manifests.ts';

/** A lake that another process settles meanwhile is looked at again after this long. */
const look_again_ms = 5_000;

/** DuckDB over a settled lake: its relations are views over the Parquet files that count now. */
export async function openLakeEngine(
  lake: LakeFiles,
  options: { connections?: number; sealed?: boolean } = {},
): Promise<OpenedEngine> {
  const current = await currentOf(lake);
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    preserve_insertion_order: 'false',
  });
  const source = new LakeSource(lake, instance);
  try {
    await source.show(current, options.sealed ?? false);
  } catch (error) {
    source.close();
    throw error;
  }
  const { connections } = options;
  return new DuckDbEngine(source, {
    ...(connections === undefined ? {} : { connections }),
    ownsDatabase: true,
  });
}

async function currentOf(lake: LakeFiles): Promise<Current> {
  const current = await readCurrent(lake);
  if (current) return current;
  throw new KeymeterError('lake_not_settled', `${lake.place} holds no settled lake`, {
    fix: 'run `keymeter lake settle` on it once its shards are written, or name the right place',
    exitCode: exitCodes.usage,
  });
}

class LakeSource {
  readonly hasStoredIds = false;
  dataVersion: string | undefined;
  readonly #lake: LakeFiles;
  readonly #instance: DuckDBInstance;
  #looked_at = 0;
  #sealed = false;

  constructor(lake: LakeFiles, instance: DuckDBInstance) {
    this.#lake = lake;
    this.#instance = instance;
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    await connection.run(createMacrosSql.join(';\n'));
    return connection;
  }

  /** Makes the views of a state, all in one transaction: no query sees half of two states. */
  async show(current: Current, sealed = this.#sealed): Promise<void> {
    const connection = await this.connect();
    try {
      const all: string[] = [];
      const views: string[] = [];
      for (const relation of lakeRelations) {
        const named = relation.daily
          ? Object.values(current.days).flatMap((day) => day.files[relation.name] ?? [])
          : (current.whole[relation.name] ?? []);
        const files = await Promise.all(named.map((file) => this.#lake.local(file)));
        all.push(...files);
        views.push(
          `CREATE OR REPLACE VIEW ${relation.name} AS SELECT ${contractColumns(relation).join(', ')}
           FROM (${parquetSql(files, relation.columns)})`,
        );
      }
      for (const { name, sql } of lakeViews())
        views.push(`CREATE OR REPLACE VIEW ${name} AS ${sql}`);
      await connection.run(['BEGIN', ...views, 'COMMIT'].join(';\n'));
      // A user's SQL reads these files and no others; the set cannot be widened afterwards.
      if (sealed && !this.#sealed) {
        const paths = all.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
        await connection.run(`SET allowed_paths = [${paths}]`);
        await connection.run('SET enable_external_access = false; SET lock_configuration = true');
      }
      this.#sealed = sealed;
      this.dataVersion = current.version;
      this.#looked_at = Date.now();
    } finally {
      connection.closeSync();
    }
  }

  /** Shows what was settled since, if anything was. */
  async refresh(): Promise<void> {
    if (this.#sealed || Date.now() - this.#looked_at < look_again_ms) return;
    this.#looked_at = Date.now();
    const current = await readCurrent(this.#lake);
    if (current && current.version !== this.dataVersion) await this.show(current);
  }

  close(): void {
    this.#instance.closeSync();
    this.#lake.close();
  }
}
