import type { PlannedEvent, Resource } from './event.ts';
import type { Key } from './organisation.ts';

/** What an operation says about itself; the plan adds who, when and how it ended. */
export type KmsCall = Pick<PlannedEvent, 'source' | 'operation' | 'region' | 'quota'> &
  Pick<PlannedEvent, 'request' | 'response' | 'additional' | 'resources'> & { keyAccount: string };

export type Context = Readonly<Record<string, string>>;

export function keyResource(key: Key): Resource {
  return { accountId: key.accountId, type: 'AWS::KMS::Key', ARN: key.arn };
}

function crypto(operation: string, key: Key, request: unknown, quota: string): KmsCall {
  return {
    source: 'kms.amazonaws.com',
    operation,
    region: key.region,
    keyAccount: key.accountId,
    quota,
    request,
    additional: { keyMaterialId: key.materialId },
    resources: [keyResource(key)],
  };
}

/** As in real records, Decrypt names no key: it stands in the resources only. */
export function decrypt(key: Key, context?: Context): KmsCall {
  const request = { encryptionContext: context, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  return crypto('Decrypt', key, request, 'crypto_symmetric');
}

/** `typedKey` is what the caller wrote: an ARN, an alias, a bare id. */
export function encrypt(key: Key, context?: Context, typedKey: string = key.arn): KmsCall {
  const request = {
    keyId: typedKey,
    encryptionContext: context,
    encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  };
  return crypto('Encrypt', key, request, 'crypto_symmetric');
}

export function generateDataKey(
  key: Key,
  context?: Context,
  options: { typedKey?: string; numberOfBytes?: number } = {},
): KmsCall {
  const size = options.numberOfBytes
    ? { numberOfBytes: options.numberOfBytes }
    : { keySpec: 'AES_256' };
  const request = { keyId: options.typedKey ?? key.arn, encryptionContext: context, ...size };
  return crypto('GenerateDataKey', key, request, 'crypto_symmetric');
}

export function generateDataKeyWithoutPlaintext(key: Key, context: Context): KmsCall {
  const request = { keyId: key.arn, encryptionContext: context, numberOfBytes: 64 };
  return crypto('GenerateDataKeyWithoutPlaintext', key, request, 'crypto_symmetric');
}

export function mac(operation: 'GenerateMac' | 'VerifyMac', key: Key): KmsCall {
  const request = { keyId: key.arn, macAlgorithm: 'HMAC_SHA_256' };
  return crypto(operation, key, request, 'crypto_symmetric');
}

export function signRsa(key: Key): KmsCall {
  const request = {
    keyId: key.arn,
    messageType: 'DIGEST',
    signingAlgorithm: 'RSASSA_PSS_SHA_256',
  };
  const { additional: _, ...call } = crypto('Sign', key, request, 'crypto_rsa');
  return call;
}

export function generateDataKeyPair(key: Key, context?: Context): KmsCall {
  const request = { keyId: key.arn, keyPairSpec: 'RSA_2048', encryptionContext: context };
  return crypto('GenerateDataKeyPair', key, request, 'gdkp_rsa_2048');
}

/** ReEncrypt: the source key stands first in the resources, the destination second. */
export function reEncrypt(source: Key, destination: Key, context: Context): KmsCall {
  const request = {
    sourceEncryptionContext: context,
    destinationEncryptionContext: context,
    sourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    destinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    destinationKeyId: destination.arn,
  };
  const call = crypto('ReEncrypt', source, request, 'crypto_symmetric');
  return { ...call, resources: [keyResource(source), keyResource(destination)] };
}

/** Any operation on one key that is not cryptographic. */
export function manage(
  operation: string,
  key: Key,
  request: Record<string, unknown> = {},
  response?: unknown,
): KmsCall {
  return {
    source: 'kms.amazonaws.com',
    operation,
    region: key.region,
    keyAccount: key.accountId,
    quota: `op_${operation}`,
    request: { keyId: key.id, ...request },
    response,
    resources: [keyResource(key)],
  };
}

/** ListKeys, ListAliases: a call that names no key. */
export function keyless(operation: string, accountId: string, region: string): KmsCall {
  return {
    source: 'kms.amazonaws.com',
    operation,
    region,
    keyAccount: accountId,
    quota: `op_${operation}`,
    request: null,
  };
}

export function createGrant(
  key: Key,
  granteePrincipal: string,
  operations: readonly string[],
  extra: Record<string, unknown> = {},
): KmsCall {
  const request = { granteePrincipal, operations, ...extra };
  const response = { grantId: key.materialId, keyId: key.arn };
  return manage('CreateGrant', key, request, response);
}

/** RetireGrant logs no parameters: the grant's id stands in additionalEventData. */
export function retireGrant(key: Key, grantId: string): KmsCall {
  const call = manage('RetireGrant', key, {}, { keyId: key.arn });
  return { ...call, request: null, additional: { grantId } };
}

export function alias(operation: 'CreateAlias' | 'UpdateAlias', name: string, key: Key): KmsCall {
  const arn = `arn:aws:kms:${key.region}:${key.accountId}:${name}`;
  const resources = [{ ...keyResource(key), ARN: arn }, keyResource(key)];
  const call = manage(operation, key, {}, { keyId: key.arn });
  return { ...call, request: { aliasName: name, targetKeyId: key.id }, resources };
}

/** Errors that refuse before the key is found carry no resources. */
export function withoutResources(call: KmsCall): KmsCall {
  const { resources: _resources, additional: _additional, response: _response, ...rest } = call;
  return rest;
}

export const throttled = {
  code: 'ThrottlingException',
  message:
    'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
};

export function denied(action: string, callerArn: string, resource: string) {
  const message =
    `User: ${callerArn} is not authorized to perform: kms:${action} on resource: ${resource} ` +
    `because no identity-based policy allows the kms:${action} action`;
  return { code: 'AccessDenied', message };
}
