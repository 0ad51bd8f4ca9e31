-- Question: What does the log hold: how many calls, what became of them, of how many keys and principals?
-- Grain: one row. Counted calls; first and last over all events, copies and history included.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal (VARCHAR or NULL),
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to).
-- Caveats: throttled calls are a lower bound; no event is no proof of no call.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at,
  count(*) AS events,
  count(*) FILTER (WHERE counted) AS calls,
  count(*) FILTER (WHERE counted AND outcome = 'success') AS successful_calls,
  count(*) FILTER (WHERE counted AND outcome = 'throttled') AS throttled_calls,
  count(*) FILTER (WHERE counted AND outcome = 'denied') AS denied_calls,
  count(*) FILTER (WHERE counted AND outcome IN ('failed', 'dry_run')) AS failed_calls,
  count(DISTINCT key_arn) AS keys,
  count(DISTINCT principal_arn) AS principals,
  count(DISTINCT caller_account_id) AS accounts,
  count(DISTINCT region) AS regions
FROM kms_events
LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
  AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
  AND event_time >= valid_from AND event_time < valid_to
WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key) = $key)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
