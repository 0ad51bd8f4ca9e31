-- Question: which principal used which key, when first and last, how often, how often in vain?
-- Grain: one row for each principal, caller account, Region and key.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $principal, $key (VARCHAR or NULL), $limit.
-- Caveats: ReEncrypt stands at its source key; calls whose key is unresolved stand at what they typed.
SELECT principal_arn, caller_account_id AS account_id, region, coalesce(key_arn, key_ref) AS key,
  key_arn IS NOT NULL AS key_resolved, min(event_time) AS first_at, max(event_time) AS last_at,
  count(*) FILTER (WHERE counted) AS calls,
  count(*) FILTER (WHERE counted AND outcome = 'success') AS successful_calls,
  count(*) FILTER (WHERE counted AND outcome = 'denied') AS denied_calls,
  count(*) FILTER (WHERE counted AND outcome = 'throttled') AS throttled_calls,
  count(*) FILTER (WHERE counted AND operation IN ('Decrypt', 'ReEncrypt')) AS decrypt_calls,
  count(*) FILTER (WHERE counted AND operation_class IN ('management', 'grant') AND NOT coalesce(read_only, false)) AS change_calls,
  min(event_id) AS event_id
FROM kms_events
WHERE coalesce(key_arn, key_ref) IS NOT NULL
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref) = $key)
GROUP BY principal_arn, caller_account_id, region, coalesce(key_arn, key_ref), key_arn IS NOT NULL
ORDER BY calls DESC, principal_arn, key, region
LIMIT $limit
