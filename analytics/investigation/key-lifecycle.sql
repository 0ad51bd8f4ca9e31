-- Question: what was done to the keys themselves: created, disabled, scheduled, imported, rotated, moved?
-- Grain: one row for each change (or attempt), in order of time.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $principal, $key, $key_id (VARCHAR or NULL), $limit (rows).
-- Caveats: changes that KMS makes by itself (rotation, deletion, expiry) are service events without a principal.
SELECT event_time AS changed_at, coalesce(key_arn, key_ref) AS key, operation, event_type, outcome, error_code,
  principal_arn, caller_account_id AS account_id, region, caller_source, request_parameters, response_elements, event_id
FROM kms_events
WHERE (counted OR event_type = 'AwsServiceEvent')
  AND operation IN ('CreateKey', 'EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'DeleteKey',
    'ImportKeyMaterial', 'DeleteImportedKeyMaterial', 'DeleteExpiredKeyMaterial', 'GetParametersForImport',
    'EnableKeyRotation', 'DisableKeyRotation', 'RotateKey', 'RotateKeyOnDemand', 'ReplicateKey', 'UpdatePrimaryRegion',
    'SynchronizeMultiRegionKey', 'CreateAlias', 'UpdateAlias', 'DeleteAlias', 'PutKeyPolicy', 'UpdateKeyDescription',
    'TagResource', 'UntagResource', 'CreateCustomKeyStore', 'ConnectCustomKeyStore', 'DisconnectCustomKeyStore',
    'UpdateCustomKeyStore', 'DeleteCustomKeyStore')
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
  AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key OR key_ref = $key OR strpos(request_parameters, $key_id) > 0)
ORDER BY changed_at, event_id
LIMIT $limit
