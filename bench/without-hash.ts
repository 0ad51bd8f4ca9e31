import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before keymeter's code, for one side of the benchmark only: worker threads then give every
 * content the same SHA-256, so that its share of the time shows. The product has no such switch.
 */
if (!isMainThread) {
  crypto.hash = (() => '0'.repeat(64)) as unknown as typeof crypto.hash;
  syncBuiltinESMExports();
}
