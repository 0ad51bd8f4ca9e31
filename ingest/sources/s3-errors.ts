import { memberOf } from '../../core/member-of.ts';
import { KeymeterError, messageOf } from '../../core/errors.ts';
import { ObjectError, type ListProblem } from './source.ts';

/**
 * What S3, the SDK or the network said, in one word; docs/errors.md has the table. `slow_down` and
 * `transient` are worth a retry. `expired`, `credentials`, `clock` and `no_credentials` concern every
 * request alike.
 */
export type S3Fault =
  | 'slow_down'
  | 'transient'
  | 'denied'
  | 'kms_denied'
  | 'kms_disabled'
  | 'customer_key'
  | 'expired'
  | 'credentials'
  | 'clock'
  | 'no_credentials'
  | 'no_bucket'
  | 'no_object'
  | 'changed'
  | 'archived'
  | 'wrong_region'
  | 'invalid'
  | 'aborted';

interface S3ErrorShape {
  name?: unknown;
  Code?: unknown;
  code?: unknown;
  $metadata?: { httpStatusCode?: number; attempts?: number };
}

/** Codes of S3 (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), of KMS through S3, and of the SDK. */
const faultByName: Record<string, S3Fault> = {
  SlowDown: 'slow_down',
  Throttling: 'slow_down',
  ThrottlingException: 'slow_down',
  RequestLimitExceeded: 'slow_down',
  TooManyRequests: 'slow_down',
  'KMS.ThrottlingException': 'slow_down',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  UnauthorizedAccess: 'denied',
  'KMS.AccessDeniedException': 'kms_denied',
  'KMS.DisabledException': 'kms_disabled',
  'KMS.KMSInvalidStateException': 'kms_disabled',
  'KMS.InvalidStateException': 'kms_disabled',
  'KMS.NotFoundException': 'kms_disabled',
  'KMS.KeyUnavailableException': 'transient',
  'KMS.KMSInternalException': 'transient',
  'KMS.DependencyTimeoutException': 'transient',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  InvalidToken: 'credentials',
  UnrecognizedClientException: 'credentials',
  InvalidClientTokenId: 'credentials',
  RequestTimeTooSkewed: 'clock',
  RequestExpired: 'clock',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  TokenRefreshRequired: 'expired',
  CredentialsProviderError: 'no_credentials',
  TokenProviderError: 'expired',
  NoSuchBucket: 'no_bucket',
  NoSuchKey: 'no_object',
  NoSuchVersion: 'no_object',
  PreconditionFailed: 'changed',
  InvalidObjectState: 'archived',
  PermanentRedirect: 'wrong_region',
  TemporaryRedirect: 'transient',
  AuthorizationHeaderMalformed: 'wrong_region',
  IllegalLocationConstraintException: 'wrong_region',
  InvalidBucketName: 'invalid',
  RequestTimeout: 'transient',
  InternalError: 'transient',
  ServiceUnavailable: 'transient',
};

/** Faults of the credentials, not of an object: every other request would meet them too. */
export const faultsOfAll: ReadonlySet<S3Fault> = new Set([
  'expired',
  'credentials',
  'clock',
  'no_credentials',
]);

/** Classifies anything that a request or the reading of its body threw. */
export function faultOf(error: unknown, signal?: AbortSignal): S3Fault {
  if (signal?.aborted) return 'aborted';
  const shape = (error ?? {}) as S3ErrorShape;
  for (const name of [shape.name, shape.Code, shape.code]) {
    const fault = typeof name === 'string' ? memberOf(faultByName, name) : undefined;
    if (fault === 'denied' && /\bkms:/i.test(messageOf(error))) return 'kms_denied';
    if (fault) return fault;
    // SSE-C has no code of its own.
    if (name === 'InvalidRequest' && /Server Side Encryption/i.test(messageOf(error))) {
      return 'customer_key';
    }
  }
  // An answer that is no XML (a proxy's, or one cut short) bears only its status.
  switch (shape.$metadata?.httpStatusCode) {
    case 401:
    case 403:
      return 'denied';
    case 404:
      return 'no_object';
    case 301:
    case 307:
      return 'wrong_region';
    case 412:
      return 'changed';
    case 429:
      return 'slow_down';
    case 400:
      return 'invalid';
    default:
      return 'transient';
  }
}

