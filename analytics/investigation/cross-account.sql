-- Question: which calls cross accounts: whose principal uses whose key?
-- Grain: one row for each caller account, key account, principal, Region, key and service.
-- Params: $from, $to (TIMESTAMP, half-open), $account (caller or key owner), $region, $key, $principal (VARCHAR
--         or NULL).
-- Caveats: grants and policies that open the way come from their own SQL; see cross-account.ts.
SELECT caller_account_id, key_account_id, principal_arn, region, coalesce(key_arn, key_ref) AS key, via_service,
  min(event_time) AS first_at, max(event_time) AS last_at, count(*) FILTER (WHERE counted) AS calls,
  count(*) FILTER (WHERE counted AND outcome = 'denied') AS denied_calls, min(event_id) AS event_id
FROM kms_events
WHERE caller_account_id <> key_account_id
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account OR key_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref) = $key)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
GROUP BY caller_account_id, key_account_id, principal_arn, region, coalesce(key_arn, key_ref), via_service
ORDER BY calls DESC, key, principal_arn
