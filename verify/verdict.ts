import type { ChainKind } from './digest-key.ts';

/**
 * What a verdict means for the evidence. `invalid`: something was changed, moved or taken away;
 * `not_verifiable`: nothing wrong was seen, and nothing is proven either.
 */
export type Outcome = 'valid' | 'invalid' | 'not_verifiable';

/**
 * What was found about one file.
 * - `valid`: the digest's signature, or the log file's hash in a valid digest, holds.
 * - `invalid_hash`: the uncompressed bytes are not those that the digest names.
 * - `missing`: a digest names the file and it is gone, or a digest must have existed and is not there.
 * - `moved`: the digest lies elsewhere than it was delivered to.
 * - `bad_signature`: the signature is absent, malformed or not CloudTrail's.
 * - `trailing_data`: something follows the gzip member that the digest describes.
 * - `invalid_format`: no gzip, or no digest inside.
 * - `unknown_key`: no public key has the digest's fingerprint.
 * - `unlisted`: a log file that no digest of the range names.
 * - `unreadable`: no permission, or the storage failed; says nothing about the content.
 * - `not_verifiable`: there is nothing to check the file against.
 */
export type FileStatus =
  | 'valid'
  | 'invalid_hash'
  | 'missing'
  | 'moved'
  | 'bad_signature'
  | 'trailing_data'
  | 'invalid_format'
  | 'unknown_key'
  | 'unlisted'
  | 'unreadable'
  | 'not_verifiable';

/**
 * What is proven about one digest period. `whole`: every file delivered in it is here, unchanged;
 * `empty`: proven that none was delivered; `broken`: a digest or file is changed or gone;
 * `no_digest`: CloudTrail made no digest, so nothing can be proven.
 */
export type HourStatus = 'whole' | 'empty' | 'broken' | 'not_verifiable' | 'no_digest';

/** The chain a verdict belongs to. `trail` is `name_homeRegion`, empty when no trail is known. */
export interface ChainName {
  account_id: string;
  region: string;
  trail: string;
  chain: ChainKind;
}

interface FileVerdict extends ChainName {
  status: FileStatus;
  outcome: Outcome;
  bucket: string;
  /** Empty when the name of a missing digest cannot be known. */
  key: string;
  /** One sentence on why; empty for a valid file. Names from the bucket in it are untrusted text. */
  reason: string;
}

export interface DigestVerdict extends FileVerdict {
  kind: 'digest';
  /** ISO instants of the period; null where the digest could not be read. */
  digest_from: string | null;
  digest_to: string | null;
  log_files: number | null;
  /** True for a digest without a previous one: validation began, or began again, with it. */
  is_starting_digest: boolean;
}

export interface LogVerdict extends FileVerdict {
  kind: 'log';
  /** The digest that names the file; empty for an unlisted file. */
  digest_key: string;
  /** Hash of the uncompressed bytes as found; null when they were not read to the end. */
  sha256: string | null;
  /** True when the hash came from the ledger and the file was not read again. */
  from_ledger: boolean;
}

/**
 * One row for each digest period, and for each stretch of the range without a digest, of one chain:
 * what a coverage analysis reads. A period counts files by delivery, not by the time of their events.
 */
export interface HourVerdict extends ChainName {
  kind: 'hour';
  /** ISO instants, half-open. Digest periods are an hour long but do not begin on the hour. */
  hour_from: string;
  hour_to: string;
  status: HourStatus;
  outcome: Outcome;
  log_files: number;
  /** Empty without a digest. */
  digest_key: string;
}

export type Verdict = DigestVerdict | LogVerdict | HourVerdict;

const fileOutcomes: Record<FileStatus, Outcome> = {
  valid: 'valid',
  invalid_hash: 'invalid',
  missing: 'invalid',
  moved: 'invalid',
  bad_signature: 'invalid',
  trailing_data: 'invalid',
  invalid_format: 'invalid',
  unknown_key: 'invalid',
  unlisted: 'not_verifiable',
  unreadable: 'not_verifiable',
  not_verifiable: 'not_verifiable',
};

const hourOutcomes: Record<HourStatus, Outcome> = {
  whole: 'valid',
  empty: 'valid',
  broken: 'invalid',
  not_verifiable: 'not_verifiable',
  no_digest: 'not_verifiable',
};

export function fileOutcome(status: FileStatus): Outcome {
  return fileOutcomes[status];
}

export function hourOutcome(status: HourStatus): Outcome {
  return hourOutcomes[status];
}

/** The worse of two outcomes: invalid before not_verifiable before valid. */
export function worse(a: Outcome, b: Outcome): Outcome {
  const order: readonly Outcome[] = ['valid', 'not_verifiable', 'invalid'];
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
