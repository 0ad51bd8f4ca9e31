import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { messageOf } from '../../core/errors.ts';
import type { ObjectErrorClass } from '../sources/source.ts';
import { ObjectError } from '../sources/source.ts';
import type { DigestStore, StoredObject } from './digest-store.ts';

export interface S3StoreOptions {
  bucket: string;
  /** As in s3://bucket/prefix. */
  prefix: string;
  region?: string | undefined;
  endpoint?: string | undefined;
  pathStyle?: boolean | undefined;
}

const pagesMax = 1_000_000;

/** Digests and logs where CloudTrail delivered them. Buckets in other Regions are followed. */
export function s3DigestStore(options: S3StoreOptions, client = clientOf(options)): DigestStore {
  return {
    description: `s3://${options.bucket}/${options.prefix}`,
    roots: [{ bucket: options.bucket, prefix: options.prefix }],
    async folders(bucket, prefix) {
      const names: string[] = [];
      for await (const page of pages(client, { Bucket: bucket, Prefix: prefix, Delimiter: '/' })) {
        for (const common of page.CommonPrefixes ?? []) {
          names.push((common.Prefix ?? '').slice(prefix.length, -1));
        }
      }
      return names;
    },
    async *keys(bucket, prefix, startAfter) {
      const input = { Bucket: bucket, Prefix: prefix, StartAfter: startAfter };
      for await (const page of pages(client, input)) {
        for (const object of page.Contents ?? []) if (object.Key) yield object.Key;
      }
    },
    async open(bucket, key): Promise<StoredObject> {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (!answer.Body) throw new ObjectError('transient', 'the answer has no body');
        const body = answer.Body as AsyncIterable<Uint8Array>;
        return { body: withObjectErrors(body), metadata: answer.Metadata ?? {} };
      } catch (error) {
        throw objectErrorOf(error, `s3://${bucket}/${key}`);
      }
    },
    async identify(bucket, key) {
      try {
        const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        const version = (head.ETag ?? '').replaceAll('"', '');
        return { source: 's3', bucket, key, version };
      } catch (error) {
        const wrapped = objectErrorOf(error, `s3://${bucket}/${key}`);
        if (wrapped.errorClass === 'gone') return undefined;
        throw wrapped;
      }
    },
    close: () => client.destroy(),
  };
}

function clientOf(options: S3StoreOptions): S3Client {
  return new S3Client({
    followRegionRedirects: true,
    forcePathStyle: options.pathStyle ?? false,
    // The SDK has no time limit of its own: a stalled body would hang the run.
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 60_000 },
    ...(options.region ? { region: options.region } : {}),
    ...(options.endpoint ? { endpoint: options.endpoint } : {}),
  });
}

type ListInput = {
  Bucket: string;
  Prefix: string;
  Delimiter?: string;
  StartAfter?: string | undefined;
};

async function* pages(client: S3Client, input: ListInput) {
  let ContinuationToken: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const command = new ListObjectsV2Command({
      ...input,
      ...(ContinuationToken ? { ContinuationToken } : {}),
    });
    const answer = await client.send(command).catch((error: unknown) => {
      throw objectErrorOf(error, `list of s3://${input.Bucket}/${input.Prefix}`);
    });
    yield answer;
    ContinuationToken = answer.NextContinuationToken;
    if (!ContinuationToken) return;
  }
}

/** The SDK does not retry a body that breaks: such an error is transient, not a verdict. */
async function* withObjectErrors(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw new ObjectError('transient', messageOf(error), error);
  }
}

const classes: Record<string, ObjectErrorClass> = {
  NoSuchKey: 'gone',
  NotFound: 'gone',
  NoSuchBucket: 'gone',
  AccessDenied: 'denied',
  Forbidden: 'denied',
  InvalidObjectState: 'unreadable', // archived: has to be restored first
};

function objectErrorOf(error: unknown, place: string): ObjectError {
  if (error instanceof ObjectError) return error;
  const name = error instanceof Error ? error.name : '';
  const errorClass = classes[name] ?? 'transient';
  return new ObjectError(errorClass, `${place}: ${name}: ${messageOf(error)}`, error);
}
