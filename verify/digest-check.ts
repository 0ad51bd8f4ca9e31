import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../core/errors.ts';
import { ObjectError } from '../ingest/sources/source.ts';
import type { Digest } from './digest-file.ts';
import { hasValidSignature, parseDigest } from './digest-file.ts';
import type { DigestStore } from './digest-store.ts';
import { GzipError, readGzipMember } from '../ingest/gzip-member.ts';
import type { GzipContent } from '../ingest/gzip-member.ts';
import type { PublicKeys } from './public-keys.ts';
import type { FileStatus, Outcome } from './verdict.ts';
import { fileOutcome } from './verdict.ts';

/** A digest of an hour with 300 files is about 150 KB; this leaves room for very busy accounts. */
const digestBytesMax = 64 * 2 ** 20;
const attemptsMax = 4;
const firstDelayMs = 200;

/** Why a file cannot be judged by its content. */
export interface Finding {
  status: FileStatus;
  reason: string;
}

export type FileContent = GzipContent & { metadata: Record<string, string> | null };

/**
 * Opens and reads one gzip file; transient failures are tried again. Never rejects for what is wrong
 * with the file or the access to it: that is a finding.
 */
export async function readStored(
  store: DigestStore,
  at: { bucket: string; key: string },
  options: { limitBytes: number; keep?: boolean },
): Promise<FileContent | Finding> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { body, metadata } = await store.open(at.bucket, at.key);
      return { ...(await readGzipMember(body, options)), metadata };
    } catch (error) {
      if (error instanceof GzipError) return { status: 'invalid_format', reason: error.message };
      if (!(error instanceof ObjectError)) throw error;
      if (error.errorClass === 'gone') return { status: 'missing', reason: 'not found' };
      if (error.errorClass !== 'transient' || attempt === attemptsMax) {
        return { status: 'unreadable', reason: messageOf(error) };
      }
      await sleep(firstDelayMs * 2 ** (attempt - 1));
    }
  }
}

export interface DigestContent {
  digest: Digest;
  content: Buffer;
  sha256: string;
  trailing_data: boolean;
  metadata: Record<string, string> | null;
}

/** A digest as read, or why there is none. */
export async function readDigest(
  store: DigestStore,
  at: { bucket: string; key: string },
): Promise<DigestContent | Finding> {
  const read = await readStored(store, at, { limitBytes: digestBytesMax, keep: true });
  if ('status' in read) return read;
  const content = read.content ?? Buffer.alloc(0);
  try {
    return { ...read, content, digest: parseDigest(content) };
  } catch (error) {
    return { status: 'invalid_format', reason: `no digest: ${messageOf(error)}` };
  }
}

/** What a newer digest says of the one before it. */
export interface DigestLink {
  bucket: string;
  key: string;
  /** Proves itself against the public key, so it is good from an unproven digest too. */
  signature: string | null;
  /** Null from an unproven digest, where it would prove nothing. */
  sha256: string | null;
}

export interface JudgedDigest extends Finding {
  outcome: Outcome;
  digest: Digest | null;
  /** The content is CloudTrail's, at the place it was delivered to, and what its successor names. */
  isProven: boolean;
}

export interface JudgeContext {
  publicKeys: PublicKeys;
  /** Regions whose keys may have signed: the digest's own, then the trail's home. */
  regions: readonly string[];
  isBackfill: boolean;
  /** Range of the whole chain in milliseconds, so that keys are asked for once. */
  keysFrom: number;
  keysTo: number;
}

/** Judges one digest that was read from `at`. `link` is what the next newer one says of it, if any. */
export async function judgeDigest(
  read: DigestContent | Finding,
  at: { bucket: string; key: string },
  link: DigestLink | null,
  context: JudgeContext,
): Promise<JudgedDigest> {
  if ('status' in read) {
    return { ...read, outcome: fileOutcome(read.status), digest: null, isProven: false };
  }
  const { digest } = read;
  const judged = (status: FileStatus, reason: string, outcome = fileOutcome(status)) => ({
    status,
    reason,
    outcome,
    digest,
    isProven: status === 'valid' || status === 'trailing_data',
  });

  if (digest.digestS3Bucket !== at.bucket || digest.digestS3Object !== at.key) {
    const origin = `s3://${digest.digestS3Bucket}/${digest.digestS3Object}`;
    return judged('moved', `it was delivered to ${origin}`);
  }
  const signature = signatureOf(read, link, context.isBackfill);
  if (typeof signature !== 'string') return judged(signature.status, signature.reason);
  const publicKey = await findKey(read, context);
  if (!publicKey) {
    const { isComplete } = context.publicKeys;
    return judged(
      'unknown_key',
      `no public key has the fingerprint ${digest.digestPublicKeyFingerprint}` +
        (isComplete ? ` in ${context.regions.join(', ')}` : ' in the saved key file'),
      isComplete ? 'invalid' : 'not_verifiable',
    );
  }
  if (!hasValidSignature(digest, read.content, signature, publicKey)) {
    return judged('bad_signature', 'the signature does not belong to this content and place');
  }
  if (link?.sha256 && link.sha256.toLowerCase() !== read.sha256) {
    return judged('invalid_hash', `its successor names the hash ${link.sha256}`);
  }
  if (read.trailing_data) return judged('trailing_data', 'data follows the gzip member');
  return judged('valid', '');
}

/**
 * The signature lies in the object's metadata. A local copy has lost it, but the next newer digest
 * repeats it.
 */
function signatureOf(
  { metadata }: DigestContent,
  link: DigestLink | null,
  isBackfill: boolean,
): string | Finding {
  if (metadata === null) {
    return (
      link?.signature ?? {
        status: 'not_verifiable',
        reason:
          'its signature is in S3 metadata that the copy lacks, and no newer digest repeats it',
      }
    );
  }
  const { signature, 'signature-algorithm': algorithm } = metadata;
  if (!signature) return { status: 'bad_signature', reason: 'the metadata holds no signature' };
  if (algorithm !== 'SHA256withRSA') {
    return { status: 'bad_signature', reason: `the algorithm is ${algorithm ?? 'not named'}` };
  }
  if (isBackfill && backfilledAt(metadata) === null) {
    return { status: 'invalid_format', reason: 'a backfill digest without its generation time' };
  }
  return signature;
}

function backfilledAt(metadata: Record<string, string> | null): number | null {
  const at = Date.parse(metadata?.['backfill-generation-timestamp'] ?? '');
  return Number.isNaN(at) ? null : at;
}

const hourMs = 3_600_000;

/** A backfill digest is signed when it is made, long after its period: its key is of that time. */
function findKey({ digest, metadata }: DigestContent, context: JudgeContext) {
  const madeAt = context.isBackfill ? backfilledAt(metadata) : null;
  return context.publicKeys.find(digest.digestPublicKeyFingerprint, {
    regions: context.regions,
    from: madeAt === null ? context.keysFrom : madeAt - hourMs,
    to: madeAt === null ? context.keysTo : madeAt + hourMs,
  });
}
