import { fileURLToPath } from 'node:url';
import { KeymeterError, exitCodes } from '../../core/errors.ts';

/** What a source's name means. */
export type Address =
  | { kind: 's3'; spec: string }
  | { kind: 'local'; path: string }
  /** Standard input, or another stream that is open: read once, to its end. */
  | { kind: 'stream'; file: string };

const streamName = /^(?:-|\/dev\/stdin|\/dev\/fd\/\d+|\/proc\/self\/fd\/\d+)$/;
/** A bucket, or anything below it; a policy's `*` at the end says no more. */
const bucketArn = /^arn:aws[a-z-]*:s3:::([^/*]+)(?:\/(.*?))?\*?$/;

/**
 * Reads the forms that people have at hand: `s3://`, `s3a://`, `s3n://`, a bucket's ARN, S3's https
 * addresses, those of the S3 console, `file://`, `-`, a path. Throws KeymeterError source_invalid.
 */
export function addressOf(spec: string): Address {
  if (streamName.test(spec)) return { kind: 'stream', file: spec === '-' ? '/dev/stdin' : spec };
  if (/^s3:\/\//i.test(spec)) return { kind: 's3', spec: `s3${spec.slice(2)}` };
  if (/^s3[an]:\/\//i.test(spec)) return { kind: 's3', spec: `s3${spec.slice(3)}` };
  const arn = bucketArn.exec(spec);
  if (arn) return { kind: 's3', spec: s3Spec(arn[1]!, arn[2] ?? '') };
  if (spec.startsWith('arn:')) throw invalid(spec, 'write s3://bucket/prefix');
  if (/^file:/i.test(spec)) return { kind: 'local', path: pathOf(spec) };
  if (/^https?:/i.test(spec)) return { kind: 's3', spec: fromHttp(spec) };
  if (/^s3:/i.test(spec)) throw invalid(spec, 'write s3://bucket or s3://bucket/prefix');
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(spec)) {
    throw invalid(spec, 'name s3://bucket/prefix, a directory, a file, or - for standard input');
  }
  return { kind: 'local', path: spec };
}

const s3Spec = (bucket: string, key: string) => `s3://${bucket}${key === '' ? '' : `/${key}`}`;

function pathOf(spec: string): string {
  try {
    return fileURLToPath(spec);
  } catch {
    throw invalid(spec, 'write file:///path/to/logs, or the path alone');
  }
}

/** `bucket.s3.eu-west-1.amazonaws.com`, `s3-eu-west-1...`, `s3.dualstack...`, `s3.amazonaws.com`. */
const s3Host =
  /^(?:(?<bucket>.+)\.)?s3(?:[.-](?:dualstack\.|fips\.)*[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/;
const consoleHost = /(?:^|\.)console\.(?:aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com)$/;

function fromHttp(spec: string): string {
  let url: URL;
  let path: string;
  try {
    url = new URL(spec);
    path = decodeURIComponent(url.pathname).replace(/^\//, '');
  } catch {
    throw invalid(spec, 'write s3://bucket/prefix');
  }
  if (consoleHost.test(url.hostname)) {
    const bucket = /^s3\/(?:buckets|object)\/([^/]+)/.exec(path)?.[1];
    if (bucket) return s3Spec(bucket, url.searchParams.get('prefix') ?? '');
  }
  const host = s3Host.exec(url.hostname);
  if (!host) {
    throw invalid(spec, 'write s3://bucket/prefix, with --endpoint for a server that is not AWS');
  }
  if (url.searchParams.has('X-Amz-Signature')) {
    throw invalid(
      `${url.origin}${url.pathname}?...`,
      'a presigned address opens one object only: download it and name the file, or write s3://bucket/prefix',
    );
  }
  const bucket = host.groups?.['bucket'];
  if (bucket !== undefined) return s3Spec(bucket, path);
  const [first = '', ...rest] = path.split('/');
  if (first === '') throw invalid(spec, 'it names no bucket: write s3://bucket/prefix');
  return s3Spec(first, rest.join('/'));
}

function invalid(spec: string, fix: string): KeymeterError {
  return new KeymeterError('source_invalid', `"${spec}" is not the address of a source`, {
    fix,
    exitCode: exitCodes.usage,
  });
}
