import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import { refuseFatal } from './fatal.ts';
import { ingestMegabytes } from './write/ingest-memory.ts';
import { createMacrosSql } from './macros.ts';
import { viewsSql } from './views.ts';
import { DuckDBInstance } from './duckdb/package.ts';

/** Raised by one with every change of schema.sql; a database from a newer keymeter is refused. */
export const schemaVersion = 2;

/** Paths open in this process: DuckDB itself would let a second instance lose rows silently. */
const openPaths = new Set<string>();

export interface DatabaseOptions {
  readOnly?: boolean;
  /** False: a file that is missing is not made. */
  create?: boolean;
  /** DuckDB's memory limit, such as `1GB`. */
  memoryLimit?: string;
  threads?: number;
  /** No file beyond the database can be read or written by SQL: for queries of the user. */
  sealed?: boolean;
}

/** An open keymeter database: the one DuckDB instance of its file in this process. */
export class Database {
  readonly path: string;
  readonly readOnly: boolean;
  /**
   * The data's version, once somebody has read it; who commits sets it. No other process can: DuckDB
   * lets nobody write into a file that is open here.
   */
  dataVersion: string | undefined;
  readonly #instance: DuckDBInstance;
  readonly #key: string;
  readonly #threads: number | undefined;
  readonly #hasMemoryLimit: boolean;
  /** DuckDB's memory limit in MB while an ingest runs. */
  #ingestMemory: number | null = null;

  constructor(instance: DuckDBInstance, file: string, key: string, options: DatabaseOptions) {
    this.#instance = instance;
    this.path = file;
    this.#key = key;
    this.readOnly = options.readOnly ?? false;
    this.#threads = options.threads;
    this.#hasMemoryLimit = options.memoryLimit !== undefined;
  }

