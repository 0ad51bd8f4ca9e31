import { verifyRegion } from './region.ts';
import { findScopes } from './scopes.ts';
import type { Verdict } from './verdict.ts';
import type { VerifyOptions } from './verify-options.ts';

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
