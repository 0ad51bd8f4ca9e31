-- Question: which calls could a cache of data keys in the client have answered?
-- Grain: one successful direct GenerateDataKey or Decrypt, of the Encryption SDK or of a client that
--        encrypts on its own (unknown or empty context), in order of key, principal and time.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal (VARCHAR or NULL).
-- Caveats: a process is not logged; session, address and user agent stand for it.
SELECT
  coalesce(caller_account_id, 'unknown') AS account_id,
  coalesce(region, 'unknown') AS region,
  coalesce(key_arn, key_ref, '(unresolved)') AS kms_key,
  principal_arn,
  CASE WHEN context_kind = 'encryption_sdk' THEN 'encryption_sdk' ELSE 'application' END AS scope,
  to_unixtime(event_time) AS second,
  operation = 'GenerateDataKey' AS is_encrypt,
  encryption_context,
  coalesce(caller_arn, principal_arn) AS session_arn,
  coalesce(source_ip, '') AS source_ip,
  coalesce(user_agent, '') AS user_agent
FROM kms_events
WHERE counted AND outcome = 'success' AND operation IN ('GenerateDataKey', 'Decrypt')
  AND is_direct AND via_service IS NULL
  AND context_kind IN ('encryption_sdk', 'other', 'none')
  AND quota_id = 'crypto_symmetric'
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
ORDER BY account_id, region, kms_key, principal_arn, scope, event_time, event_id