  /** A new connection, with the macros that analysis SQL needs. */
  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    await connection.run(createMacrosSql.join(';\n'));
    return connection;
  }

  /**
   * Does the work of an ingest with fewer threads; all connections have no more meanwhile. With
   * `alone` nobody asks the database meanwhile, and it gets less memory too, unless a limit was chosen:
   * queries beside the ingest would fail for want of it. A statement whose other threads are still at work waits by
   * spinning: beside busy workers that is a core lost.
   */
  async whileIngesting<T>(
    { threads, alone }: { threads: number; alone: boolean },
    work: () => Promise<T>,
  ): Promise<T> {
    const connection = await this.#instance.connect();
    try {
      await connection.run(`SET threads = ${Math.trunc(threads)}`);
      if (alone && !this.#hasMemoryLimit) this.#ingestMemory = 0;
      await this.makeRoomForLedger(0);
      return await work();
    } finally {
      const wasLimited = this.#ingestMemory !== null;
      this.#ingestMemory = null;
      // A database that failed has no use for its threads and memory.
      const before = this.#threads ? `SET threads = ${this.#threads}` : 'RESET threads';
      await connection.run(before).catch(() => undefined);
      if (wasLimited) await connection.run('RESET memory_limit').catch(() => undefined);
      connection.closeSync();
    }
  }

  /** While ingesting with little memory: lets DuckDB have what a ledger of so many objects takes. */
  async makeRoomForLedger(objects: number): Promise<void> {
    if (this.#ingestMemory === null) return;
    const megabytes = ingestMegabytes(objects);
    if (megabytes <= this.#ingestMemory) return;
    const connection = await this.#instance.connect();
    await connection.run(`SET memory_limit = '${megabytes}MB'`);
    connection.closeSync();
    this.#ingestMemory = megabytes;
  }

  close(): void {
    this.#instance.closeSync();
    openPaths.delete(this.#key);
  }
}

/**
 * Opens (and creates, unless read-only) a database file; `:memory:` for tests.
 * Throws KeymeterError: database_in_use (exit code 3), database_missing, database_newer,
 * database_not_keymeter, database_open_here, database_unreadable, database_fatal.
 */
export async function openDatabase(file: string, options: DatabaseOptions = {}): Promise<Database> {
  const inMemory = file === ':memory:';
  const key = inMemory ? `:memory:${Math.random()}` : path.resolve(file);
  if (openPaths.has(key)) {
    throw new KeymeterError('database_open_here', `${file} is already open in this process`, {
      fix: 'share the open Database instead of opening the file again',
    });
  }
  const readOnly = options.readOnly ?? false;
  const mayCreate = !readOnly && (options.create ?? true);
  if (!mayCreate && !inMemory && !existsSync(file)) {
    throw new KeymeterError('database_missing', `there is no database at ${file}`, {
      fix: 'run `keymeter ingest <source> --db FILE` first, or name the right file with --db',
    });
  }
  const instance = await createInstance(file, options);
  openPaths.add(key);
  const database = new Database(instance, file, key, options);
  try {
    await prepareSchema(database);
  } catch (error) {
    database.close();
    refuseFatal(error);
    throw error;
  }
  return database;
}

async function createInstance(file: string, options: DatabaseOptions): Promise<DuckDBInstance> {
  const config: Record<string, string> = {
    access_mode: options.readOnly ? 'READ_ONLY' : 'READ_WRITE',
    // Files are read by our workers only; DuckDB needs no network and no extension.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    preserve_insertion_order: 'false',
    // A row group is compressed and written as soon as it is full, not in the commit of five of them.
    write_buffer_row_group_count: '1',
    // One compression for texts instead of two that are both tried: a fifth less time, a fifth less file.
    storage_compatibility_version: 'v1.3.0',
    ...(options.memoryLimit ? { memory_limit: options.memoryLimit } : {}),
    ...(options.threads ? { threads: String(options.threads) } : {}),
  };
  if (file === ':memory:') delete config['access_mode'];
  else config['temp_directory'] = `${path.resolve(file)}.tmp`;
  // Order matters: DuckDB takes no setting after these two.
  if (options.sealed)
    Object.assign(config, { enable_external_access: 'false', lock_configuration: 'true' });
  try {
    return await DuckDBInstance.create(file, config);
  } catch (error) {
    throw openError(file, error);
  }
}

function openError(file: string, error: unknown): KeymeterError {
  const message = error instanceof Error ? error.message : String(error);
  const holder = /PID (\d+)/.exec(message)?.[1];
  if (/Conflicting lock|Could not set lock/.test(message)) {
    const who = holder ? `process ${holder}` : 'another process';
    return new KeymeterError('database_in_use', `${file} is in use by ${who}`, {
      fix: 'stop that process, or ask it over its API; one process at a time owns a database',
      exitCode: exitCodes.databaseInUse,
      cause: error,
    });
  }
  return new KeymeterError('database_unreadable', `cannot open ${file}: ${messageOf(error)}`, {
    fix: 'check the path and its permissions; a file that is no database must be named otherwise',
    cause: error,
  });
}

async function prepareSchema(database: Database): Promise<void> {
  const connection = await database.connect();
  try {
    const tables = await connection.runAndReadAll(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' AND table_type = 'BASE TABLE'",
    );
    const names = new Set(tables.getRows().map((row) => String(row[0])));
    if (names.size === 0 && !database.readOnly) return await createSchema(connection);
    if (!names.has('keymeter_schema')) {
      throw new KeymeterError('database_not_keymeter', `${database.path} is no keymeter database`, {
        fix: 'name another file with --db; keymeter never writes into a foreign database',
      });
    }
    const result = await connection.runAndReadAll('SELECT max(version) FROM keymeter_schema');
    const version = Number(result.getRows()[0]?.[0] ?? 0);
    if (version > schemaVersion) {
      throw new KeymeterError(
        'database_newer',
        `${database.path} has schema ${version}, this keymeter knows ${schemaVersion}`,
        { fix: 'upgrade keymeter, or ingest into a new file with --db' },
      );
    }
    if (version < schemaVersion) {
      throw new KeymeterError(
        'database_older',
        `${database.path} has schema ${version}, this keymeter writes ${schemaVersion}`,
        { fix: 'ingest the trail again into a new file with --db; the logs hold everything' },
      );
    }
  } finally {
    connection.closeSync();
  }
}

async function createSchema(connection: DuckDBConnection): Promise<void> {
  const schema = readFileSync(new URL('./schema.sql', import.meta.url), 'utf8');
  await connection.run('BEGIN');
  try {
    const stamp = `INSERT INTO keymeter_schema VALUES (${schemaVersion}, now()::TIMESTAMP)`;
    await connection.run([schema, ...viewsSql(), stamp].join(';\n'));
    await connection.run('COMMIT');
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
