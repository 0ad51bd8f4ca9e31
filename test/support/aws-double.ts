import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SigningKey, TrailObject } from './digest-trail.ts';
import { sha256 } from './digest-trail.ts';

/** S3 (path style) and CloudTrail on loopback, as far as log validation asks them. */
export interface AwsDouble {
  endpoint: string;
  /** `GET key`, `HEAD key`, `GET list`, `POST list` for ListPublicKeys. */
  requests: string[];
  /** Answers to give in place of an object, one after another: a status, or a body that breaks. '' is a list. */
  faults: Map<string, (number | 'cut')[]>;
  reset(objects: Map<string, TrailObject>): void;
  close(): void;
}

/** Lists come in pages of two names, public keys in pages of `keysPerPage`. */
export async function startAwsDouble(
  bucket: string,
  keys: readonly SigningKey[],
  keysPerPage = 1,
): Promise<AwsDouble> {
  let objects = new Map<string, TrailObject>();
  const requests: string[] = [];
  const faults = new Map<string, (number | 'cut')[]>();

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const key = decodeURIComponent(url.pathname.slice(bucket.length + 2));
    requests.push(`${request.method} ${key || 'list'}`);
    const target = request.headers['x-amz-target'];
    if (target?.toString().endsWith('ListPublicKeys'))
      return listPublicKeys(request, response, keys, keysPerPage);
    response.setHeader('content-type', 'application/xml');
    if (url.searchParams.has('location')) {
      return response.end('<LocationConstraint>eu-west-1</LocationConstraint>');
    }
    const refusal = key === '' ? faults.get('')?.shift() : undefined;
    if (typeof refusal === 'number') return response.writeHead(refusal).end();
    if (key === '') return response.end(listing(objects, url.searchParams));

    const object = objects.get(key);
    const fault = request.method === 'GET' ? faults.get(key)?.shift() : undefined;
    if (typeof fault === 'number' || !object) {
      const status = typeof fault === 'number' ? fault : 404;
      const code = { 403: 'AccessDenied', 404: 'NoSuchKey' }[status] ?? 'ServiceUnavailable';
      return response
        .writeHead(status)
        .end(`<Error><Code>${code}</Code><Message>m</Message></Error>`);
    }
    for (const [name, value] of Object.entries(object.metadata)) {
      response.setHeader(`x-amz-meta-${name}`, value);
    }
    response.setHeader('etag', `"${sha256(object.bytes)}"`);
    response.setHeader('content-length', object.bytes.length);
    if (request.method === 'HEAD') return response.end();
    if (fault !== 'cut') return response.end(object.bytes);
    return response.write(object.bytes.subarray(0, 20), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    reset(given) {
      objects = given;
      requests.length = 0;
      faults.clear();
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listPublicKeys(
  request: IncomingMessage,
  response: ServerResponse,
  keys: readonly SigningKey[],
  perPage: number,
): void {
  let text = '';
  request.on('data', (chunk) => (text += chunk));
  request.on('end', () => {
    const first = Number((JSON.parse(text) as { NextToken?: string }).NextToken ?? 0);
    const page = keys.slice(first, first + perPage).map(({ value, fingerprint }) => ({
      Value: value,
      Fingerprint: fingerprint,
      ValidityStartTime: 1_700_000_000,
    }));
    const next = first + perPage;
    const more = next < keys.length ? { NextToken: String(next) } : {};
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ PublicKeyList: page, ...more }));
  });
}

/** ListObjects in both versions. */
function listing(objects: Map<string, TrailObject>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter');
  const after =
    query.get('continuation-token') ?? query.get('start-after') ?? query.get('marker') ?? '';
  const names = [...objects.keys()]
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const slash = delimiter ? key.indexOf('/', prefix.length) : -1;
      return slash < 0 ? key : key.slice(0, slash + 1);
    });
  const all = [...new Set(names)].filter((name) => name > after).sort();
  const page = all.slice(0, 2);
  const isCut = page.length < all.length;
  const rows = page.map((name) =>
    name.endsWith('/')
      ? `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`
      : `<Contents><Key>${name}</Key><ETag>"e"</ETag><Size>1</Size></Contents>`,
  );
  const last = page.at(-1);
  const next = isCut
    ? `<NextContinuationToken>${last}</NextContinuationToken><NextMarker>${last}</NextMarker>`
    : '';
  return (
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${isCut}</IsTruncated>` +
    `${rows.join('')}${next}</ListBucketResult>`
  );
}
