import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';

import { messageOf } from '../../core/errors.ts';
import { InputError } from '../input-error.ts';
import { refuseNoLog, sniffBytes } from '../records/content-form.ts';
import { objectBytesMost, ObjectError, type ListedObject, type ObjectReader } from './source.ts';

/** A file that was swapped for a pipe since the listing must not block the open, nor a link lead away. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Reads files in the version that was listed. Synchronous on purpose: it runs in worker threads that
 * have nothing else to do, and saves several thread-pool trips for each small file.
 */
export class LocalReader implements ObjectReader {
  readonly readConcurrency = 1;
  readonly #copies: Readonly<Record<string, string>>;

  constructor(copies: Readonly<Record<string, string>> = {}) {
    this.#copies = copies;
  }

  async read(object: ListedObject, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    const copy = Object.hasOwn(this.#copies, object.key) ? this.#copies[object.key] : undefined;
    let file: number;
    try {
      file = openSync(copy ?? object.key, openFlags);
    } catch (error) {
      throw openError(error, object.key);
    }
    try {
      return readListed(file, object, copy !== undefined);
    } catch (error) {
      if (error instanceof ObjectError || error instanceof InputError) throw error;
      throw new ObjectError('unreadable', `${object.key}: ${messageOf(error)}`, error);
    } finally {
      closeSync(file);
    }
  }

  close(): void {}
}

function readListed(file: number, object: ListedObject, isCopy: boolean): Buffer {
  const before = fstatSync(file, { bigint: true });
  if (!before.isFile()) {
    throw new ObjectError('unreadable', `${object.key} is not a regular file`);
  }
  const isListed = isCopy || versionOf(before) === object.version;
  if (!isListed || Number(before.size) !== object.size_bytes) {
    throw new ObjectError('changed', `${object.key} was changed after it was listed`);
  }
  if (object.sniff) refuseNoLog(startOf(file));
  checkSize(object);
  const bytes = Buffer.allocUnsafeSlow(object.size_bytes);
  let length = 0;
  while (length < bytes.length) {
    const got = readSync(file, bytes, length, bytes.length - length, length);
    if (got === 0) break;
    length += got;
  }
  const after = fstatSync(file, { bigint: true });
  if (length !== bytes.length || after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
    throw new ObjectError('changed', `${object.key} was changed while it was read`);
  }
  return bytes;
}

function startOf(file: number): Buffer {
  const start = Buffer.alloc(sniffBytes);
  return start.subarray(0, readSync(file, start, 0, start.length, 0));
}

/** Throws ObjectError `unreadable` for an object too large to be a log. */
export function checkSize({ key, size_bytes: size }: ListedObject): void {
  if (size <= objectBytesMost) return;
  const message = `${key} has ${size} bytes; a log has at most ${objectBytesMost}`;
  throw new ObjectError('unreadable', message);
}

/** What changes when a local file's content changes. */
export function versionOf(stats: BigIntStats): string {
  return String(stats.mtimeNs);
}

function openError(error: unknown, file: string): ObjectError {
  const message = `${file}: ${messageOf(error)}`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ObjectError('gone', message, error);
    case 'EACCES':
    case 'EPERM':
      return new ObjectError('denied', message, error);
    case 'ELOOP':
      return new ObjectError('changed', `${file} has become a symbolic link`, error);
    case 'EMFILE':
    case 'ENFILE':
      return new ObjectError('transient', message, error);
    default:
      return new ObjectError('unreadable', message, error);
  }
}
