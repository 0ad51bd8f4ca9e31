-- Question: which calls of services could a setting or a client cache spare?
-- Grain: one successful call with the fingerprint of a lever, in order of lever, resource, principal
--        and time. item: what one cache entry or data key serves.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal (VARCHAR or NULL).
-- Caveats: connections, processes and hosts are not logged; session and address stand for a client.
SELECT
  CASE context_kind
    WHEN 'sqs' THEN 'sqs_reuse'
    WHEN 'dynamodb' THEN 'dynamodb_connections'
    WHEN 'secretsmanager' THEN 'secret_cache'
    WHEN 'ssm' THEN 'parameter_cache'
    WHEN 'hierarchical_keyring' THEN 'branch_key_cache'
    ELSE 'lambda_cold_starts'
  END AS lever,
  coalesce(caller_account_id, 'unknown') AS account_id,
  coalesce(region, 'unknown') AS region,
  CASE
    WHEN context_kind = 'hierarchical_keyring'
      THEN coalesce(regexp_extract(encryption_context, '"branch-key-id":"([^"]*)"', 1), '(unknown)')
    ELSE coalesce(resource_arn, '(unknown)')
  END AS resource,
  principal_arn,
  to_unixtime(event_time) AS second,
  CASE
    WHEN context_kind IN ('secretsmanager', 'ssm', 'hierarchical_keyring') THEN encryption_context
    ELSE operation
  END AS item,
  coalesce(caller_arn, principal_arn) AS session_arn,
  coalesce(source_ip, '') AS source_ip,
  coalesce(key_arn, key_ref, '(unresolved)') AS kms_key
FROM kms_events
WHERE counted AND outcome = 'success'
  AND principal_type <> 'AWSService'
  AND (
    (context_kind = 'sqs' AND operation IN ('GenerateDataKey', 'Decrypt'))
    OR (context_kind IN ('dynamodb', 'ssm', 'hierarchical_keyring', 'lambda') AND operation = 'Decrypt')
    OR (context_kind = 'secretsmanager' AND operation = 'Decrypt'
      AND encryption_context NOT LIKE '%RequestToValidateKeyAccess%')
  )
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
ORDER BY lever, account_id, region, resource, principal_arn, event_time, event_id
