import { ObjectError } from '../ingest/sources/source.ts';
import { readStored } from './digest-check.ts';
import type { DigestLogFile } from './digest-file.ts';
import type { DigestStore, ObjectIdentity } from './digest-store.ts';
import type { FileStatus } from './verdict.ts';

/** A compressed log of some megabytes is large; a bomb ends here. */
const logBytesMax = 8 * 2 ** 30;

/**
 * Hash of the uncompressed bytes of a file that was read before, or undefined when it has to be read:
 * never read, changed since, or read by something that would not have noticed data behind the first
 * gzip member. Whoever answers vouches that the file is still the one that was read.
 */
export type KnownHashes = (bucket: string, key: string) => Promise<{ sha256: string } | undefined>;

/**
 * Takes hashes from the ledger as long as the object's version (ETag, or mtime of a local copy) is the
 * one that was ingested: one HEAD in place of a download. `lookup` must answer only for objects that
 * were read to their end as a single gzip member.
 */
export function hashesFromLedger(
  store: DigestStore,
  lookup: (object: ObjectIdentity) => Promise<{ sha256: string } | undefined>,
): KnownHashes {
  return async (bucket, key) => {
    try {
      const object = await store.identify(bucket, key);
      return object && (await lookup(object));
    } catch (error) {
      if (error instanceof ObjectError) return undefined; // the read that follows says what is wrong
      throw error;
    }
  };
}

export interface LogFinding {
  status: FileStatus;
  reason: string;
  sha256: string | null;
  from_ledger: boolean;
}

/** Compares one log file with what its digest says of it. */
export async function checkLogFile(
  store: DigestStore,
  file: DigestLogFile,
  knownHashes: KnownHashes | undefined,
): Promise<LogFinding> {
  const expected = file.hashValue.toLowerCase();
  if (file.hashAlgorithm !== 'SHA-256') {
    return finding('not_verifiable', `unknown hash algorithm ${file.hashAlgorithm}`);
  }
  const known = await knownHashes?.(file.s3Bucket, file.s3Object);
  // A hash that differs is not taken on trust: the bytes show whether and how the file was changed.
  if (known?.sha256.toLowerCase() === expected) {
    return { status: 'valid', reason: '', sha256: expected, from_ledger: true };
  }
  const at = { bucket: file.s3Bucket, key: file.s3Object };
  const read = await readStored(store, at, { limitBytes: logBytesMax });
  if ('status' in read) return finding(read.status, read.reason);
  if (read.trailing_data) {
    return finding('trailing_data', 'data follows the gzip member', read.sha256);
  }
  if (read.sha256 !== expected) {
    return finding('invalid_hash', `the digest names the hash ${expected}`, read.sha256);
  }
  return finding('valid', '', read.sha256);
}

function finding(status: FileStatus, reason: string, sha256: string | null = null): LogFinding {
  return { status, reason, sha256, from_ledger: false };
}
