import { operationsByName } from '../../reference/operations.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { objectField, textField, type JsonObject } from '../records/record.ts';
import { clientOf, viaServiceOf } from './client.ts';
import { contextOf } from './context.ts';
import { eventTimeOf } from './event-time.ts';
import { identityOf } from './identity.ts';
import { keyOf } from './key.ts';
import { outcomeOf } from './outcome.ts';
import { quotaFactsOf } from './quota.ts';

export const kmsEventSource = 'kms.amazonaws.com';

/** Why a KMS record cannot be stored. */
export interface Refusal {
  errorClass: 'missing_event_id' | 'missing_event_time' | 'bad_event_time' | 'missing_event_name';
  detail: string;
}

/** What the file's path says, for records that lack it. */
export interface PathFacts {
  account_id: string | null;
  region: string | null;
}

/** Request fields of cryptographic calls that other columns hold. */
export const heldByColumns: ReadonlySet<string> = new Set([
  'keyId',
  'encryptionContext',
  'sourceEncryptionContext',
  'encryptionAlgorithm',
  'signingAlgorithm',
  'macAlgorithm',
  'keyAgreementAlgorithm',
  'encapsulationAlgorithm',
  'sourceEncryptionAlgorithm',
  'keySpec',
  'keyPairSpec',
  'numberOfBytes',
  'sourceKeyId',
]);

/**
 * A KMS record as a row, by the rules of each column. The record is parsed JSON; `record_index` is its
 * position in the object. May throw RangeError when a value is nested too deeply to be written again.
 */
export function kmsEventOf(
  record: JsonObject,
  record_index: number,
  path: PathFacts,
): KmsEvent | Refusal {
  const event_id = textField(record, 'eventID');
  if (event_id === null)
    return { errorClass: 'missing_event_id', detail: 'the record has no eventID' };
  const operation = textField(record, 'eventName');
  if (operation === null) {
    return { errorClass: 'missing_event_name', detail: 'the record has no eventName' };
  }
  const time = record['eventTime'];
  const event_time = eventTimeOf(time);
  if (event_time === null) {
    return time === undefined || time === null
      ? { errorClass: 'missing_event_time', detail: 'the record has no eventTime' }
      : {
          errorClass: 'bad_event_time',
          detail: `eventTime is ${JSON.stringify(time)?.slice(0, 80)}`,
        };
  }
  const call = callOf(record, path);
  const isCryptographic = call.operation_class === 'cryptographic';
  return {
    event_id,
    shared_event_id: textField(record, 'sharedEventID'),
    request_id: textField(record, 'requestID'),
    event_time,
    ...callerOf(record, path),
    ...call,
    ...keyFactsOf(record, path),
    ...clientOf(record),
    error_message: textField(record, 'errorMessage'),
    request_parameters: jsonText(
      record['requestParameters'],
      isCryptographic ? heldByColumns : null,
    ),
    response_elements: jsonText(record['responseElements'], null),
    record_index,
  };
}

/** What was called and what became of it. The fast reader gives it callFacts (facts.ts) alone. */
export function callOf(record: JsonObject, path: PathFacts) {
  const operation = textField(record, 'eventName') ?? '';
  const parameters = objectField(record, 'requestParameters');
  const region = textField(record, 'awsRegion') ?? path.region;
  const event_type = textField(record, 'eventType');
  const error_code = textField(record, 'errorCode');
  const user = objectField(record, 'userIdentity');
  const invokedBy = textField(user, 'invokedBy');
  const context = contextOf(
    parameters?.['encryptionContext'] ?? parameters?.['sourceEncryptionContext'],
    region,
  );
  return {
    region,
    operation,
    event_type,
    read_only: booleanOf(record['readOnly']),
    ...quotaFactsOf(operation, event_type, parameters),
    via_service: viaServiceOf(invokedBy, context.context_kind),
    is_direct: invokedBy === null,
    outcome: outcomeOf(error_code),
    error_code,
    ...context,
  };
}

/** Who called. The fast reader gives it identityFacts alone. */
export function callerOf(record: JsonObject, path: PathFacts) {
  const user = objectField(record, 'userIdentity');
  return {
    ...identityOf(user, textField(record, 'recipientAccountId'), path.account_id),
    console_session: booleanOf(record['sessionCredentialFromConsole']),
  };
}

/** Which key was used, and in which store it is. The fast reader gives it keyFacts alone. */
export function keyFactsOf(record: JsonObject, path: PathFacts) {
  const operation = textField(record, 'eventName') ?? '';
  const parameters = objectField(record, 'requestParameters');
  const region = textField(record, 'awsRegion') ?? path.region;
  const user = objectField(record, 'userIdentity');
  const recipient = textField(record, 'recipientAccountId');
  const { caller_account_id } = identityOf(user, recipient, path.account_id);
  const isCryptographic = operationsByName.get(operation)?.class === 'cryptographic';
  return {
    ...keyOf(record, parameters, operation, region, caller_account_id),
    ...storeOf(objectField(record, 'additionalEventData'), parameters, isCryptographic),
  };
}

/** Custom key store, its quota, and what is left of additionalEventData. */
function storeOf(extra: JsonObject | null, parameters: JsonObject | null, cryptographic: boolean) {
  const store = textField(extra, 'customKeyStoreId');
  const external = extra !== null && 'xksKeyId' in extra;
  return {
    custom_key_store_id: store ?? textField(parameters, 'customKeyStoreId'),
    store_quota_id:
      store !== null && cryptographic
        ? external
          ? 'custom_key_store_xks'
          : 'custom_key_store_cloudhsm'
        : null,
    additional_event_data: jsonText(extra, customKeyStoreOnly),
  };
}

const customKeyStoreOnly = new Set(['customKeyStoreId']);

/** JSON text of a value without some of its fields; null when nothing is left. */
function jsonText(value: unknown, without: ReadonlySet<string> | null): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const kept = without
    ? Object.fromEntries(Object.entries(value).filter(([name]) => !without.has(name)))
    : value;
  return Object.keys(kept).length === 0 ? null : JSON.stringify(kept);
}

function booleanOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : null;
}
