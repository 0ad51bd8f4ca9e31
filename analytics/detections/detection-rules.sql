-- Question: what do the rules have to judge by?
-- Grain: one row: KMS events of the range, events of other services up to its end, and the days that the log spans.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: events of other services count whatever their account and Region: they show that ingest keeps them.
SELECT
  count(*) FILTER (WHERE CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from) AS events,
  (SELECT count(*) FROM related_events) AS related,
  coalesce(date_diff('day', min(event_time), max(event_time)), 0) AS days
FROM kms_events
WHERE (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
