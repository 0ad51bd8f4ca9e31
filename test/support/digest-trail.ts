import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ObjectError } from '../../ingest/sources/source.ts';
import type { DigestStore } from '../../verify/digest-store.ts';

/** A signing key as CloudTrail has one for each Region, with its entry in ListPublicKeys. */
export interface SigningKey {
  privateKey: KeyObject;
  fingerprint: string;
  value: string;
}

export function signingKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const der = publicKey.export({ format: 'der', type: 'pkcs1' });
  const fingerprint = createHash('md5').update(der).digest('hex');
  return { privateKey, fingerprint, value: der.toString('base64') };
}

export interface TrailObject {
  bytes: Buffer;
  metadata: Record<string, string>;
}

export const bucket = 'trail-bucket';
export const account = '111122223333';
export const region = 'eu-west-1';
export const hourMs = 3_600_000;
/** Digest periods do not begin on the hour. */
export const start = Date.parse('2026-03-01T21:04:05Z');

export interface HourPlan {
  logs: number;
  key: SigningKey;
  /** No previous digest: the chain begins anew. */
  isStart?: boolean;
  /** Hours between the end of the one before and the beginning of this one. */
  pauseHours?: number;
}

export interface BuiltDigest {
  key: string;
  from: number;
  to: number;
  logKeys: string[];
}

const iso = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z');
const stampOf = (at: number) => iso(at).replaceAll(/[-:]/g, '');
const dayOf = (at: number) => iso(at).slice(0, 10).replaceAll('-', '/');
export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Builds hours of logs and their signed digests into `objects` (key -> object), oldest first. */
export function buildChain(
  objects: Map<string, TrailObject>,
  hours: readonly HourPlan[],
  options: { kind?: 'standard' | 'backfill'; trail?: string; from?: number } = {},
): BuiltDigest[] {
  const { kind = 'standard', trail = 'main_trail', from = start } = options;
  const built: BuiltDigest[] = [];
  let at = from;
  let previous: { key: string; hash: string; signature: string } | null = null;
  for (const [index, hour] of hours.entries()) {
    at += (hour.pauseHours ?? 0) * hourMs;
    const to = at + hourMs;
    const logFiles = Array.from({ length: hour.logs }, (_, log) => {
      const named = at + (log + 1) * 5 * 60_000;
      const unique = `${kind}${trail}${index}x${log}`
        .replaceAll(/[^A-Za-z0-9]/g, '')
        .padEnd(16, 'A');
      const folder = `AWSLogs/${account}/CloudTrail/${region}/${dayOf(named)}`;
      const minute = `${stampOf(named).slice(0, 13)}Z`;
      const key = `${folder}/${account}_CloudTrail_${region}_${minute}_${unique}.json.gz`;
      const content = Buffer.from(
        JSON.stringify({
          Records: [
            {
              eventSource: 's3.amazonaws.com',
              eventName: 'GetObject',
              eventID: `${kind}-${trail}-${index}-${log}`,
              n: index * 100 + log,
            },
          ],
        }),
      );
      objects.set(key, { bytes: gzipSync(content), metadata: {} });
      return {
        s3Bucket: bucket,
        s3Object: key,
        hashValue: sha256(content),
        hashAlgorithm: 'SHA-256',
        newestEventTime: iso(named),
        oldestEventTime: iso(at),
      };
    });
    if (hour.isStart) previous = null;
    const suffix = kind === 'backfill' ? '_backfill' : '';
    const key =
      `AWSLogs/${account}/CloudTrail-Digest/${region}/${dayOf(to)}/` +
      `${account}_CloudTrail-Digest_${region}_${trail}_${region}_${stampOf(to)}${suffix}.json.gz`;
    const digest = {
      awsAccountId: account,
      digestStartTime: iso(at),
      digestEndTime: iso(to),
      digestS3Bucket: bucket,
      digestS3Object: key,
      digestPublicKeyFingerprint: hour.key.fingerprint,
      digestSignatureAlgorithm: 'SHA256withRSA',
      newestEventTime: hour.logs ? iso(to) : null,
      oldestEventTime: hour.logs ? iso(at) : null,
      previousDigestS3Bucket: previous ? bucket : null,
      previousDigestS3Object: previous?.key ?? null,
      previousDigestHashValue: previous?.hash ?? null,
      previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
      previousDigestSignature: previous?.signature ?? null,
      logFiles,
    };
    const signed = signDigest(digest, hour.key);
    const extra: Record<string, string> =
      kind === 'backfill' ? { 'backfill-generation-timestamp': iso(to + 48 * hourMs) } : {};
    objects.set(key, { ...signed.object, metadata: { ...signed.object.metadata, ...extra } });
    previous = { key, hash: signed.hash, signature: signed.signature };
    built.push({ key, from: at, to, logKeys: logFiles.map((file) => file.s3Object) });
    at = to;
  }
  return built;
}

/** Signs as the user guide says, written apart from the code under test. */
export function signDigest(
  digest: { digestEndTime: string; digestS3Bucket: string; digestS3Object: string } & {
    previousDigestSignature: string | null;
  },
  key: SigningKey,
): { object: TrailObject; hash: string; signature: string } {
  const content = Buffer.from(JSON.stringify(digest));
  const hash = sha256(content);
  const text =
    `${digest.digestEndTime}\n${digest.digestS3Bucket}/${digest.digestS3Object}\n` +
    `${hash}\n${digest.previousDigestSignature ?? 'null'}`;
  const signature = sign('sha256', Buffer.from(text), key.privateKey).toString('hex');
  const metadata = { signature, 'signature-algorithm': 'SHA256withRSA' };
  return { object: { bytes: gzipSync(content), metadata }, hash, signature };
}

/** A bucket in memory, for tests that make thousands of small changes. */
export function memoryStore(
  objects: Map<string, TrailObject>,
  options: { withoutMetadata?: boolean; reads?: string[]; name?: string } = {},
): DigestStore {
  const inBucket = (name: string) => (name === (options.name ?? bucket) ? objects : new Map());
  return {
    description: 'memory',
    roots: [{ bucket: options.name ?? bucket, prefix: '' }],
    folders(name, prefix) {
      const found = [...inBucket(name).keys()]
        .filter((key) => key.startsWith(prefix) && key.slice(prefix.length).includes('/'))
        .map((key) => key.slice(prefix.length).split('/')[0] ?? '');
      return Promise.resolve([...new Set<string>(found)].sort());
    },
    async *keys(name, prefix, startAfter = '') {
      yield* [...inBucket(name).keys()]
        .filter((key) => key.startsWith(prefix) && key > startAfter)
        .sort();
    },
    open(name, key) {
      const object: TrailObject | undefined = inBucket(name).get(key);
      options.reads?.push(key);
      if (!object) return Promise.reject(new ObjectError('gone', 'not found'));
      const body = (async function* () {
        yield object.bytes;
      })();
      return Promise.resolve({ body, metadata: options.withoutMetadata ? null : object.metadata });
    },
    identify(name, key) {
      const object: TrailObject | undefined = inBucket(name).get(key);
      const version = object && sha256(object.bytes);
      return Promise.resolve(
        version === undefined ? undefined : { source: 's3' as const, bucket: name, key, version },
      );
    },
    close() {},
  };
}

/** Writes a copy as `aws s3 sync` makes it: no metadata. */
export async function writeCopy(objects: Map<string, TrailObject>, directory: string) {
  for (const [key, { bytes }] of objects) {
    const file = path.join(directory, key);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}
