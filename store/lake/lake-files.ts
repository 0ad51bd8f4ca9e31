import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** How a lake's bucket is reached. */
export interface LakeAccess {
  region?: string | undefined;
  endpoint?: string | undefined;
  pathStyle?: boolean | undefined;
  profile?: string | undefined;
}

/** The files of a lake, by paths with slashes below its place. Each put is seen whole or not at all. */
export interface LakeFiles {
  readonly place: string;
  /** Null when there is no such file. */
  read(file: string): Promise<Buffer | null>;
  put(file: string, bytes: Buffer): Promise<void>;
  /** Puts a local file, which may be moved away. */
  putFile(file: string, local: string): Promise<void>;
  list(prefix: string): AsyncIterable<string>;
  /** A local path with the bytes of a file that never changes. */
  local(file: string): Promise<string>;
  /** As other engines address it. */
  address(file: string): string;
  close(): void;
}

/** A lake in a directory, or in `s3://bucket/prefix`. */
export async function openLakeFiles(place: string, access: LakeAccess = {}): Promise<LakeFiles> {
  if (!/^s3:\/\//i.test(place)) return new LocalLake(path.resolve(place));
  const { S3Lake } = await import('./s3-lake.ts');
  return new S3Lake(place, access);
}

class LocalLake implements LakeFiles {
  readonly place: string;

  constructor(place: string) {
    this.place = place;
  }

  async read(file: string): Promise<Buffer | null> {
    return readFile(path.join(this.place, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  }

  async put(file: string, bytes: Buffer): Promise<void> {
    const target = await this.#folderOf(file);
    const part = `${target}.${process.pid}.part`;
    await writeFile(part, bytes);
    await rename(part, target);
  }

  async putFile(file: string, local: string): Promise<void> {
    const target = await this.#folderOf(file);
    const part = `${target}.${process.pid}.part`;
    // Another file system takes no rename.
    await rename(local, part).catch(() => copyFile(local, part));
    await rename(part, target);
  }

  async *list(prefix: string): AsyncGenerator<string> {
    const folder = path.join(this.place, prefix);
    if (!existsSync(folder)) return;
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      if (!entry.isFile() || entry.name.endsWith('.part')) continue;
      const file = path.relative(this.place, path.join(entry.parentPath, entry.name));
      yield file.split(path.sep).join('/');
    }
  }

  async local(file: string): Promise<string> {
    return path.join(this.place, file);
  }

  address(file: string): string {
    return path.join(this.place, file);
  }

  close(): void {}

  async #folderOf(file: string): Promise<string> {
    const target = path.join(this.place, file);
    await mkdir(path.dirname(target), { recursive: true });
    return target;
  }
}

/** A short name for content: the first 12 hex digits of its SHA-256. */
export const contentName = (bytes: Buffer | string): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, 12);
