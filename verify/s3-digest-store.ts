import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { createS3Client } from '../ingest/sources/s3-client.ts';
import { faultOf, toKeymeterError, toObjectError } from '../ingest/sources/s3-errors.ts';
import { listPage } from '../ingest/sources/s3-list.ts';
import type { ListPage, ListRequest } from '../ingest/sources/s3-list.ts';
import { tuningOf } from '../ingest/sources/s3-settings.ts';
import type { S3Config } from '../ingest/sources/s3-settings.ts';
import { ObjectError } from '../ingest/sources/source.ts';
import type { DigestStore, StoredObject } from './digest-store.ts';

/** A place as in s3://bucket/prefix, and how to reach it. */
export type S3Place = S3Config & { bucket: string; prefix: string };

const pagesMax = 1_000_000;

/**
 * Digests and logs where CloudTrail delivered them. A bucket that cannot be listed rejects with
 * KeymeterError: what is not listed must not look as if it were not there.
 */
export function s3DigestStore(place: S3Place, client = createS3Client(place)): DigestStore {
  const pages = (request: ListRequest) => pagesOf(client, request, place);
  return {
    description: `s3://${place.bucket}/${place.prefix}`,
    roots: [{ bucket: place.bucket, prefix: place.prefix }],
    async folders(bucket, prefix) {
      const names: string[] = [];
      for await (const page of pages({ bucket, prefix, delimiter: '/' })) {
        names.push(...page.folders.map((folder) => folder.slice(prefix.length, -1)));
      }
      return names;
    },
    async *keys(bucket, prefix, startAfter) {
      for await (const page of pages({ bucket, prefix, startAfter })) {
        for (const { key } of page.objects) yield key;
      }
    },
    async open(bucket, key): Promise<StoredObject> {
      const name = `s3://${bucket}/${key}`;
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (!answer.Body) throw new ObjectError('transient', `${name}: an answer without a body`);
        const body = answer.Body as AsyncIterable<Uint8Array>;
        return { body: withObjectErrors(body, name), metadata: answer.Metadata ?? {} };
      } catch (error) {
        throw objectErrorOf(error, name);
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

async function* pagesOf(
  client: S3Client,
  request: ListRequest,
  config: S3Config,
): AsyncGenerator<ListPage> {
  let token: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    let answer: ListPage;
    try {
      const { signal } = new AbortController();
      answer = await listPage(client, { ...request, token }, tuningOf(config), signal);
    } catch (error) {
      throw toKeymeterError(error, faultOf(error), request.bucket);
    }
    yield answer;
    token = answer.next;
    if (token === undefined) return;
  }
}

/** The SDK does not retry a body that breaks: such an error is transient, not a verdict. */
async function* withObjectErrors(
  body: AsyncIterable<Uint8Array>,
  name: string,
): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw objectErrorOf(error, name);
  }
}

function objectErrorOf(error: unknown, name: string): ObjectError {
  return error instanceof ObjectError ? error : toObjectError(error, faultOf(error), name);
}
