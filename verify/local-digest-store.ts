import { constants, createReadStream } from 'node:fs';
import { open, readFile, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { ObjectError } from '../ingest/sources/source.ts';
import type { DigestStore } from './digest-store.ts';

/** Says that `directory` is a copy of what lies under `s3://bucket/keyPrefix`. */
export interface PathMapping {
  bucket: string;
  /** Empty, or ends in `/`. */
  keyPrefix: string;
  directory: string;
}

/** Beside a digest: its S3 metadata, plain or as `aws s3api head-object` prints it. */
export const metadataSuffix = '.metadata.json';

const sidecarSchema = z.union([
  z.object({ Metadata: z.record(z.string(), z.string()) }).transform((head) => head.Metadata),
  z.record(z.string(), z.string()),
]);

/** A copy of a trail's bucket on disk. Names that lead out of the copy are not read. */
export async function localDigestStore(mappings: readonly PathMapping[]): Promise<DigestStore> {
  const maps = await Promise.all(
    mappings.map(async (map) => ({ ...map, directory: await realpath(map.directory) })),
  );

  function fileOf(bucket: string, key: string): string | null {
    for (const map of maps) {
      if (map.bucket !== bucket || !key.startsWith(map.keyPrefix)) continue;
      // Keys come from digests, which anyone may have written: no key may name a file outside.
      const parts = key.slice(map.keyPrefix.length).split('/');
      if (key.includes('\0') || parts.some((part) => part === '..' || part === '.')) return null;
      return path.join(map.directory, ...parts);
    }
    return null;
  }

  async function openFile(bucket: string, key: string) {
    const file = fileOf(bucket, key);
    if (file === null) {
      throw new ObjectError('unreadable', `no local copy is mapped for s3://${bucket}/${key}`);
    }
    try {
      const real = await realpath(file);
      if (!maps.some((map) => real.startsWith(`${map.directory}${path.sep}`))) {
        throw new ObjectError('unreadable', `${file} is a link that leads out of the copy`);
      }
      const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO must not block
      const stat = await handle.stat({ bigint: true });
      if (stat.isFile()) return { handle, stat, real };
      await handle.close();
    } catch (error) {
      throw objectErrorOf(error, file);
    }
    throw new ObjectError('unreadable', `${file} is not a regular file`);
  }

  async function* walk(directory: string, prefix: string, after: string): AsyncIterable<string> {
    for (const entry of await entriesOf(directory)) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        // A folder lies wholly before `after` when its name does and `after` is not inside it.
        const inside = `${key}/`;
        if (inside < after && !after.startsWith(inside)) continue;
        yield* walk(path.join(directory, entry.name), inside, after);
      } else if (key > after && !key.endsWith(metadataSuffix)) {
        yield key;
      }
    }
  }

  return {
    description: maps.map((map) => map.directory).join(', '),
    roots: maps.map(({ bucket, keyPrefix }) => ({ bucket, prefix: keyPrefix })),
    async folders(bucket, prefix) {
      const above = maps.filter(
        (map) =>
          map.bucket === bucket && map.keyPrefix.startsWith(prefix) && map.keyPrefix !== prefix,
      );
      if (above.length > 0) {
        // The copy begins further down: the folders on the way to it have no directory.
        const next = above.map((map) => map.keyPrefix.slice(prefix.length).split('/')[0] ?? '');
        return [...new Set(next)].filter(Boolean).sort();
      }
      const directory = fileOf(bucket, prefix);
      if (directory === null) return [];
      const entries = await entriesOf(directory);
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },
    async *keys(bucket, prefix, startAfter = '') {
      const directory = fileOf(bucket, prefix);
      if (directory !== null) yield* walk(directory, prefix, startAfter);
    },
    async open(bucket, key) {
      const { handle, real } = await openFile(bucket, key);
      const body = createReadStream(real, { fd: handle, highWaterMark: 1 << 18 });
      return { body: withObjectErrors(body, real), metadata: await sidecarOf(real) };
    },
    async identify(bucket, key) {
      try {
        const { handle, stat, real } = await openFile(bucket, key);
        await handle.close();
        return { source: 'local', bucket: '', key: real, version: String(stat.mtimeNs) };
      } catch (error) {
        if (error instanceof ObjectError && error.errorClass === 'gone') return undefined;
        throw error;
      }
    },
    close() {},
  };
}

/** Entries in the order in which S3 lists keys: a folder sorts as its name with a slash. */
async function entriesOf(directory: string) {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const named = entries.map((entry) => ({
      entry,
      name: entry.isDirectory() ? `${entry.name}/` : entry.name,
    }));
    named.sort((a, b) => (a.name < b.name ? -1 : 1));
    return named.map(({ entry }) => entry);
  } catch (error) {
    const wrapped = objectErrorOf(error, directory);
    if (wrapped.errorClass === 'gone') return [];
    throw wrapped;
  }
}

async function sidecarOf(file: string): Promise<Record<string, string> | null> {
  try {
    const text = await readFile(`${file}${metadataSuffix}`, 'utf8');
    const metadata = sidecarSchema.parse(JSON.parse(text));
    return Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [
        name.toLowerCase().replace(/^x-amz-meta-/, ''),
        value,
      ]),
    );
  } catch (error) {
    // A sidecar that is there and says nothing readable is a signature that fails, not none.
    return errorCode(error) === 'ENOENT' ? null : {};
  }
}

async function* withObjectErrors(
  body: AsyncIterable<Buffer>,
  file: string,
): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw objectErrorOf(error, file);
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function objectErrorOf(error: unknown, place: string): ObjectError {
  if (error instanceof ObjectError) return error;
  const code = errorCode(error);
  const gone = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
  const denied = code === 'EACCES' || code === 'EPERM';
  const errorClass = gone ? 'gone' : denied ? 'denied' : 'unreadable';
  return new ObjectError(errorClass, `${place}: ${messageOf(error)}`, error);
}
