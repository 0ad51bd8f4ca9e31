import { createHash } from 'node:crypto';
import type { Context } from 'hono';

/** A strong entity tag of everything that an answer depends on. */
export function etagOf(parts: readonly unknown[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `"${hash.slice(0, 32)}"`;
}

/** True when the client holds this version already (weak comparison, RFC 9110 13.1.2). */
export function notModified(c: Context, etag: string): boolean {
  const held = c.req.header('if-none-match');
  if (held === undefined) return false;
  return held
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*');
}
