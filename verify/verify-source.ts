import type { PublicKeys } from './public-keys.ts';
import type { DigestStore } from './digest-store.ts';
import type { KnownHashes } from './log-check.ts';
import { verifyRegion } from './region.ts';
import type { ScopeFilter } from './scopes.ts';
import { findScopes } from './scopes.ts';
import type { Verdict } from './verdict.ts';

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

/**
 * CloudTrail log integrity validation over every account, Region and trail of a source. For each chain,
 * newest first: a verdict for each digest, for each log file it names, and one row for each digest
 * period; then rows for stretches without digests and verdicts for log files that no digest names.
 *
 * Streams: memory holds the digest and log names of one account and Region, and the files in work.
 * Rejects only when a folder cannot be listed or public keys cannot be asked for.
 */
export async function* verifySource(options: VerifyOptions): AsyncGenerator<Verdict> {
  for await (const scope of findScopes(options.store, options)) {
    yield* verifyRegion(scope, options);
  }
}
