import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { KeymeterError, exitCodes } from '../core/errors.ts';
import { parseDigest } from './digest-file.ts';
import { readGzipMember } from '../ingest/gzip-member.ts';
import type { PathMapping } from './local-digest-store.ts';

/** Reads `s3://bucket/prefix=directory`. */
export function parsePathMap(text: string): PathMapping {
  const match = /^s3:\/\/([^/=]+)(?:\/([^=]*))?=(.+)$/.exec(text);
  if (!match) {
    throw new KeymeterError('path_map_invalid', `${text} is no path map`, {
      fix: 'Write it as s3://bucket/prefix=directory',
      exitCode: exitCodes.usage,
    });
  }
  const prefix = match[2] ?? '';
  return {
    bucket: match[1] ?? '',
    keyPrefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    directory: match[3] ?? '',
  };
}

const entriesMax = 200_000;
const digestBytesMax = 64 * 2 ** 20;

/**
 * Finds out what a directory is a copy of: the first digest in it names its bucket and key, and the
 * end of the key agrees with the file's path. That the whole copy lay in that bucket is then taken from
 * the copy itself. Null when no digest is found that can be read.
 */
export async function inferPathMap(directory: string): Promise<PathMapping | null> {
  let entries = 0;
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const listed = await readdir(path.join(directory, folder), { withFileTypes: true });
    for (const entry of listed.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (++entries > entriesMax) return null;
      const place = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(place);
      const isDigest = entry.isFile() && /_CloudTrail-Digest_.*\.json\.gz$/.test(entry.name);
      const mapping = isDigest ? await mappingOf(directory, place) : null;
      if (mapping) return mapping;
    }
  }
  return null;
}

async function mappingOf(directory: string, place: string): Promise<PathMapping | null> {
  try {
    const body = createReadStream(path.join(directory, place));
    const read = await readGzipMember(body, { limitBytes: digestBytesMax, keep: true });
    const digest = parseDigest(read.content ?? Buffer.alloc(0));
    const key = digest.digestS3Object.split('/');
    const file = place.split('/');
    let common = 0;
    while (
      common < Math.min(key.length, file.length) &&
      key.at(-1 - common) === file.at(-1 - common)
    ) {
      common++;
    }
    if (common === 0) return null;
    const above = key.slice(0, key.length - common);
    return {
      bucket: digest.digestS3Bucket,
      keyPrefix: above.length === 0 ? '' : `${above.join('/')}/`,
      directory: path.join(directory, ...file.slice(0, file.length - common)),
    };
  } catch {
    return null; // not readable as a digest: the next one may be
  }
}
