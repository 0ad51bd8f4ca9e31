-- Question: What does the log hold: how many calls, what became of them, of how many keys and principals?
-- Grain: one row. Counted calls; first and last over all events, copies and history included.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: throttled calls are a lower bound; no event is no proof of no call.
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
WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
