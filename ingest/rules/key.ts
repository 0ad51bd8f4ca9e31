import { isObject, objectField, textField, type JsonObject } from '../records/record.ts';
import { accountOfArn, isBareKeyId, isKeyArn, partitionOfRegion } from './arn.ts';

/** Which key a call used (cloudtrail.md 4). */
export interface Key {
  key_arn: string | null;
  key_ref: string | null;
  destination_key_arn: string | null;
  key_account_id: string | null;
}

interface Resource {
  arn: string;
  type: string | null;
  account: string | null;
}

/**
 * Resolves the key: resources[] first, then a key ARN or a bare id in the request, then the response,
 * then a service event's details. An alias alone stays unresolved: it may have moved since.
 */
export function keyOf(
  record: JsonObject,
  parameters: JsonObject | null,
  operation: string,
  region: string | null,
  callerAccount: string | null,
): Key {
  const resources = resourcesOf(record);
  const keys = resources.filter((resource) => isKeyArn(resource.arn));
  const typed =
    textField(parameters, 'keyId') ??
    textField(parameters, 'sourceKeyId') ??
    textField(parameters, 'targetKeyId');
  const response = objectField(record, 'responseElements');
  const metadata = response && objectField(response, 'keyMetadata');
  const details = objectField(record, 'serviceEventDetails');
  const candidates = [
    typed,
    textField(metadata, 'arn'),
    textField(response, 'keyId'),
    textField(details, 'keyId'),
  ];
  const first = keys[0];
  const arn = first?.arn ?? resolve(candidates, region, callerAccount);
  const alias = resources.find((r) => r.type === 'AWS::KMS::Key' && !isKeyArn(r.arn));
  return {
    key_arn: arn,
    key_ref: typed ?? alias?.arn ?? null,
    destination_key_arn: operation === 'ReEncrypt' ? destinationOf(keys, parameters) : null,
    key_account_id: first?.account ?? accountOfArn(arn),
  };
}

function resourcesOf(record: JsonObject): Resource[] {
  const list = record['resources'];
  if (!Array.isArray(list)) return [];
  return list.filter(isObject).flatMap((resource) => {
    const arn = textField(resource, 'ARN') ?? textField(resource, 'arn');
    if (arn === null) return [];
    return [{ arn, type: textField(resource, 'type'), account: textField(resource, 'accountId') }];
  });
}

function resolve(
  candidates: (string | null)[],
  region: string | null,
  account: string | null,
): string | null {
  for (const candidate of candidates) {
    if (candidate === null) continue;
    if (isKeyArn(candidate)) return candidate;
    if (isBareKeyId(candidate) && region && account) {
      return `arn:${partitionOfRegion(region)}:kms:${region}:${account}:key/${candidate}`;
    }
  }
  return null;
}

function destinationOf(keys: Resource[], parameters: JsonObject | null): string | null {
  if (keys[1]) return keys[1].arn;
  const typed = textField(parameters, 'destinationKeyId');
  return typed && isKeyArn(typed) ? typed : null;
}
