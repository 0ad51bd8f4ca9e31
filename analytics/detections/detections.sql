-- Question: what do all rules together find?
-- Grain: one row: what was looked at. The findings come from the rules' own SQL; see rules.ts.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: none.
SELECT count(*) AS events, min(event_time) AS first_at, max(event_time) AS last_at
FROM kms_events
WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
