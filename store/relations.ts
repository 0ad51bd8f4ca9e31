import { contextKindNames } from '../reference/context-kinds.ts';
/**
 * The contract: the relation `kms_events`, column by column, and where each column is stored.
 * Everything downstream (analyses, exports, other engines) sees these names and types.
 *
 * Physically a star: `events` holds what differs from call to call, four dimensions hold what
 * repeats. A dimension may hold the same tuple under several ids (the writer forgets its dictionary
 * when it grows), so ids are never compared or grouped by: only the columns are.
 */
export type StoredIn = 'events' | 'calls' | 'identities' | 'clients' | 'keys' | 'objects';

export type ColumnType = 'VARCHAR' | 'TIMESTAMP' | 'BOOLEAN' | 'INTEGER';

export interface ContractColumn {
  name: keyof KmsEvent | 'action_id' | 'counted' | 'object_id';
  type: ColumnType;
  table: StoredIn;
  description: string;
  /** SQL over the table's alias `t` when it is not simply `t.name`. */
  sql?: string;
}

const column = (
  table: StoredIn,
  type: ColumnType,
  name: ContractColumn['name'],
  description: string,
  sql?: string,
): ContractColumn => ({ name, type, table, description, ...(sql ? { sql } : {}) });

/** An id is stored as 16 bytes; its text is kept only when it is no canonical UUID. */
const idText = (name: string) => `coalesce(t.${name}_text, CAST(t.${name}_uuid AS VARCHAR))`;
const actionId = `coalesce(t.shared_event_id_text, CAST(t.shared_event_id_uuid AS VARCHAR), t.event_id_text, CAST(t.event_id_uuid AS VARCHAR))`;

