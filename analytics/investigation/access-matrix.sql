-- Question: which principal used which key, when first and last, how often, how often in vain?
-- Grain: one row for each principal, caller account, Region and key.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $principal, $key (VARCHAR or NULL), $limit,
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to).
-- Caveats: ReEncrypt stands at its source key; calls that failed before KMS resolved the key stand at the key that the typed alias
--          meant then (key_resolved is false), else at what they typed.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
)
SELECT principal_arn, caller_account_id AS account_id, region, coalesce(key_arn, alias_key, key_ref) AS key,
  key_arn IS NOT NULL AS key_resolved, CASE WHEN key_arn IS NULL THEN min(key_ref) END AS typed_ref, min(event_time) AS first_at, max(event_time) AS last_at,
  count(*) FILTER (WHERE counted) AS calls,
  count(*) FILTER (WHERE counted AND outcome = 'success') AS successful_calls,
  count(*) FILTER (WHERE counted AND outcome = 'denied') AS denied_calls,
  count(*) FILTER (WHERE counted AND outcome = 'throttled') AS throttled_calls,
  count(*) FILTER (WHERE counted AND operation IN ('Decrypt', 'ReEncrypt')) AS decrypt_calls,
  count(*) FILTER (WHERE counted AND operation_class IN ('management', 'grant') AND NOT coalesce(read_only, false)) AS change_calls,
  min(event_id) AS event_id
FROM kms_events
LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
  AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
  AND event_time >= valid_from AND event_time < valid_to
WHERE coalesce(key_arn, key_ref) IS NOT NULL
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key, key_ref) = $key)
GROUP BY principal_arn, caller_account_id, region, coalesce(key_arn, alias_key, key_ref), key_arn IS NOT NULL, key_arn IS NULL
ORDER BY calls DESC, principal_arn, key, region
LIMIT $limit
