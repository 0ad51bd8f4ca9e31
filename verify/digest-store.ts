/** One object, opened for reading. */
export interface StoredObject {
  body: AsyncIterable<Uint8Array>;
  /**
   * S3 user metadata, names in lower case without `x-amz-meta-`; null for a local copy without a
   * sidecar, where the metadata is not lost to tampering but was never copied.
   */
  metadata: Record<string, string> | null;
}

/** An object as the ledger knows it: what ListedObject says of it now. */
export interface ObjectIdentity {
  source: 's3' | 'local';
  bucket: string;
  key: string;
  version: string;
}

/**
 * Where digests and logs lie. Buckets and keys are those that CloudTrail delivered to, also when the
 * files are a local copy.
 */
export interface DigestStore {
  /** For messages. */
  readonly description: string;
  /** Where to look for `AWSLogs/`: bucket and the prefix that the user named. */
  readonly roots: readonly { bucket: string; prefix: string }[];
  /** Names directly under a prefix that ends in `/` (or is empty), without their slash; sorted. */
  folders(bucket: string, prefix: string): Promise<string[]>;
  /** Keys under a prefix in the order of their bytes, those after `startAfter`. */
  keys(bucket: string, prefix: string, startAfter?: string): AsyncIterable<string>;
  /** Rejects with ObjectError: `gone` when there is no such object. */
  open(bucket: string, key: string): Promise<StoredObject>;
  /** The object as the ledger would know it now, without reading it; undefined when it is gone. */
  identify(bucket: string, key: string): Promise<ObjectIdentity | undefined>;
  close(): void;
}
