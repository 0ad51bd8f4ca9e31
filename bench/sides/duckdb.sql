-- Plain DuckDB's strongest form that was found: only the fields that columns need, typed, so that no
-- second parse follows; ids as UUIDs; filtered right behind unnest. It is spared what SQL cannot say in
-- one statement: duplicates across files, per-second counts, the ledger, checksums, cross-account
-- actions, unusual records, and the parameters of management calls.
CREATE TABLE kms_events AS
WITH records AS (
  SELECT unnest(Records) AS r, filename
  FROM read_json($files, format = 'unstructured', filename = true, maximum_object_size = 268435456,
    columns = {Records: 'STRUCT(
      eventID UUID, sharedEventID UUID, requestID VARCHAR, eventTime TIMESTAMP, eventSource VARCHAR,
      eventName VARCHAR, eventType VARCHAR, awsRegion VARCHAR, recipientAccountId VARCHAR, readOnly BOOLEAN,
      errorCode VARCHAR, errorMessage VARCHAR, sourceIPAddress VARCHAR, userAgent VARCHAR, vpcEndpointId VARCHAR,
      sessionCredentialFromConsole VARCHAR, tlsDetails STRUCT(tlsVersion VARCHAR),
      userIdentity STRUCT("type" VARCHAR, arn VARCHAR, accountId VARCHAR, accessKeyId VARCHAR, invokedBy VARCHAR,
        sessionContext STRUCT(sessionIssuer STRUCT(arn VARCHAR))),
      requestParameters STRUCT(keyId VARCHAR, encryptionAlgorithm VARCHAR, keySpec VARCHAR,
        signingAlgorithm VARCHAR, macAlgorithm VARCHAR, destinationKeyId VARCHAR, encryptionContext JSON),
      responseElements JSON, additionalEventData JSON,
      resources STRUCT(ARN VARCHAR, accountId VARCHAR, "type" VARCHAR)[])[]'})
), kms AS (
  SELECT r.*, filename FROM records WHERE r.eventSource = 'kms.amazonaws.com'
), named AS (
  SELECT *, list_filter(resources, lambda x: x."type" = 'AWS::KMS::Key')[1] AS key,
    json_extract_string(requestParameters.encryptionContext, '$."aws:s3:arn"') AS s3_arn
  FROM kms
)
SELECT eventID AS event_id, coalesce(sharedEventID, eventID) AS action_id, sharedEventID AS shared_event_id,
  TRY_CAST(requestID AS UUID) AS request_id, eventTime AS event_time,
  recipientAccountId AS account_id, coalesce(userIdentity.accountId, recipientAccountId) AS caller_account_id,
  CASE WHEN userIdentity.accountId IS NULL THEN 'recipient' ELSE 'identity' END AS caller_account_basis,
  coalesce(key.accountId, split_part(key.ARN, ':', 5)) AS key_account_id, awsRegion AS region,
  eventName AS operation,
  CASE WHEN eventName IN ('Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt')
    THEN 'cryptographic' ELSE 'unknown' END AS operation_class,
  eventType AS event_type, readOnly AS read_only,
  CASE WHEN eventName IN ('Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt')
    THEN 'cryptographic_symmetric' ELSE 'unknown' END AS quota_id,
  coalesce(requestParameters.encryptionAlgorithm, '') = '' AS quota_assumed, CAST(NULL AS VARCHAR) AS second_region,
  coalesce(requestParameters.encryptionAlgorithm, requestParameters.signingAlgorithm, requestParameters.macAlgorithm) AS algorithm,
  requestParameters.keySpec AS data_key_spec,
  coalesce(key.ARN, CASE WHEN starts_with(requestParameters.keyId, 'arn:') THEN requestParameters.keyId END) AS key_arn,
  requestParameters.keyId AS key_ref, requestParameters.destinationKeyId AS destination_key_arn,
  json_extract_string(additionalEventData, '$.customKeyStoreId') AS custom_key_store_id, CAST(NULL AS VARCHAR) AS store_quota_id,
  coalesce(userIdentity.sessionContext.sessionIssuer.arn, userIdentity.arn, userIdentity.invokedBy) AS principal_arn,
  userIdentity."type" AS principal_type,
  CASE WHEN userIdentity."type" = 'AssumedRole' THEN split_part(userIdentity.arn, '/', 3) END AS session_name,
  userIdentity.arn AS caller_arn, userIdentity.accessKeyId AS access_key_id,
  sessionCredentialFromConsole = 'true' AS console_session,
  replace(userIdentity.invokedBy, 'fas.', '') AS via_service, userIdentity.invokedBy IS NULL AS is_direct,
  CASE WHEN regexp_full_match(sourceIPAddress, '[0-9.]+|[0-9a-fA-F:]+') THEN sourceIPAddress END AS source_ip,
  sourceIPAddress AS caller_source, userAgent AS user_agent, vpcEndpointId AS vpc_endpoint_id,
  tlsDetails.tlsVersion AS tls_version,
  CASE WHEN errorCode IS NULL THEN 'success' WHEN errorCode IN ('ThrottlingException', 'Throttling') THEN 'throttled'
    WHEN errorCode LIKE 'AccessDenied%' THEN 'denied' WHEN errorCode = 'DryRunOperationException' THEN 'dry_run'
    ELSE 'failed' END AS outcome,
  errorCode AS error_code, errorMessage AS error_message,
  CAST(requestParameters.encryptionContext AS VARCHAR) AS encryption_context,
  CASE WHEN s3_arn IS NOT NULL THEN 's3' WHEN requestParameters.encryptionContext IS NULL THEN 'none'
    WHEN json_exists(requestParameters.encryptionContext, '$."aws:dynamodb:tableName"') THEN 'dynamodb'
    WHEN json_exists(requestParameters.encryptionContext, '$.SecretARN') THEN 'secretsmanager' ELSE 'other' END AS context_kind,
  coalesce(s3_arn, json_extract_string(requestParameters.encryptionContext, '$.SecretARN')) AS resource_arn,
  split_part(split_part(s3_arn, ':::', 2), '/', 1) AS s3_bucket, NOT contains(s3_arn, '/') AS s3_context_is_bucket,
  CAST(NULL AS VARCHAR) AS request_parameters, CAST(responseElements AS VARCHAR) AS response_elements,
  CAST(additionalEventData AS VARCHAR) AS additional_event_data, eventType = 'AwsApiCall' AS counted,
  filename AS object_id, CAST(NULL AS INTEGER) AS record_index
FROM named
