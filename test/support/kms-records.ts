import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** A CloudTrail record as JSON. */
export type RawKmsRecord = Record<string, unknown>;

/** A name-based UUID: the same name gives the same id in every run. */
export function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join('-');
}

export const ownAccount = '111122223333';
export const otherAccount = '444455556666';

export const keyArn = (number: number, account = ownAccount) =>
  `arn:aws:kms:us-east-1:${account}:key/${idOf(`key ${number}`)}`;

/** A symmetric Decrypt by a user; `name` decides its ids. */
export function kmsRecord(name: string, changes: RawKmsRecord = {}): RawKmsRecord {
  return {
    eventVersion: '1.11',
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${ownAccount}:user/app`,
      accountId: ownAccount,
      accessKeyId: 'AKIAEXAMPLE',
    },
    eventTime: '2026-10-05T12:00:00Z',
    eventSource: 'kms.amazonaws.com',
    eventName: 'Decrypt',
    awsRegion: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    userAgent: 'aws-sdk-js/3',
    requestParameters: { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' },
    responseElements: null,
    requestID: idOf(`request ${name}`),
    eventID: idOf(`event ${name}`),
    readOnly: true,
    resources: [{ accountId: ownAccount, type: 'AWS::KMS::Key', ARN: keyArn(0) }],
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ownAccount,
    eventCategory: 'Management',
    ...changes,
  };
}

/** A log as CloudTrail delivers it. */
export const logOf = (records: readonly unknown[]): Buffer =>
  gzipSync(JSON.stringify({ Records: records }), { level: 1 });

/** Writes a file, its folders too. */
export function put(folder: string, name: string, bytes: Buffer | string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}
