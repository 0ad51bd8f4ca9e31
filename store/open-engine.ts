import { exitCodes, KeymeterError } from '../core/errors.ts';
import { openDatabase, type Database } from './database.ts';
import { DuckDbEngine } from './duckdb/duckdb-engine.ts';
import type { LakeAccess } from './lake/lake-files.ts';
import type { OpenedEngine } from './engine.ts';

export interface EngineOptions {
  /** Queries at a time, where the engine has connections of its own. */
  connections?: number | undefined;
  /** For SQL that a user wrote: it reads no file beyond the data. */
  sealed?: boolean | undefined;
  /** How a lake's bucket is reached. */
  access?: LakeAccess | undefined;
}

/** The forms of an engine's address, for messages and help. */
export const engineAddresses = [
  'duckdb:FILE',
  'lake:PLACE',
  'trino://HOST:PORT/CATALOG/SCHEMA',
] as const;

/**
 * Opens the engine at an address for reading: `duckdb:FILE`, or `lake:PLACE` (a directory or
 * s3://bucket/prefix), or `trino://host:port/catalog/schema` (`trinos` over TLS). This is the one place that chooses an
 * engine. Throws KeymeterError bad_engine, and what opening that engine throws.
 */
export async function openEngine(
  address: string,
  options: EngineOptions = {},
): Promise<OpenedEngine> {
  const [, kind = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(address) ?? [];
  if (rest === '') throw badEngine(address);
  switch (kind) {
    case 'duckdb':
      return openFile(rest, options);
    case 'lake':
      return openLake(rest, options);
    case 'trino':
    case 'trinos':
      return openTrino(address, rest, kind === 'trinos');
    default:
      throw badEngine(address);
  }
}

/** The engine over a database that this process holds open, beside its writer. */
export function engineOver(
  database: Database,
  options: Pick<EngineOptions, 'connections'> = {},
): OpenedEngine {
  return new DuckDbEngine(database, connectionsOf(options));
}

async function openFile(file: string, options: EngineOptions): Promise<OpenedEngine> {
  const database = await openDatabase(file, { readOnly: true, sealed: options.sealed ?? false });
  return new DuckDbEngine(database, { ...connectionsOf(options), ownsDatabase: true });
}

async function openLake(place: string, options: EngineOptions): Promise<OpenedEngine> {
  const { openLakeFiles } = await import('./lake/lake-files.ts');
  const { openLakeEngine } = await import('./lake/lake-engine.ts');
  const lake = await openLakeFiles(place, options.access);
  try {
    const sealed = options.sealed ?? false;
    return await openLakeEngine(lake, { ...connectionsOf(options), sealed });
  } catch (error) {
    lake.close();
    throw error;
  }
}

async function openTrino(address: string, rest: string, secure: boolean): Promise<OpenedEngine> {
  const { TrinoEngine, trinoPlace } = await import('./trino/trino-engine.ts');
  const place = trinoPlace(rest, secure);
  if (!place) throw badEngine(address);
  return new TrinoEngine(place);
}

const connectionsOf = ({ connections }: EngineOptions) =>
  connections === undefined ? {} : { connections };

function badEngine(address: string): KeymeterError {
  return new KeymeterError('bad_engine', `there is no engine at ${address}`, {
    fix: `write one of ${engineAddresses.join(', ')}`,
    exitCode: exitCodes.usage,
  });
}
