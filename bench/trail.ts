import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { hash32, Rng, uuidOf } from '../demo/rng.ts';
import { base, featureRecord, featuresOf, type Features } from './features.ts';

/**
 * What a benchmark reads:
 * `mid`     about 40 % KMS, some four sessions for each role and hour;
 * `random`  the same, with another identity in every record;
 * `small`   files of 1 to `recordsPerFile` records, as most real trails are;
 * `noise`   1 % KMS;
 * `kms`     the same as `mid`, KMS only;
 * `features` what features.ts makes: those given, or those that the seed draws.
 */
export type TrailSet = 'mid' | 'random' | 'small' | 'noise' | 'kms' | 'features';

export interface TrailOptions {
  set: TrailSet;
  files: number;
  /** Records in each file; for `small` the most, and the number is drawn evenly from 1 to it. */
  recordsPerFile: number;
  seed?: number;
  /** For `features`: those that differ from the base. */
  features?: Partial<Features>;
  /** Number of the first file to write (default 0) of `files`, so that parts can be written at once. */
  first?: number;
}

/** What was written, by the generator's own count. */
export interface TrailSummary {
  files: number;
  records: number;
  kms_records: number;
  /** Where some of them are delivered more than once. */
  kms_distinct?: number;
  json_bytes: number;
  gzip_bytes: number;
}

const gzipAsync = promisify(gzip);
const filesAtOnce = 8;
const filesPerDay = 2_000;
const start = Date.UTC(2026, 9, 5) / 1000;
const account = '111122223333';
const region = 'eu-central-1';
const kmsShare: Record<TrailSet, number> = {
  mid: 0.4,
  random: 0.4,
  small: 0.4,
  noise: 0.01,
  kms: 1,
  features: 0.5,
};

