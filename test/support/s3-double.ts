import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

import { keyOfToken, listXml, type StoredObject } from './s3-double-listing.ts';

/**
 * An S3 server inside the test process, on loopback, path style, that fails on command. It checks no
 * signatures and was written beside the code it tests: it proves how faults are handled, not that real
 * S3 answers like this (s3-server.test.ts asks a real server).
 */
export type FaultKind =
  | 'slow_down'
  | 'error_500'
  | 'denied'
  | 'not_found'
  | 'archived'
  | 'expired_token'
  /** The answer of the fault's `answer`. */
  | 'answer'
  /** The connection is reset before any answer. */
  | 'reset'
  /** No answer at all. */
  | 'hang'
  /** Half the body, then a reset. */
  | 'reset_mid_body'
  /** Half the body, then silence. */
  | 'stall_mid_body'
  /** Half the body, then an orderly end of the connection. */
  | 'short_body'
  /** Half the body as a complete chunked answer: only the checksum tells. */
  | 'short_chunked'
  /** One bit of the body is flipped. */
  | 'flipped_bit'
  /** A list answer that ends in the middle of its XML. */
  | 'truncated_list'
  /** A list answer that is well-formed but holds one key less than it says. */
  | 'short_list';

export interface Fault {
  op: 'get' | 'list' | 'put';
  kind: FaultKind;
  /** Which keys (of a list: which prefixes); all when absent. */
  key?: RegExp;
  /** How often; for ever when absent. */
  times?: number;
  /** For the kind `answer`: status, code and message. */
  answer?: [status: number, code: string, message?: string];
  /** Only list pages asked for with a continuation token. */
  laterPages?: boolean;
}

export interface SeenRequest {
  op: Fault['op'] | 'head';
  bucket: string;
  /** The key, or the prefix of a list. */
  key: string;
  delimiter: string;
  /** Did the request bear a signature? */
  signed: boolean;
  /** The Region that the signature is made for. */
  region: string | undefined;
}

