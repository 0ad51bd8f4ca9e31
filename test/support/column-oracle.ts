import { readFileSync } from 'node:fs';
import {
  clientColumns,
  contextColumns,
  first,
  object,
  viaService,
  type Json,
  type OracleRow,
} from './context-oracle.ts';

const facts = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../reference/${name}.json`, import.meta.url), 'utf8'));
const { operations, service_events, algorithm_to_quota, ...codes } = facts('operations');
const { quotas } = facts('quotas');

const truth = (value: unknown): boolean | null =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : null;
const json = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  const text = JSON.stringify(value);
  return text === '{}' ? null : text;
};
const without = (value: unknown, names: readonly string[]): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const copy: Json = {};
  for (const name in value) if (!names.includes(name)) copy[name] = (value as Json)[name];
  return copy;
};
const accountIn = (arn: string | null): string | null => {
  const account = arn?.startsWith('arn:') ? arn.split(':')[4] : '';
  return account && /^\d{12}$/.test(account) ? account : null;
};
const keyArnPattern = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/(mrk-)?[0-9a-f-]+$/;
const isKeyArn = (text: string | null): text is string => text !== null && keyArnPattern.test(text);

/**
 * Every column of `kms_events` that a record by itself decides, written from the definitions and
 * sharing no code with the rules it checks. Slow and flat on purpose. Instants are ISO text.
 */
export function oracleRow(
  record: Json,
  pathAccount: string | null,
  pathRegion: string | null,
): OracleRow {
  const user = object(record['userIdentity']);
  const parameters = object(record['requestParameters']);
  const recipient = first(record['recipientAccountId']);
  const region = first(record['awsRegion'], pathRegion);
  const operation = first(record['eventName'])!;
  const known: Json | undefined = operations.find((o: Json) => o['name'] === operation);
  const isServiceEvent = service_events.some((o: Json) => o['name'] === operation);
  const operation_class = known ? known['class'] : isServiceEvent ? 'service_event' : 'unknown';
  const cryptographic = operation_class === 'cryptographic';
  const error_code = first(record['errorCode']);
  const who = principal(user, recipient, pathAccount);
  const context = contextColumns(
    parameters['encryptionContext'] ?? parameters['sourceEncryptionContext'],
    region,
  );
  const invokedBy = first(user['invokedBy']);
  const extra = object(record['additionalEventData']);
  const store = first(extra['customKeyStoreId']);
  const eventTime = String(record['eventTime']).replace(' ', 'T');
  return {
    event_id: first(record['eventID']),
    action_id: first(record['sharedEventID'], record['eventID']),
    shared_event_id: first(record['sharedEventID']),
    request_id: first(record['requestID']),
    event_time: `${eventTime.slice(0, 19)}Z`,
    account_id: first(recipient, user['accountId'], pathAccount),
    ...who,
    region,
    operation,
    operation_class,
    event_type: first(record['eventType']),
    read_only: truth(record['readOnly']),
    ...quotaColumns(record, parameters, operation, known),
    ...keyColumns(record, parameters, operation, region, who.caller_account_id, recipient),
    custom_key_store_id: first(store, parameters['customKeyStoreId']),
    store_quota_id:
      store === null || !cryptographic
        ? null
        : 'xksKeyId' in extra
          ? 'custom_key_store_xks'
          : 'custom_key_store_cloudhsm',
    console_session: truth(record['sessionCredentialFromConsole']),
    via_service: viaService(invokedBy, String(context['context_kind'])),
    is_direct: invokedBy === null,
    ...clientColumns(record),
    outcome: outcome(error_code),
    error_code,
    error_message: first(record['errorMessage']),
    ...context,
    request_parameters: json(
      cryptographic
        ? without(record['requestParameters'], heldInColumns)
        : record['requestParameters'],
    ),
    response_elements: json(record['responseElements']),
    additional_event_data: json(without(record['additionalEventData'], ['customKeyStoreId'])),
  };
}

const heldInColumns = [
  ...['keyId', 'sourceKeyId', 'encryptionContext', 'sourceEncryptionContext', 'keySpec'],
  ...['keyPairSpec', 'numberOfBytes', 'encryptionAlgorithm', 'sourceEncryptionAlgorithm'],
  ...['signingAlgorithm', 'macAlgorithm', 'keyAgreementAlgorithm', 'encapsulationAlgorithm'],
];

function outcome(code: string | null): string {
  if (code === null) return 'success';
  for (const name of ['throttled', 'denied', 'dry_run']) {
    const list = codes[`${name === 'throttled' ? 'throttle' : name}_error_codes`] as string[];
    if (list.includes(code)) return name;
  }
  return 'failed';
}

/** Who made a call (definitions: Caller account). */
function principal(user: Json, recipient: string | null, pathAccount: string | null) {
  const type = first(user['type']);
  const arn = first(user['arn']);
  const issuer = first(object(object(user['sessionContext'])['sessionIssuer'])['arn']);
  // arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION
  const [, partition, service, , account, ...rest] = arn?.split(':') ?? [];
  const [kind, ...names] = rest.join(':').split('/');
  const assumed = service === 'sts' && kind === 'assumed-role' && names.length >= 2;
  let principal_arn: string | null = null;
  if (type === 'AssumedRole' || type === 'FederatedUser' || assumed) principal_arn = issuer;
  if (principal_arn === null && assumed) {
    principal_arn = `arn:${partition}:iam::${account}:role/${names.slice(0, -1).join('/')}`;
  }
  if (principal_arn === null && type === 'AWSService') principal_arn = first(user['invokedBy']);
  principal_arn ??= first(
    arn,
    user['invokedBy'],
    user['principalId'],
    user['accountId'],
    'unknown',
  )!;
  const choices: [string, string | null][] = [
    ['identity', first(user['accountId'])],
    ['arn', first(accountIn(arn), accountIn(principal_arn))],
    ['recipient', recipient],
    ['path', pathAccount],
    ['unknown', 'none'],
  ];
  const [caller_account_basis, caller] = choices.find(([, account]) => account !== null)!;
  return {
    caller_account_id: caller_account_basis === 'unknown' ? null : caller,
    caller_account_basis,
    principal_arn,
    principal_type: type ?? 'unknown',
    session_name: assumed ? names.at(-1)! : null,
    caller_arn: arn,
    access_key_id: first(user['accessKeyId']),
  };
}

/** cloudtrail.md 4. */
function keyColumns(
  record: Json,
  parameters: Json,
  operation: string,
  region: string | null,
  caller: string | null,
  recipient: string | null,
): OracleRow {
  const list: unknown[] = Array.isArray(record['resources']) ? record['resources'] : [];
  const resources = list
    .map(object)
    .map((r) => ({ ...r, arn: first(r['ARN'], r['arn']) })) as Json[];
  const keys = resources.filter((r) => isKeyArn(r['arn']));
  const typed = first(parameters['keyId'], parameters['sourceKeyId'], parameters['targetKeyId']);
  const response = object(record['responseElements']);
  const inDetails = first(object(record['serviceEventDetails'])['keyId']);
  const partition = region?.startsWith('cn-')
    ? 'aws-cn'
    : region?.startsWith('us-gov-')
      ? 'aws-us-gov'
      : 'aws';
  const full = (id: string | null, account: string | null) =>
    isKeyArn(id)
      ? id
      : id && region && account && /^(mrk-)?[0-9a-f-]{32,36}$/.test(id)
        ? `arn:${partition}:kms:${region}:${account}:key/${id}`
        : null;
  const key_arn: string | null =
    keys[0]?.['arn'] ??
    full(typed, caller) ??
    full(first(object(response['keyMetadata'])['arn']), caller) ??
    full(first(response['keyId']), caller) ??
    full(inDetails, recipient ?? caller);
  const alias = resources.find(
    (r) => r['type'] === 'AWS::KMS::Key' && r['arn'] && !isKeyArn(r['arn']),
  );
  const destination = first(parameters['destinationKeyId']);
  return {
    key_arn,
    key_ref: typed ?? alias?.['arn'] ?? null,
    destination_key_arn:
      operation === 'ReEncrypt'
        ? (keys[1]?.['arn'] ?? (isKeyArn(destination) ? destination : null))
        : null,
    key_account_id: first(keys[0]?.['accountId']) ?? accountIn(key_arn),
  };
}

/** What a call is charged to. */
function quotaColumns(
  record: Json,
  parameters: Json,
  operation: string,
  known: Json | undefined,
): OracleRow {
  const algorithmFields = Object.keys(algorithm_to_quota);
  const algorithm = first(
    ...algorithmFields.map((name) => parameters[name]),
    parameters['sourceEncryptionAlgorithm'],
  );
  const isDataKey = operation.startsWith('GenerateDataKey');
  const bytes = first(parameters['numberOfBytes']);
  const spec = first(parameters['keyPairSpec'], parameters['keySpec'], bytes && `BYTES_${bytes}`);
  const ofAlgorithm = (name: string): string =>
    (Object.assign({}, ...Object.values(algorithm_to_quota)) as Json)[name] ?? 'unknown';
  const answer = (): [string | null, boolean] => {
    if (record['eventType'] !== 'AwsApiCall') return [null, false];
    if (!known) return ['unknown', false];
    if (known['quota'] === 'by_key_pair_spec') {
      if (spec?.startsWith('ML_KEM_')) return ['gdkp_ml_kem', false];
      return [
        quotas.find((q: Json) => spec && q['key_pair_spec'] === spec)?.id ?? 'unknown',
        false,
      ];
    }
    if (operation === 'DeriveSharedSecret' && algorithm === null) return ['unknown', false];
    if (known['quota'] !== 'by_algorithm') return [known['quota'], false];
    if (operation === 'ReEncrypt') {
      const names = ['source', 'destination'].map((s) =>
        first(parameters[`${s}EncryptionAlgorithm`]),
      );
      const both = names.map((name) => (name === null ? 'crypto_symmetric' : ofAlgorithm(name)));
      return [both[0] === both[1] ? both[0]! : 'unknown', names.includes(null)];
    }
    if (algorithm !== null) return [ofAlgorithm(algorithm), false];
    return ['Sign', 'Verify'].includes(operation) ? ['unknown', false] : ['crypto_symmetric', true];
  };
  const [quota_id, quota_assumed] = answer();
  return {
    quota_id,
    quota_assumed,
    algorithm,
    data_key_spec: isDataKey ? spec : null,
    second_region:
      operation === 'ReplicateKey'
        ? first(parameters['replicaRegion'])
        : operation === 'UpdatePrimaryRegion'
          ? first(parameters['primaryRegion'])
          : null,
  };
}
