import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

/**
 * Every column of `kms_events` that a record by itself decides, written from the definitions and
 * sharing no code with the rules it checks. Slow and flat on purpose. Instants are ISO text.
 */
export type OracleRow = Record<string, string | boolean | null>;

type Json = Record<string, any>;

const facts = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../reference/${name}.json`, import.meta.url), 'utf8'));
const { operations, service_events, algorithm_to_quota, ...codes } = facts('operations');
const { quotas } = facts('quotas');

const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
/** The first that is a text or a number; an empty text is none. */
const first = (...values: unknown[]): string | null => {
  const value = values.find((v) => typeof v === 'number' || (typeof v === 'string' && v !== ''));
  return value === undefined ? null : String(value);
};
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

/** definitions.md 2 and 11. */
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

/** definitions.md 5 and 6. */
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

/** The contract's context_kind, resource_arn and S3 columns. */
function contextColumns(value: unknown, region: string | null): OracleRow {
  const row: OracleRow = {
    encryption_context: value === null || value === undefined ? null : JSON.stringify(value),
    context_kind: 'none',
    resource_arn: null,
    s3_bucket: null,
    s3_context_is_bucket: null,
  };
  if (row['encryption_context'] === null || row['encryption_context'] === '{}') return row;
  if (typeof value !== 'object' || Array.isArray(value)) return { ...row, context_kind: 'other' };
  const context = value as Json;
  const has = (name: string): string | null =>
    typeof context[name] === 'string' ? context[name] : null;
  const s3 = has('aws:s3:arn');
  const trail = has('aws:cloudtrail:arn');
  if (s3 !== null && /^arn:aws[a-z-]*:s3:::[^/]/.test(s3)) {
    const path = s3.slice(s3.indexOf(':::') + 3);
    row['s3_bucket'] = path.split('/')[0]!;
    row['s3_context_is_bucket'] = !path.includes('/');
  }
  const table = has('aws:dynamodb:tableName');
  const owner = has('aws:dynamodb:subscriberId');
  const single: [name: string, kind: string][] = [
    ['SecretARN', 'secretsmanager'],
    ['PARAMETER_ARN', 'ssm'],
    ['aws:ebs:id', 'ebs'],
    ['aws:sqs:arn', 'sqs'],
    ['aws:sns:topicArn', 'sns'],
    ['aws:lambda:FunctionArn', 'lambda'],
    ['aws:kinesis:arn', 'kinesis'],
    ['aws:logs:arn', 'logs'],
  ];
  const named = single.find(([name]) => has(name) !== null);
  if (trail !== null) return { ...row, context_kind: 'cloudtrail', resource_arn: s3 ?? trail };
  if (s3 !== null) return { ...row, context_kind: 's3', resource_arn: s3 };
  if (table !== null) {
    const partition = region?.startsWith('cn-')
      ? 'aws-cn'
      : region?.startsWith('us-gov-')
        ? 'aws-us-gov'
        : 'aws';
    const arn =
      owner && region ? `arn:${partition}:dynamodb:${region}:${owner}:table/${table}` : table;
    return { ...row, context_kind: 'dynamodb', resource_arn: arn };
  }
  if (named) return { ...row, context_kind: named[1], resource_arn: has(named[0]) };
  if (has('branch-key-id') !== null) {
    return { ...row, context_kind: 'hierarchical_keyring', resource_arn: has('tablename') };
  }
  if (has('aws-crypto-public-key') !== null) return { ...row, context_kind: 'encryption_sdk' };
  const arn = Object.values(context).find((v) => typeof v === 'string' && v.startsWith('arn:'));
  return { ...row, context_kind: 'other', resource_arn: (arn as string | undefined) ?? null };
}

/** definitions.md 9. */
function viaService(invokedBy: string | null, kind: string): string | null {
  const byKind: Record<string, string> = { ebs: 'ec2', cloudtrail: 's3' };
  const named = ['none', 'other', 'encryption_sdk', 'hierarchical_keyring'].includes(kind)
    ? null
    : `${byKind[kind] ?? kind}.amazonaws.com`;
  if (invokedBy === null) return kind === 'lambda' ? named : null;
  const service = invokedBy.toLowerCase();
  if (service === 'aws internal') return named ?? 'aws-internal';
  return service.startsWith('fas.') ? service.slice(4) : service;
}

function clientColumns(record: Json): OracleRow {
  const source = first(record['sourceIPAddress']);
  const agent = first(record['userAgent']);
  const byService =
    agent !== null && (agent === 'AWS Internal' || agent.endsWith('.amazonaws.com'));
  return {
    source_ip: source !== null && isIP(source) > 0 && !byService ? source : null,
    caller_source: source,
    user_agent: agent,
    vpc_endpoint_id: first(record['vpcEndpointId']),
    tls_version: first(object(record['tlsDetails'])['tlsVersion']),
  };
}
