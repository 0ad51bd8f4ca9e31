import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/**
 * The folder of real logs that may stand beside the checkout (../shared/data), or null.
 * KEYMETER_SHARED_DATA names it elsewhere. Tests that need it say so when they skip.
 */
export const sharedData: string | null =
  [process.env['KEYMETER_SHARED_DATA'], beside].find((folder) => folder && existsSync(folder)) ??
  null;

export function sharedFile(...parts: string[]): string {
  if (!sharedData) throw new Error('shared data is not there; guard with skipIf(!sharedData)');
  return path.join(sharedData, ...parts);
}

if (!sharedData) {
  console.warn('SKIP: ../shared/data is not there; tests on real logs are skipped');
}