export class S3Double {
  readonly seen: SeenRequest[] = [];
  /** Hears every request before it is answered. */
  onRequest: ((request: IncomingMessage) => void) | undefined;
  /** Added to each answer. */
  latencyMs = 0;
  /** Named to those who ask for a bucket's head. */
  region: string | undefined;
  /** Largest number of keys in a list page. */
  pageKeysMost = 1_000;
  /** Most requests that were under way at once. */
  underWayMost = 0;
  /** Requests for such keys wait until this many were under way at once. */
  gate: { key: RegExp; underWay: number } | undefined;
  /** Answers SlowDown while more than this many GETs are under way. */
  getsAtOnceMost = Infinity;
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #sorted = new Map<string, string[]>();
  readonly #hidden = new Set<string>();
  readonly #faults: Fault[] = [];
  readonly #server: Server;
  #underWay = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#underWay += 1;
      this.underWayMost = Math.max(this.underWayMost, this.#underWay);
      response.on('close', () => (this.#underWay -= 1));
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(): Promise<S3Double> {
    const double = new S3Double();
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  createBucket(bucket: string): void {
    if (!this.#buckets.has(bucket)) this.#buckets.set(bucket, new Map());
  }

  put(bucket: string, key: string, bytes: Buffer | string = key): void {
    this.createBucket(bucket);
    const body = Buffer.from(bytes);
    const etag = createHash('md5').update(body).digest('hex');
    this.#buckets.get(bucket)?.set(key, { bytes: body, etag, modified_at: Date.now() });
    this.#sorted.delete(bucket);
  }

  delete(bucket: string, key: string): void {
    this.#buckets.get(bucket)?.delete(key);
    this.#sorted.delete(bucket);
  }

  /** Leaves a key out of listings, as a listing that lags behind would. */
  hide(bucket: string, key: string, hidden = true): void {
    if (hidden) this.#hidden.add(`${bucket}/${key}`);
    else this.#hidden.delete(`${bucket}/${key}`);
    this.#sorted.delete(bucket);
  }

  fault(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  clearFaults(): void {
    this.#faults.length = 0;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.onRequest?.(request);
    const url = new URL(request.url ?? '/', 'http://double');
    const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const authorization = request.headers.authorization;
    const region = authorization?.split('/')[2];
    const signed = authorization !== undefined;
    if (request.method === 'HEAD') {
      this.seen.push({ op: 'head', bucket, key: '', delimiter: '', signed, region });
      if (this.region) response.setHeader('x-amz-bucket-region', this.region);
      const object = this.#buckets.get(bucket)?.get(rest.join('/'));
      const headers = { etag: `"${object?.etag}"`, 'content-length': object?.bytes.length };
      response.writeHead(rest.join('') === '' || object ? 200 : 404, object ? headers : {}).end();
      return;
    }
    const op = request.method === 'PUT' ? 'put' : rest.join('') === '' ? 'list' : 'get';
    const key = op === 'list' ? (url.searchParams.get('prefix') ?? '') : rest.join('/');
    const token = url.searchParams.get('continuation-token') ?? '';
    const delimiter = url.searchParams.get('delimiter') ?? '';
    this.seen.push({ op, bucket, key, delimiter, signed, region });
    if (this.latencyMs > 0) await sleep(this.latencyMs);
    while (this.gate?.key.test(key) && this.underWayMost < this.gate.underWay) await sleep(1);
    const taken = this.#takeFault(op, key, token !== '');
    const fault = taken?.kind;
    if (taken?.answer) return sendError(response, ...taken.answer);
    if (op === 'get' && this.#underWay > this.getsAtOnceMost) {
      refuse(response, 'slow_down');
      return;
    }
    if (fault === 'hang') return;
    if (fault === 'reset') return void request.socket.resetAndDestroy();
    if (fault && refuse(response, fault)) return;
    const objects = this.#buckets.get(bucket);
    if (op === 'put') {
      this.put(bucket, key, unchunk(await bodyOf(request), request));
      response.setHeader('etag', `"${this.#buckets.get(bucket)?.get(key)?.etag}"`).end();
    } else if (!objects) {
      sendError(response, 404, 'NoSuchBucket');
    } else if (op === 'list') {
      const max = Number(url.searchParams.get('max-keys') ?? 1_000);
      const xml = listXml(
        this.#keys(bucket, objects),
        (name) => objects.get(name) as StoredObject,
        {
          bucket,
          prefix: key,
          delimiter,
          token: keyOfToken(token),
          max_keys: Math.min(max, this.pageKeysMost),
          encoded: url.searchParams.get('encoding-type') === 'url',
        },
      );
      sendList(response, xml, fault);
    } else {
      const object = objects.get(key);
      const wanted = request.headers['if-match'];
      if (!object) sendError(response, 404, 'NoSuchKey');
      else if (wanted && wanted !== `"${object.etag}"`)
        sendError(response, 412, 'PreconditionFailed');
      else await sendObject(response, object, fault);
    }
  }

  #keys(bucket: string, objects: Map<string, StoredObject>): string[] {
    let keys = this.#sorted.get(bucket);
    if (!keys) {
      keys = [...objects.keys()].filter((key) => !this.#hidden.has(`${bucket}/${key}`)).sort();
      this.#sorted.set(bucket, keys);
    }
    return keys;
  }

  #takeFault(op: Fault['op'], key: string, laterPage: boolean): Fault | undefined {
    const fault = this.#faults.find(
      (one) =>
        one.op === op &&
        (one.times ?? 1) > 0 &&
        (!one.key || one.key.test(key)) &&
        (!one.laterPages || laterPage),
    );
    if (fault?.times !== undefined) fault.times -= 1;
    return fault;
  }
}

const refusals: Partial<Record<FaultKind, [status: number, code: string]>> = {
  slow_down: [503, 'SlowDown'],
  error_500: [500, 'InternalError'],
  denied: [403, 'AccessDenied'],
  not_found: [404, 'NoSuchKey'],
  archived: [403, 'InvalidObjectState'],
  expired_token: [400, 'ExpiredToken'],
};

function refuse(response: ServerResponse, fault: FaultKind): boolean {
  const refusal = refusals[fault];
  if (refusal) sendError(response, ...refusal);
  return refusal !== undefined;
}

function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  message = `the double says ${code}`,
): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code>` +
      `<Message>${message}</Message><RequestId>1</RequestId></Error>`,
  );
}

function sendList(response: ServerResponse, xml: string, fault: FaultKind | undefined): void {
  response.setHeader('content-type', 'application/xml');
  if (fault === 'truncated_list') response.end(xml.slice(0, Math.floor(xml.length * 0.6)));
  else if (fault === 'short_list') response.end(xml.replace(/<Contents>.*?<\/Contents>/s, ''));
  else response.end(xml);
}

async function sendObject(
  response: ServerResponse,
  object: StoredObject,
  fault: FaultKind | undefined,
): Promise<void> {
  const half = object.bytes.subarray(0, object.bytes.length >> 1);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(object.bytes));
  response.setHeader('etag', `"${object.etag}"`);
  response.setHeader('x-amz-checksum-crc32', checksum.toString('base64'));
  response.setHeader('x-amz-checksum-type', 'FULL_OBJECT');
  if (fault === 'short_chunked') {
    response.write(half);
    response.end();
    return;
  }
  response.setHeader('content-length', object.bytes.length);
  if (fault === 'flipped_bit') {
    const flipped = Buffer.from(object.bytes);
    const at = flipped.length >> 1;
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    response.end(flipped);
  } else if (fault === 'reset_mid_body' || fault === 'stall_mid_body' || fault === 'short_body') {
    await new Promise((resolve) => response.write(half, resolve));
    if (fault === 'short_body') response.socket?.end();
    if (fault !== 'reset_mid_body') return;
    await sleep(20); // Time for the half to arrive before the reset overtakes it.
    response.socket?.resetAndDestroy();
  } else {
    response.end(object.bytes);
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Takes the aws-chunked framing off, in which the SDK sends a stream with a checksum behind it. */
function unchunk(body: Buffer, request: IncomingMessage): Buffer {
  if (!request.headers['content-encoding']?.includes('aws-chunked')) return body;
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
