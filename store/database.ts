import { statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { exitCodes, isKeymeterError, KeymeterError, messageOf } from '../core/errors.ts';
import { createAside, examineFile, realFile } from './database-file.ts';
import { refuseFatal } from './fatal.ts';
import { ingestMegabytes } from './write/ingest-memory.ts';
import { createMacrosSql } from './macros.ts';
import { createSchema, isCurrent, migrate, schemaVersion, versionOf } from './schema.ts';
import { DuckDBInstance } from './duckdb/package.ts';

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

/** A database as it was named, its real path, and what tells it from others that are open. */
interface DatabaseNames {
  address: string;
  file: string;
  key: string;
}

function inodeOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.dev}:${stat.ino}` : null;
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
  readonly #names: DatabaseNames;
  /** The file that was opened: its device and inode. Null in memory. */
  readonly #inode: string | null;
  readonly #threads: number | undefined;
  readonly #hasMemoryLimit: boolean;
  /** DuckDB's memory limit in MB while an ingest runs. */
  #ingestMemory: number | null = null;

  constructor(instance: DuckDBInstance, names: DatabaseNames, options: DatabaseOptions) {
    this.#instance = instance;
    this.path = names.address;
    this.#names = names;
    this.#inode = inodeOf(names.file);
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

  /** Whether the file that was opened is still under its name: it may be deleted or replaced meanwhile. */
  get isInPlace(): boolean {
    return inodeOf(this.#names.file) === this.#inode;
  }

  /** Throws KeymeterError database_lost: what is written now, or was since the last look, is not kept. */
  refuseLost(): void {
    if (this.isInPlace) return;
    throw new KeymeterError(
      'database_lost',
      `${this.path} was deleted or replaced while keymeter had it open; what was stored in it is lost`,
      { fix: 'leave the file alone, and run the same command again' },
    );
  }

  close(): void {
    this.#instance.closeSync();
    openPaths.delete(this.#names.key);
  }
}

/**
 * Opens a database file; creates it unless read-only, and migrates an older one. `:memory:` for tests.
 * Throws KeymeterError: database_in_use (exit code 3), database_missing, database_newer, database_older,
 * database_not_keymeter, database_open_here, database_unreadable, database_fatal, database_lost, and
 * those of examineFile.
 */
export async function openDatabase(
  address: string,
  options: DatabaseOptions = {},
): Promise<Database> {
  if (address === ':memory:') return openFile(address, address, options);
  // DuckDB keeps its log beside the name that it is given: never beside a link.
  const file = realFile(address);
  const mayCreate = !options.readOnly && (options.create ?? true);
  const state = examineFile(address.trim() === '' ? address : file);
  if (state !== 'database') {
    if (!mayCreate) throw missing(address);
    try {
      await createAside(file, state, async (part) => {
        (await openFile(part, part, { ...options, sealed: false })).close();
      });
    } catch (error) {
      refuseFatal(error);
      throw error;
    }
  }
  const database = await openFile(address, file, options).catch(async (error: unknown) => {
    if (!(error instanceof NeedsMigration)) throw error;
    await migrateFile(address, file);
    return openFile(address, file, options);
  });
  return database;
}

/** Open read-only, but its schema is older. */
class NeedsMigration extends Error {}

/** Opens an older database for writing, which migrates it. */
async function migrateFile(address: string, file: string): Promise<void> {
  try {
    (await openFile(address, file, {})).close();
  } catch (error) {
    if (isKeymeterError(error) && error.code !== 'database_unreadable') throw error;
    throw new KeymeterError(
      'database_older',
      `${address} was written by an older keymeter and cannot be brought up to date: ${messageOf(error)}`,
      { fix: 'run the command once as a user who may write the file', cause: error },
    );
  }
}

const missing = (file: string) =>
  new KeymeterError('database_missing', `there is no database at ${file}`, {
    fix: 'run `keymeter ingest <source> --db FILE` first, or name the right file with --db',
  });

async function openFile(
  address: string,
  file: string,
  options: DatabaseOptions,
): Promise<Database> {
  const key = file === ':memory:' ? `:memory:${Math.random()}` : file;
  if (openPaths.has(key)) {
    throw new KeymeterError('database_open_here', `${address} is already open in this process`, {
      fix: 'share the open Database instead of opening the file again',
    });
  }
  openPaths.add(key);
  let database: Database | undefined;
  try {
    database = new Database(await createInstance(file, options), { address, file, key }, options);
    await prepareSchema(database);
    return database;
  } catch (error) {
    database?.close();
    openPaths.delete(key);
    refuseFatal(error);
    throw error;
  }
}

async function prepareSchema(database: Database): Promise<void> {
  const connection = await database.connect();
  const { path: file, readOnly } = database;
  try {
    const version = await versionOf(connection);
    if (version === null && !readOnly) return await createSchema(connection);
    if (!version) {
      throw new KeymeterError('database_not_keymeter', `${file} is no keymeter database`, {
        fix: 'name another file with --db; keymeter never writes into a foreign database',
      });
    }
    if (version > schemaVersion) {
      throw new KeymeterError(
        'database_newer',
        `${file} has schema ${version}, this keymeter knows ${schemaVersion}`,
        { fix: 'upgrade keymeter, or ingest into a new file with --db' },
      );
    }
    if (version === schemaVersion && (await isCurrent(connection))) return;
    if (readOnly) throw new NeedsMigration();
    await migrate(connection, { file, from: version });
    await connection.run('CHECKPOINT');
  } finally {
    connection.closeSync();
  }
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
  else config['temp_directory'] = `${file}.tmp`;
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