/** Writes a trail of CloudTrail's layout into `directory`; the same options give the same bytes. */
export async function writeTrail(directory: string, options: TrailOptions): Promise<TrailSummary> {
  const sum: TrailSummary = { files: 0, records: 0, kms_records: 0, json_bytes: 0, gzip_bytes: 0 };
  const folders = new Map<string, Promise<unknown>>();
  let next = options.first ?? 0;
  const work = async (): Promise<void> => {
    while (next < options.files) {
      const file = oneFile(next++, options);
      const folder = join(directory, file.folder);
      // Several files of a new day may come at once: all of them wait for the one folder.
      const ready = folders.get(folder) ?? mkdir(folder, { recursive: true });
      folders.set(folder, ready);
      const packed = await gzipAsync(file.text, { level: 6 });
      // One operating system byte everywhere keeps the bytes the same.
      packed[9] = 3;
      await ready;
      await writeFile(join(folder, file.name), packed);
      sum.files += 1;
      sum.records += file.records;
      sum.kms_records += file.kms;
      sum.json_bytes += Buffer.byteLength(file.text);
      sum.gzip_bytes += packed.length;
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  return sum;
}

function oneFile(index: number, options: TrailOptions) {
  const { set, recordsPerFile, seed = 1 } = options;
  const rng = new Rng(hash32(`${set} ${index}`, seed));
  const count = set === 'small' ? rng.between(1, recordsPerFile) : recordsPerFile;
  const day = Math.floor(index / filesPerDay);
  const slot = Math.floor(((index % filesPerDay) * 288) / filesPerDay);
  const from = start + day * 86_400 + slot * 300;
  const records: string[] = [];
  let kms = 0;
  const features = { ...(options.features ? base : featuresOf(seed)), ...options.features };
  for (let i = 0; i < count; i += 1) {
    if (set === 'features') {
      const made = featureRecord(features, rng, index * recordsPerFile + i);
      if (made.isKms) kms += 1;
      records.push(made.text);
      continue;
    }
    const isKms = rng.real() < kmsShare[set];
    if (isKms) kms += 1;
    const at = new Date((from + rng.between(0, 299)) * 1000).toISOString().slice(0, 19);
    // Files are numbered within a seed, so ids never meet.
    const sequence = index * recordsPerFile + i;
    const ids = { event: uuidOf(seed, sequence, 1), request: uuidOf(seed, sequence, 2) };
    const hour = Math.floor(from / 3600);
    records.push(isKms ? kmsRecord(rng, set, hour, at, ids) : otherRecord(rng, set, hour, at, ids));
  }
  const published = new Date((from + 420) * 1000).toISOString();
  const stamp = `${published.slice(0, 10).replaceAll('-', '')}T${published.slice(11, 16).replace(':', '')}Z`;
  return {
    folder: `AWSLogs/${account}/CloudTrail/${region}/${published.slice(0, 10).replaceAll('-', '/')}`,
    name: `${account}_CloudTrail_${region}_${stamp}_${rng.alphanumeric(16)}.json.gz`,
    text: `{"Records":[${records.join(',')}]}`,
    records: count,
    kms,
  };
}

interface Ids {
  event: string;
  request: string;
}

const services = ['fas.s3.amazonaws.com', 'dynamodb.amazonaws.com', 'secretsmanager.amazonaws.com'];

function identity(rng: Rng, set: TrailSet, hour: number): { text: string; name: string } {
  if (set === 'random') {
    const name = rng.alphanumeric(12);
    const session = rng.alphanumeric(20);
    return { name, text: assumed(name, rng.alphanumeric(17), session, rng.alphanumeric(16)) };
  }
  const role = rng.between(0, 39);
  const name = `service-role-${role}`;
  const session = `${hash32(name, hour).toString(16)}-${rng.between(1, 4)}`;
  const accessKey = hash32(session, role).toString(16).toUpperCase().padStart(16, 'Q');
  return {
    name,
    text: assumed(name, hash32(name).toString(16).padStart(17, 'A'), session, accessKey),
  };
}

function assumed(role: string, id: string, session: string, accessKey: string): string {
  return (
    `{"type":"AssumedRole","principalId":"AROA${id}:${session}",` +
    `"arn":"arn:aws:sts::${account}:assumed-role/${role}/${session}","accountId":"${account}",` +
    `"accessKeyId":"ASIA${accessKey}","sessionContext":{"sessionIssuer":{"type":"Role",` +
    `"principalId":"AROA${id}","arn":"arn:aws:iam::${account}:role/${role}",` +
    `"accountId":"${account}","userName":"${role}"},"attributes":{"creationDate":` +
    `"2026-10-05T00:00:00Z","mfaAuthenticated":"false"}}`
  );
}

function kmsRecord(rng: Rng, set: TrailSet, hour: number, at: string, ids: Ids): string {
  const who = identity(rng, set, hour);
  const keyNumber = rng.between(0, 59);
  const arn = `arn:aws:kms:${region}:${account}:key/${uuidOf(5, keyNumber, 9)}`;
  const isDecrypt = rng.real() < 0.55;
  const service = services[keyNumber % 4];
  const address = service ?? `10.20.${keyNumber}.${rng.between(1, 250)}`;
  const context = contextText(rng, keyNumber, service);
  const request = isDecrypt
    ? `{${context},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}`
    : `{"keyId":"${arn}",${context},"keySpec":"AES_256"}`;
  const agent = service ?? 'aws-sdk-java/2.29.40 md/io#sync ua/2.1 os/Linux lang/java#21.0.5';
  const tls = service ? '' : tlsText('kms');
  return (
    `{"eventVersion":"1.11","userIdentity":${who.text}${service ? `,"invokedBy":"${service}"` : ''}},` +
    `"eventTime":"${at}Z","eventSource":"kms.amazonaws.com",` +
    `"eventName":"${isDecrypt ? 'Decrypt' : 'GenerateDataKey'}","awsRegion":"${region}",` +
    `"sourceIPAddress":"${address}","userAgent":"${agent}","requestParameters":${request},` +
    `"responseElements":null,"additionalEventData":{"keyMaterialId":` +
    `"${uuidOf(5, keyNumber, 8).replaceAll('-', '')}"},"requestID":"${ids.request}",` +
    `"eventID":"${ids.event}","readOnly":true,"resources":[{"accountId":"${account}",` +
    `"type":"AWS::KMS::Key","ARN":"${arn}"}],"eventType":"AwsApiCall","managementEvent":true,` +
    `"recipientAccountId":"${account}","eventCategory":"Management"${tls}}`
  );
}

function contextText(rng: Rng, key: number, service: string | undefined): string {
  const value =
    service === services[0]
      ? `"aws:s3:arn":"arn:aws:s3:::bucket-${key}/data/${rng.between(0, 99_999)}/part.parquet"`
      : service === services[1]
        ? `"aws:dynamodb:tableName":"table-${key}","aws:dynamodb:subscriberId":"${account}"`
        : service === services[2]
          ? `"SecretARN":"arn:aws:secretsmanager:${region}:${account}:secret:app/${key}-AbCdEf","SecretVersionId":"${uuidOf(5, key, 7)}"`
          : `"tenant":"tenant-${rng.between(0, 499)}","aws-crypto-public-key":"A${rng.alphanumeric(64)}=="`;
  return `"encryptionContext":{${value}}`;
}

const names = ['GetObject', 'PutObject', 'HeadObject', 'CopyObject'];

function otherRecord(rng: Rng, set: TrailSet, hour: number, at: string, ids: Ids): string {
  const who = identity(rng, set, hour);
  const bucket = `bucket-${rng.between(0, 59)}`;
  const object = `data/${rng.between(0, 99_999)}/part-${rng.alphanumeric(10)}.parquet`;
  const host = `${bucket}.s3.${region}.amazonaws.com`;
  return (
    `{"eventVersion":"1.11","userIdentity":${who.text}},"eventTime":"${at}Z",` +
    `"eventSource":"s3.amazonaws.com","eventName":"${names[rng.between(0, 3)]}",` +
    `"awsRegion":"${region}","sourceIPAddress":"10.20.${rng.between(0, 250)}.${rng.between(0, 250)}",` +
    `"userAgent":"[aws-sdk-java/2.29.40 md/io#sync md/http#Apache ua/2.1 os/Linux lang/java#21.0.5]",` +
    `"requestParameters":{"bucketName":"${bucket}","Host":"${host}","key":"${object}"},` +
    `"responseElements":null,"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":` +
    `"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"SSE_KMS",` +
    `"AuthenticationMethod":"AuthHeader","x-amz-id-2":"${rng.alphanumeric(76)}",` +
    `"bytesTransferredOut":${rng.between(100, 900_000)}},"requestID":"${rng.alphanumeric(16)}",` +
    `"eventID":"${ids.event}","readOnly":true,"resources":[{"type":"AWS::S3::Object",` +
    `"ARN":"arn:aws:s3:::${bucket}/${object}"},{"accountId":"${account}","type":"AWS::S3::Bucket",` +
    `"ARN":"arn:aws:s3:::${bucket}"}],"eventType":"AwsApiCall","managementEvent":false,` +
    `"recipientAccountId":"${account}","eventCategory":"Data"${tlsText('s3')}}`
  );
}

function tlsText(service: string): string {
  return (
    `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256",` +
    `"clientProvidedHostHeader":"${service}.${region}.amazonaws.com"}`
  );
}
