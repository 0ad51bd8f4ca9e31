import type { DigestStore } from '../verify/digest-store.ts';
import { hashesFromLedger, type KnownHashes } from '../verify/log-check.ts';
import type { Engine } from '../store/engine.ts';

/**
 * An object without a warning was read to its end as one gzip member (other content has a class in the
 * ledger); only such a hash may stand for a download.
 */
const hashSql = `
  SELECT content_sha256 FROM ingest_objects
  WHERE source = $source AND bucket = $bucket AND key = $key AND version = $version
    AND status IN ('ok', 'empty') AND error_class IS NULL AND content_sha256 IS NOT NULL
  ORDER BY object_no DESC LIMIT 1`;

/** Hashes that the ledger holds for a store's objects, each bound to the version it was read in. */
export function ledgerHashes(engine: Engine): (store: DigestStore) => KnownHashes {
  return (store) =>
    hashesFromLedger(store, async ({ source, bucket, key, version }) => {
      // A name without .gz may have been read as plain JSON, which no digest vouches for.
      if (!key.endsWith('.gz')) return undefined;
      const [row] = await engine.rows(hashSql, {
        source,
        bucket: source === 's3' ? bucket : '',
        key,
        version,
      });
      return row ? { sha256: String(row['content_sha256']) } : undefined;
    });
}
