import type { S3Client } from '@aws-sdk/client-s3';

import { KeymeterError } from '../../core/errors.ts';
import { pathRules } from './plan.ts';
import { createS3Client, opening, resolveRegion } from './s3-client.ts';
import { faultOf, toKeymeterError } from './s3-errors.ts';
import { listPage, type ListPage, type ListRequest } from './s3-list.ts';
import { concurrencyDefault, tuningOf } from './s3-settings.ts';
import { walkS3 } from './s3-walk.ts';
import type {
  ListedObject,
  ListFilter,
  Listing,
  ReaderConfig,
  Source,
  SourceOptions,
} from './source.ts';

/**
 * Opens `s3://bucket[/prefix]`. The prefix is a folder, with or without its last slash, or one object.
 * Throws KeymeterError: source_invalid, source_not_found, bucket_denied, bucket_not_found,
 * bucket_invalid, bucket_unreachable, credentials_missing, credentials_expired.
 */
export async function openS3Source(spec: string, options: SourceOptions): Promise<Source> {
  const { bucket, prefix } = parseS3Spec(spec);
  const region = await resolveRegion(options, bucket);
  const settings = { ...options, region };
  const client = createS3Client(settings);
  const first = createS3Client(opening(settings));
  const named = await findNamed(first, opening(settings), bucket, prefix).finally(() =>
    first.destroy(),
  );
  return new S3Source(spec, client, { source: 's3', ...settings }, bucket, named);
}

/** A list answer holds 1,000 objects: more requests at once would only wait for their reader. */
const listsAtOnceMost = 16;

/** What the prefix names: a folder (empty, or ending in `/`), or one object. */
type Named = { folder: string } | { object: ListedObject };

class S3Source implements Source {
  readonly description: string;
  readonly reader: ReaderConfig;
  readonly #client: S3Client;
  readonly #options: SourceOptions;
  readonly #bucket: string;
  readonly #named: Named;

  constructor(
    spec: string,
    client: S3Client,
    reader: Extract<ReaderConfig, { source: 's3' }>,
    bucket: string,
    named: Named,
  ) {
    this.description = spec;
    this.reader = reader;
    this.#client = client;
    this.#options = reader;
    this.#bucket = bucket;
    this.#named = named;
  }

  async *list(filter: ListFilter, signal: AbortSignal): AsyncGenerator<Listing, void> {
    if ('object' in this.#named) {
      signal.throwIfAborted();
      yield this.#named.object;
      return;
    }
    yield* walkS3(
      {
        client: this.#client,
        bucket: this.#bucket,
        prefix: this.#named.folder,
        rules: pathRules(filter),
        patience: tuningOf(this.#options),
        concurrency: Math.min(listsAtOnceMost, this.#options.concurrency ?? concurrencyDefault),
      },
      signal,
    );
  }
}

export function parseS3Spec(spec: string): { bucket: string; prefix: string } {
  const found = /^s3:\/\/([^/\s]+)(?:\/(.*))?$/su.exec(spec);
  if (!found?.[1]) {
    throw new KeymeterError('source_invalid', `"${spec}" is no S3 address`, {
      fix: 'write s3://bucket or s3://bucket/prefix',
    });
  }
  return { bucket: found[1], prefix: found[2] ?? '' };
}

/** The first request: shows whether bucket, credentials and prefix are good, before any work starts. */
async function findNamed(
  client: S3Client,
  options: SourceOptions,
  bucket: string,
  prefix: string,
): Promise<Named> {
  const signal = new AbortController().signal;
  const list = async (request: Omit<ListRequest, 'bucket'>): Promise<ListPage> => {
    try {
      return await listPage(client, { bucket, ...request }, tuningOf(options), signal);
    } catch (error) {
      throw toKeymeterError(error, faultOf(error), bucket);
    }
  };
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const inside = await list({ prefix: folder, delimiter: '/' });
  if (prefix === '' || inside.objects.length + inside.folders.length > 0) return { folder };
  const beside = await list({ prefix, delimiter: '/' });
  const object = beside.objects.find(({ key }) => key === prefix);
  if (object) return { object };
  const near = [...beside.folders, ...beside.objects.map(({ key }) => key)].slice(0, 3);
  throw new KeymeterError('source_not_found', `bucket "${bucket}" has nothing at "${prefix}"`, {
    fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'check the prefix (case counts)',
  });
}