/** Has the SDK itself tried as often as it was told to? Then another round would only multiply. */
export function isSpent(error: unknown, maxAttempts: number): boolean {
  return ((error as S3ErrorShape | null)?.$metadata?.attempts ?? 0) >= maxAttempts;
}

export function describe(error: unknown): string {
  const shape = (error ?? {}) as S3ErrorShape;
  const status = shape.$metadata?.httpStatusCode;
  const name = typeof shape.name === 'string' && shape.name !== 'Error' ? `${shape.name}: ` : '';
  return `${name}${messageOf(error)}${status && status >= 300 ? ` (HTTP ${status})` : ''}`;
}

export function toObjectError(error: unknown, fault: S3Fault, place: string): ObjectError {
  const said = describe(error);
  switch (fault) {
    case 'no_object':
    case 'no_bucket':
      return new ObjectError('gone', `${place} is no longer there: ${said}`, error);
    case 'denied':
      return new ObjectError('denied', `${place} is denied: ${said}`, error);
    case 'kms_denied':
      return new ObjectError('kms_denied', `the KMS key of ${place} is denied: ${said}`, error);
    case 'kms_disabled':
      return new ObjectError('kms_disabled', `the KMS key of ${place} is unusable: ${said}`, error);
    case 'customer_key':
      return new ObjectError('customer_key', `${place} is encrypted with SSE-C: ${said}`, error);
    case 'expired':
    case 'credentials':
    case 'clock':
    case 'no_credentials':
      return new ObjectError('credentials', `${place} was refused: ${said}`, error);
    case 'archived':
      return new ObjectError('archived', `${place} is archived; restore it first: ${said}`, error);
    case 'wrong_region':
      return new ObjectError('wrong_region', `${place} is in another Region: ${said}`, error);
    case 'changed':
      return new ObjectError('changed', `${place} was overwritten after it was listed`, error);
    default:
      return new ObjectError('transient', `${place} could not be read: ${said}`, error);
  }
}

export function toListProblem(error: unknown, fault: S3Fault, place: string): ListProblem {
  const said = describe(error);
  if (fault === 'denied' || fault === 'kms_denied') {
    return { problem: 'denied', place, message: `may not list ${place}: ${said}` };
  }
  return { problem: 'failed', place, message: `listing ${place} stopped: ${said}` };
}

/** The errors that concern the whole bucket, as a person can act on them. */
export function toKeymeterError(error: unknown, fault: S3Fault, bucket: string): KeymeterError {
  const said = describe(error);
  const make = (code: string, message: string, fix: string) =>
    new KeymeterError(code, `${message}: ${said}`, { fix, cause: error });
  switch (fault) {
    case 'no_bucket':
    case 'no_object':
      return make(
        'bucket_not_found',
        `there is no bucket "${bucket}" at this endpoint`,
        'check the name, --endpoint and --path-style',
      );
    case 'denied':
      return make(
        'bucket_denied',
        `bucket "${bucket}" may not be listed with these credentials`,
        'grant s3:ListBucket on the bucket and s3:GetObject on its objects, or use --profile or --anonymous; --requester-pays if the requester pays',
      );
    case 'credentials':
      return make(
        'credentials_refused',
        `S3 refuses the AWS credentials for bucket "${bucket}"`,
        'check the access key, its secret and session token, or use --profile',
      );
    case 'clock':
      return make(
        'clock_skewed',
        'the clock of this machine differs from that of S3 by more than 15 minutes',
        'set the clock (timedatectl set-ntp true), then run again',
      );
    case 'wrong_region':
      return make(
        'bucket_elsewhere',
        `bucket "${bucket}" is in another Region than the request`,
        'name its Region with --s3-region, or leave --endpoint out',
      );
    case 'expired':
      return make(
        'credentials_expired',
        `the AWS credentials for bucket "${bucket}" have expired`,
        'sign in again (aws sso login, or new temporary keys)',
      );
    case 'no_credentials':
      return make(
        'credentials_missing',
        `no AWS credentials were found for bucket "${bucket}"`,
        'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --profile; --anonymous for a public bucket',
      );
    case 'invalid':
      return make(
        'bucket_invalid',
        `S3 refuses the request for bucket "${bucket}"`,
        'check the bucket name, --s3-region and --endpoint',
      );
    default:
      return make(
        'bucket_unreachable',
        `bucket "${bucket}" can't be reached`,
        'check the network and --endpoint, then run again: nothing was lost',
      );
  }
}
