import type { RawRecord } from './trail-reader.ts';

export function countBy<T>(items: readonly T[], name: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[name(item)] = (counts[name(item)] ?? 0) + 1;
  return counts;
}

export function callerAccount(r: RawRecord): string {
  return r.userIdentity.accountId ?? r.recipientAccountId;
}

export function principalOf(r: RawRecord): string {
  const identity = r.userIdentity;
  return (
    identity.sessionContext?.sessionIssuer?.arn ??
    identity.arn ??
    identity.principalId ??
    identity.invokedBy
  );
}

export function groupBy<T>(items: readonly T[], name: (item: T) => string): Record<string, T[]> {
  const groups: Record<string, T[]> = {};
  for (const item of items) (groups[name(item)] ??= []).push(item);
  return groups;
}

/** Of the copies of one action the caller's own, else the one with the smallest id. */
export function countedCalls(distinct: readonly RawRecord[]): RawRecord[] {
  const calls = distinct.filter((r) => r.eventType === 'AwsApiCall');
  const actions = groupBy(calls, (r) => r.sharedEventID ?? r.eventID);
  return Object.values(actions).map((copies) => {
    const own = copies.find((r) => r.recipientAccountId === r.userIdentity.accountId);
    return own ?? (copies.sort((a, b) => (a.eventID < b.eventID ? -1 : 1))[0] as RawRecord);
  });
}

export interface Charge {
  place: string;
  second: string;
  throttled: boolean;
}

const symmetric = new Set([
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateMac',
  'ReEncrypt',
  'VerifyMac',
]);

export function chargesOf(r: RawRecord): Charge[] {
  const throttled = r.errorCode === 'ThrottlingException';
  const charge = (region: string, quota: string): Charge => ({
    place: `${callerAccount(r)}|${region}|${quota}`,
    second: r.eventTime,
    throttled,
  });
  const inStore = r.additionalEventData?.xksKeyId !== undefined;
  if (symmetric.has(r.eventName)) {
    const own = charge(r.awsRegion, 'crypto_symmetric');
    return inStore ? [own, charge(r.awsRegion, 'custom_key_store_xks')] : [own];
  }
  if (r.eventName === 'Sign') return [charge(r.awsRegion, 'crypto_rsa')];
  if (r.eventName === 'GenerateDataKeyPair') return [charge(r.awsRegion, 'gdkp_rsa_2048')];
  const own = charge(r.awsRegion, `op_${r.eventName}`);
  if (r.eventName !== 'ReplicateKey') return [own];
  const replica = charge(r.requestParameters?.replicaRegion, 'op_CreateKey');
  return [own, replica, replica];
}
