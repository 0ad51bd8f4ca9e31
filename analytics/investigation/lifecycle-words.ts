import { memberOf } from '../../core/member-of.ts';

type Json = Record<string, unknown>;

/** What a change of a key did, in words, out of its request and response (JSON texts or null). */
export function lifecycleWords(
  operation: string,
  request: string | null,
  response: string | null,
): string {
  const asked = parsed(request);
  const told = parsed(response);
  const text = (name: string) => textOf(asked[name]) ?? textOf(told[name]);
  switch (operation) {
    case 'CreateKey':
      return list('created', [
        textOf(asked['keySpec']) ?? textOf(asked['customerMasterKeySpec']),
        text('keyUsage'),
        prefixed('origin', text('origin')),
        asked['multiRegion'] === true ? 'multi-Region' : null,
        prefixed('custom key store', text('customKeyStoreId')),
      ]);
    case 'ScheduleKeyDeletion': {
      const days = text('pendingWindowInDays');
      return `deletion scheduled, waiting ${days === null ? '30 days (the default)' : `${days} days`}`;
    }
    case 'CancelKeyDeletion':
      return 'deletion cancelled; the key stays disabled until it is enabled';
    case 'ImportKeyMaterial':
      return list('key material imported', [
        text('expirationModel') === 'KEY_MATERIAL_DOES_NOT_EXPIRE'
          ? 'never expires'
          : prefixed('expires', text('validTo')),
        prefixed('import type', text('importType')),
      ]);
    case 'ReplicateKey':
      return list('replicated', [prefixed('to', text('replicaRegion'))]);
    case 'UpdatePrimaryRegion':
      return list('primary Region moved', [prefixed('to', text('primaryRegion'))]);
    case 'CreateAlias':
    case 'UpdateAlias':
      return list(operation === 'CreateAlias' ? 'alias created' : 'alias moved', [
        text('aliasName'),
        prefixed('to key', text('targetKeyId')),
      ]);
    case 'DeleteAlias':
      return list('alias deleted', [text('aliasName')]);
    case 'PutKeyPolicy':
      return asked['bypassPolicyLockoutSafetyCheck'] === true
        ? 'policy set, the lock-out check bypassed'
        : 'policy set';
    case 'EnableKeyRotation':
      return list('rotation turned on', [prefixed('every (days)', text('rotationPeriodInDays'))]);
    default:
      return memberOf(fixedWords, operation) ?? operation;
  }
}

const fixedWords: Readonly<Record<string, string>> = {
  EnableKey: 'enabled',
  DisableKey: 'disabled',
  DeleteKey: 'deleted by KMS after its waiting time',
  DeleteImportedKeyMaterial: 'imported key material deleted: the key cannot be used',
  DeleteExpiredKeyMaterial: 'imported key material expired: the key cannot be used',
  GetParametersForImport: 'wrapping key for an import fetched',
  DisableKeyRotation: 'rotation turned off',
  RotateKey: 'rotated by KMS',
  RotateKeyOnDemand: 'rotated on demand',
  SynchronizeMultiRegionKey: 'shared properties synchronised between Regions',
  UpdateKeyDescription: 'description changed',
  TagResource: 'tags set',
  UntagResource: 'tags removed',
  CreateCustomKeyStore: 'custom key store created',
  ConnectCustomKeyStore: 'custom key store connected',
  DisconnectCustomKeyStore: 'custom key store disconnected: its keys cannot be used',
  UpdateCustomKeyStore: 'custom key store changed',
  DeleteCustomKeyStore: 'custom key store deleted',
};

function list(what: string, parts: readonly (string | null)[]): string {
  const told = parts.filter((part): part is string => part !== null);
  return told.length === 0 ? what : `${what}: ${told.join(', ')}`;
}

function prefixed(what: string, value: string | null): string | null {
  return value === null ? null : `${what} ${value}`;
}

function parsed(text: string | null): Json {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
