import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { KeymeterError } from '../core/errors.ts';

/** 32 random bytes as base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The token kept in a file that only its owner reads; made at the first start. Throws KeymeterError
 * `token_invalid` when the file holds something shorter.
 */
export function loadOrCreateToken(file: string): string {
  if (existsSync(file)) {
    const token = readFileSync(file, 'utf8').trim();
    if (!/^[A-Za-z0-9_-]{32,512}$/.test(token)) {
      throw new KeymeterError('token_invalid', `${file} holds no token`, {
        fix: 'delete the file; the next start makes a new one',
      });
    }
    chmodSync(file, 0o600);
    return token;
  }
  const token = newToken();
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}
