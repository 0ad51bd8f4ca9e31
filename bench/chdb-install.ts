import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const chdbVersion = '3.4.0';

/**
 * Installs chDB into `folder` (half a gigabyte, so it is no dependency of the project). Null, said aloud,
 * when it cannot be had.
 */
export function installChdb(folder: string): string | null {
  if (existsSync(path.join(folder, 'node_modules/chdb/package.json'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund', `chdb@${chdbVersion}`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return folder;
  } catch (error) {
    console.warn(`SKIP: chDB cannot be installed here, its sides are left out: ${String(error)}`);
    return null;
  }
}
