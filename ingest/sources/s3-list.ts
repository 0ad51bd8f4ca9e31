import { ListObjectsV2Command, type ListObjectsV2Output, type S3Client } from '@aws-sdk/client-s3';

import { backOff } from './back-off.ts';
import { faultOf, isSpent } from './s3-errors.ts';
import type { ListedObject } from './source.ts';

/** One page of at most 1,000 names. */
export interface ListPage {
  objects: ListedObject[];
  /** Common prefixes, ending in `/`; empty without delimiter. */
  folders: string[];
  /** Token of the next page; undefined on the last. */
  next: string | undefined;
}

export interface ListRequest {
  bucket: string;
  prefix: string;
  delimiter?: '/';
  token?: string | undefined;
  /** Names after this one only; S3 heeds it on the first page. */
  startAfter?: string | undefined;
}

export interface Patience {
  maxAttempts: number;
  retryBaseMs: number;
}

/** Whole tries of a page whose answer came broken. */
const triesMost = 4;

/** Lists one page, and again when the answer is broken: the SDK retries only what got no answer. */
export async function listPage(
  client: S3Client,
  request: ListRequest,
  patience: Patience,
  signal: AbortSignal,
): Promise<ListPage> {
  for (let failed = 0; ; failed++) {
    try {
      return await listOnce(client, request, signal);
    } catch (error) {
      const fault = faultOf(error, signal);
      const retry = fault === 'transient' || fault === 'slow_down';
      if (!retry || failed + 1 >= triesMost || isSpent(error, patience.maxAttempts)) throw error;
      await backOff(patience.retryBaseMs, failed, signal);
    }
  }
}

async function listOnce(
  client: S3Client,
  { bucket, prefix, delimiter, token, startAfter }: ListRequest,
  signal: AbortSignal,
): Promise<ListPage> {
  const answer = await client.send(
    new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      Delimiter: delimiter,
      ContinuationToken: token,
      StartAfter: startAfter,
      MaxKeys: 1_000,
      // Keys may hold characters that XML can't carry (a control character, a lone line end).
      EncodingType: 'url',
    }),
    { abortSignal: signal },
  );
  return readAnswer(answer, bucket, token);
}

function readAnswer(
  answer: ListObjectsV2Output,
  bucket: string,
  token: string | undefined,
): ListPage {
  const decode = answer.EncodingType === 'url' ? decodeKey : (key: string) => key;
  const contents = answer.Contents ?? [];
  const folders = (answer.CommonPrefixes ?? []).map(({ Prefix }) =>
    decode(required(Prefix, 'Prefix')),
  );
  // An answer cut short may still be well-formed to a lenient parser: hold it to its own figures.
  if (answer.KeyCount !== undefined && answer.KeyCount !== contents.length + folders.length) {
    throw new Error(
      `list answer names ${answer.KeyCount} keys and holds ${contents.length + folders.length}`,
    );
  }
  if (answer.IsTruncated === undefined) throw new Error('list answer without IsTruncated');
  const next = answer.IsTruncated
    ? required(answer.NextContinuationToken, 'NextContinuationToken')
    : undefined;
  if (next !== undefined && next === token)
    throw new Error('list answer repeats its continuation token');
  const objects = contents.map((found): ListedObject => ({
    source: 's3',
    bucket,
    key: decode(required(found.Key, 'Key')),
    version: required(found.ETag, 'ETag').replaceAll('"', ''),
    size_bytes: found.Size ?? 0,
    last_modified_at: found.LastModified?.getTime() ?? 0,
  }));
  return { objects, folders, next };
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

function required(value: string | undefined, field: string): string {
  if (value === undefined) throw new Error(`list answer without ${field}`);
  return value;
}
