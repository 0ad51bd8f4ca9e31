import type { Caller } from './callers.ts';
import type { PlannedEvent } from './event.ts';
import { decrypt, generateDataKey, type KmsCall } from './kms-calls.ts';
import type { Key } from './organisation.ts';
import type { Plan } from './plan.ts';

/** S3 calls KMS with a forward access session: the caller stays in userIdentity. */
export const viaS3 = 'fas.s3.amazonaws.com';

export interface ObjectCall {
  at: number;
  caller: Caller;
  key: Key;
  bucket: string;
  object: string;
  /** Also write the S3 data event that caused the KMS call: same principal, object and second. */
  dataEvent?: boolean;
  error?: PlannedEvent['error'];
}

export const objectArn = (bucket: string, object: string): string =>
  `arn:aws:s3:::${bucket}/${object}`;

/** A PUT into a bucket without bucket keys: one GenerateDataKey with the object's ARN. */
export function writeObject(plan: Plan, put: ObjectCall): PlannedEvent {
  const context = { 'aws:s3:arn': objectArn(put.bucket, put.object) };
  return objectCall(plan, 'PutObject', generateDataKey(put.key, context), put);
}

/** A GET of an object with its own data key: one Decrypt with the object's ARN. */
export function readObject(plan: Plan, get: ObjectCall): PlannedEvent {
  const context = { 'aws:s3:arn': objectArn(get.bucket, get.object) };
  return objectCall(plan, 'GetObject', decrypt(get.key, context), get);
}

/** A PUT or GET where bucket keys are on: the context names the bucket only. */
export function bucketKeyCall(
  plan: Plan,
  kind: 'PutObject' | 'GetObject',
  call: ObjectCall,
): PlannedEvent {
  const context = { 'aws:s3:arn': `arn:aws:s3:::${call.bucket}` };
  const kms =
    kind === 'PutObject' ? generateDataKey(call.key, context) : decrypt(call.key, context);
  return objectCall(plan, kind, kms, call);
}

function objectCall(
  plan: Plan,
  kind: 'PutObject' | 'GetObject',
  kms: KmsCall,
  call: ObjectCall,
): PlannedEvent {
  const { at, caller, error } = call;
  if (call.dataEvent) plan.emit(dataEvent(kind, call, kms.region));
  return plan.kms(kms, { at, caller, via: viaS3, error });
}

/** The S3 data event of an object call. */
export function dataEvent(
  kind: 'PutObject' | 'GetObject',
  call: ObjectCall,
  region: string,
): PlannedEvent {
  const { at, caller, bucket, object } = call;
  const account = caller.accountId ?? call.key.accountId;
  const encryption = {
    'x-amz-server-side-encryption': 'aws:kms',
    'x-amz-server-side-encryption-aws-kms-key-id': call.key.arn,
  };
  return {
    at,
    caller,
    region,
    recipient: account,
    source: 's3.amazonaws.com',
    operation: kind,
    category: 'Data',
    readOnly: kind === 'GetObject',
    request: { bucketName: bucket, Host: `${bucket}.s3.${region}.amazonaws.com`, key: object },
    response: encryption,
    additional: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: kind === 'PutObject' ? 48_213 : 0,
      SSEApplied: 'SSE_KMS',
      AuthenticationMethod: 'AuthHeader',
      bytesTransferredOut: kind === 'PutObject' ? 0 : 48_213,
    },
    resources: [
      { type: 'AWS::S3::Object', ARN: objectArn(bucket, object) },
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
    ],
  };
}