export const kmsEventColumns: readonly ContractColumn[] = [
  column('events', 'VARCHAR', 'event_id', 'eventID of the record', idText('event_id')),
  column('events', 'VARCHAR', 'action_id', 'sharedEventID, else eventID: one action, however many accounts logged it', actionId),
  column('events', 'VARCHAR', 'shared_event_id', 'sharedEventID, when the action was delivered to several accounts', idText('shared_event_id')),
  column('events', 'VARCHAR', 'request_id', 'requestID', idText('request_id')),
  column('events', 'TIMESTAMP', 'event_time', 'when the call was completed, UTC, whole seconds'),
  column('identities', 'VARCHAR', 'account_id', 'whose trail recorded it (recipientAccountId)'),
  column('identities', 'VARCHAR', 'caller_account_id', 'who made the call and is charged for quota and price'),
  column('identities', 'VARCHAR', 'caller_account_basis', 'where caller_account_id comes from: identity, arn, recipient, path or unknown'),
  column('keys', 'VARCHAR', 'key_account_id', 'who owns the key'),
  column('calls', 'VARCHAR', 'region', 'awsRegion'),
  column('calls', 'VARCHAR', 'operation', 'eventName'),
  column('calls', 'VARCHAR', 'operation_class', 'cryptographic, management, management_read, grant, custom_key_store, service_event or unknown'),
  column('calls', 'VARCHAR', 'event_type', 'AwsApiCall, AwsServiceEvent, AwsVpceEvent, ...'),
  column('calls', 'BOOLEAN', 'read_only', 'readOnly'),
  column('calls', 'VARCHAR', 'quota_id', 'request quota the call is charged to; unknown when it cannot be told; null for events that are no API calls'),
  column('calls', 'BOOLEAN', 'quota_assumed', 'true when the algorithm was missing and a symmetric key was assumed'),
  column('calls', 'VARCHAR', 'second_region', 'the other Region that ReplicateKey or UpdatePrimaryRegion also charges'),
  column('calls', 'VARCHAR', 'algorithm', 'encryption, signing, MAC, key agreement or encapsulation algorithm'),
  column('calls', 'VARCHAR', 'data_key_spec', 'keySpec, keyPairSpec, or BYTES_n for numberOfBytes'),
  column('keys', 'VARCHAR', 'key_arn', 'key ARN as resolved; null when unresolved'),
  column('keys', 'VARCHAR', 'key_ref', 'key as typed in the request'),
  column('keys', 'VARCHAR', 'destination_key_arn', 'second key of ReEncrypt'),
  column('keys', 'VARCHAR', 'custom_key_store_id', 'custom key store of the key'),
  column('keys', 'VARCHAR', 'store_quota_id', 'quota of the custom key store that cryptographic calls are also charged to'),
  column('identities', 'VARCHAR', 'principal_arn', 'role or user ARN (of an assumed role: the role), service name for AWSService'),
  column('identities', 'VARCHAR', 'principal_type', 'userIdentity.type; unknown when absent'),
  column('identities', 'VARCHAR', 'session_name', 'role session name'),
  column('identities', 'VARCHAR', 'caller_arn', 'userIdentity.arn as logged'),
  column('identities', 'VARCHAR', 'access_key_id', 'accessKeyId as logged'),
  column('identities', 'BOOLEAN', 'console_session', 'sessionCredentialFromConsole'),
  column('calls', 'VARCHAR', 'via_service', 'service that called on behalf of the principal'),
  column('calls', 'BOOLEAN', 'is_direct', 'true when invokedBy is absent'),
  column('clients', 'VARCHAR', 'source_ip', 'sourceIPAddress, only when it is an address'),
  column('clients', 'VARCHAR', 'caller_source', 'sourceIPAddress as logged'),
  column('clients', 'VARCHAR', 'user_agent', 'userAgent (written by the caller)'),
  column('clients', 'VARCHAR', 'vpc_endpoint_id', 'vpcEndpointId'),
  column('clients', 'VARCHAR', 'tls_version', 'tlsDetails.tlsVersion'),
  column('calls', 'VARCHAR', 'outcome', 'success, throttled, denied, dry_run or failed'),
  column('calls', 'VARCHAR', 'error_code', 'errorCode'),
  column('events', 'VARCHAR', 'error_message', 'errorMessage (may quote caller input)'),
  column('events', 'VARCHAR', 'encryption_context', 'encryption context as JSON text (written by the caller)'),
  column('calls', 'VARCHAR', 'context_kind', `${contextKindNames.slice(0, -1).join(', ')} or none (reference/context-kinds.json)`),
  column('events', 'VARCHAR', 'resource_arn', 'resource that the encryption context names'),
  column('calls', 'VARCHAR', 's3_bucket', 'bucket of an S3 context'),
  column('calls', 'BOOLEAN', 's3_context_is_bucket', 'true when the S3 context names only the bucket (S3 Bucket Key on)'),
  column('events', 'VARCHAR', 'request_parameters', 'JSON text; for cryptographic calls only what no column holds'),
  column('events', 'VARCHAR', 'response_elements', 'JSON text'),
  column('keys', 'VARCHAR', 'additional_event_data', 'JSON text, without customKeyStoreId, which is a column'),
  column('events', 'BOOLEAN', 'counted', 'true for exactly one event of each action'),
  column('objects', 'VARCHAR', 'object_id', 'ledger object that holds the raw record', 'CAST(t.object_id AS VARCHAR)'),
  column('events', 'INTEGER', 'record_index', 'position of the record in its object, from 0'),
];

/** One row of `kms_events` before it is stored; the writer sets counted and object_id. */
export interface KmsEvent {
  event_id: string;
  shared_event_id: string | null;
  request_id: string | null;
  /** Seconds since the epoch. */
  event_time: number;
  account_id: string | null;
  caller_account_id: string | null;
  caller_account_basis: string;
  key_account_id: string | null;
  region: string | null;
  operation: string;
  operation_class: string;
  event_type: string | null;
  read_only: boolean | null;
  quota_id: string | null;
  quota_assumed: boolean;
  second_region: string | null;
  algorithm: string | null;
  data_key_spec: string | null;
  key_arn: string | null;
  key_ref: string | null;
  destination_key_arn: string | null;
  custom_key_store_id: string | null;
  store_quota_id: string | null;
  principal_arn: string;
  principal_type: string;
  session_name: string | null;
  caller_arn: string | null;
  access_key_id: string | null;
  console_session: boolean | null;
  via_service: string | null;
  is_direct: boolean;
  source_ip: string | null;
  caller_source: string | null;
  user_agent: string | null;
  vpc_endpoint_id: string | null;
  tls_version: string | null;
  outcome: 'success' | 'throttled' | 'denied' | 'dry_run' | 'failed';
  error_code: string | null;
  error_message: string | null;
  encryption_context: string | null;
  context_kind: string;
  resource_arn: string | null;
  s3_bucket: string | null;
  s3_context_is_bucket: boolean | null;
  request_parameters: string | null;
  response_elements: string | null;
  additional_event_data: string | null;
  record_index: number;
}
