import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

export interface StaticFile {
  body: Uint8Array<ArrayBuffer>;
  /** The same compressed, for who accepts it; null where that saves nothing. */
  gzipped: Uint8Array<ArrayBuffer> | null;
  type: string;
  etag: string;
  /** Its name holds a hash of its content, so it never changes. */
  immutable: boolean;
}

/**
 * The built web app by URL path, read once at start: a request picks from this map and is never
 * joined to a path.
 */
export function loadStaticFiles(directory: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  if (!existsSync(directory)) return files;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const type = types[path.extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = path.join(entry.parentPath, entry.name);
    const url = `/${path.relative(directory, file).split(path.sep).join('/')}`;
    const body = new Uint8Array(readFileSync(file));
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 32);
    const immutable = url.startsWith('/assets/');
    const packed = new Uint8Array(gzipSync(body));
    const gzipped = packed.length < body.length ? packed : null;
    files.set(url, { body, gzipped, type, etag: `"${hash}"`, immutable });
  }
  return files;
}
