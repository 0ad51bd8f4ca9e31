import type { DigestStore } from './digest-store.ts';
import type { KnownHashes } from './log-check.ts';
import type { PublicKeys } from './public-keys.ts';
import type { ScopeFilter } from './scopes.ts';

export interface VerifyOptions extends ScopeFilter {
  store: DigestStore;
  publicKeys: PublicKeys;
  /**
   * Milliseconds, half-open. Without `from` a chain is followed to the oldest digest that is listed,
   * without `to` it begins at the newest: digests deleted from that end are then not missed.
   */
  from?: number | undefined;
  to?: number | undefined;
  knownHashes?: KnownHashes | undefined;
  /** Log files in work at one time; 16 when absent. */
  concurrency?: number | undefined;
}
