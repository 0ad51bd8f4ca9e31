import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { exitCodes, KeymeterError } from '../core/errors.ts';

/**
 * What stands under a database's name. `unfinished`: a creation that was cut off before DuckDB had
 * written its headers; such a file cannot hold a row.
 */
export type FileState = 'missing' | 'unfinished' | 'database';

/** DuckDB writes one main header and two database headers of 4096 bytes before anything else. */
const headers_bytes = 12_288;
const header_bytes = 4_096;

/** The path behind links: DuckDB keeps its log beside the name that it is given. */
export function realFile(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

/**
 * Looks at a file before DuckDB does, which would read a CSV or JSON file as a database in memory and
 * wait for ever on a pipe. Throws KeymeterError bad_database_name, database_not_file, not_a_database.
 */
export function examineFile(file: string): FileState {
  if (file.trim() === '') {
    throw new KeymeterError('bad_database_name', '--db is empty', {
      fix: 'name a file, such as --db keymeter.duckdb',
      exitCode: exitCodes.usage,
    });
  }
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) {
    refuseMissingFolder(file);
    return 'missing';
  }
  if (!stat.isFile()) {
    const kind = stat.isDirectory() ? 'a directory' : 'a pipe, socket or device';
    throw new KeymeterError('database_not_file', `${file} is ${kind}, not a database file`, {
      fix: 'name a file with --db, such as keymeter.duckdb',
      exitCode: exitCodes.usage,
    });
  }
  const start = startOf(file);
  if (isUnfinished(start, stat.size, logBytes(file))) return 'unfinished';
  if (start.toString('latin1', 8, 12) === 'DUCK') return 'database';
  throw new KeymeterError(
    'not_a_database',
    `${file} is not a DuckDB database: it is ${kindOf(start)}`,
    {
      fix: 'name another file with --db; logs and directories to read are arguments, not --db',
      exitCode: exitCodes.usage,
    },
  );
}

function refuseMissingFolder(file: string): void {
  const folder = path.dirname(path.resolve(file));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new KeymeterError(
    'database_folder_missing',
    `there is no directory ${folder} for ${file}`,
    {
      fix: `create it with \`mkdir -p\`, or name another file with --db`,
      exitCode: exitCodes.usage,
    },
  );
}

function startOf(file: string): Buffer {
  const start = Buffer.alloc(headers_bytes);
  const handle = openSync(file, 'r');
  try {
    return start.subarray(0, readSync(handle, start, 0, headers_bytes, 0));
  } finally {
    closeSync(handle);
  }
}

const logBytes = (file: string) =>
  statSync(`${realFile(file)}.wal`, { throwIfNoEntry: false })?.size ?? 0;

/** Nothing was ever written behind the headers, and no log holds what is not yet behind them. */
function isUnfinished(start: Buffer, size_bytes: number, log_bytes: number): boolean {
  if (size_bytes > headers_bytes || log_bytes > 0) return false;
  if (start.every((byte) => byte === 0)) return true;
  if (size_bytes === headers_bytes || start.toString('latin1', 8, 12) !== 'DUCK') return false;
  // A whole header whose first block is not -1 belongs to a database that was cut off later.
  return [header_bytes, 2 * header_bytes]
    .filter((at) => at + 24 <= start.length)
    .every((at) => start.readBigInt64LE(at + 16) === -1n || start.readBigInt64LE(at + 16) === 0n);
}

function kindOf(start: Buffer): string {
  const text = start.toString('latin1', 0, 16);
  if (text.startsWith('PAR1')) return 'a Parquet file';
  if (text.startsWith('SQLite format 3')) return 'an SQLite database';
  if (start[0] === 0x1f && start[1] === 0x8b) return 'a gzip file';
  if (text.startsWith('PK\x03\x04')) return 'a zip archive';
  if (/^\s*[[{]/.test(text)) return 'a JSON file';
  // A NUL, or bytes that cannot be UTF-8.
  const isText =
    start.length > 0 && !start.includes(0) && !start.toString('utf8').includes('\ufffd\ufffd');
  return isText ? 'a text file' : 'a file of another kind';
}

/**
 * Makes a database under a name of its own and gives it the right name only when it is whole and on
 * disk. When another process was faster, its database stays and this one is dropped.
 */
export async function createAside(
  file: string,
  state: 'missing' | 'unfinished',
  build: (part: string) => Promise<void>,
): Promise<void> {
  removeLeftovers(file);
  const part = `${file}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await build(part);
    chmodSync(part, 0o600);
    sync(part);
    if (state === 'unfinished') renameSync(part, file);
    else publish(part, file);
    sync(path.dirname(file));
  } finally {
    for (const name of [part, `${part}.wal`]) rmSync(name, { force: true });
  }
}

/** Unlike a rename, a link never replaces a file. */
function publish(part: string, file: string): void {
  try {
    linkSync(part, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    // File systems without hard links.
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK|EACCES)$/.test(code ?? '')) throw error;
    renameSync(part, file);
  }
}

function sync(file: string): void {
  const handle = openSync(file, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Parts of processes that ended before theirs was whole. */
function removeLeftovers(file: string): void {
  const folder = path.dirname(file);
  const prefix = `${path.basename(file)}.new-`;
  for (const name of readdirSync(folder).filter((one) => one.startsWith(prefix))) {
    const pid = Number(/^(\d+)-[0-9a-f]{8}(\.wal)?$/.exec(name.slice(prefix.length))?.[1]);
    if (pid && pid !== process.pid && !isAlive(pid))
      rmSync(path.join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
