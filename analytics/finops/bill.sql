-- Question: how many calls succeeded, and how many did not and are in no dollar of the bill?
-- Grain: one row. The bill's dollars are put on in TypeScript, by the ledger that findings are settled with.
-- Params: $from, $to (TIMESTAMP, half-open), $account (that calls), $region (VARCHAR or NULL).
-- Caveats: keys, copies and the free tier come from key-cost, cloudtrail-cost and the price list.
SELECT count(*) FILTER (WHERE outcome = 'success') AS successful_calls,
  count(*) FILTER (WHERE outcome = 'throttled') AS throttled_calls,
  count(*) FILTER (WHERE outcome NOT IN ('success', 'throttled')) AS failed_calls
FROM kms_events
WHERE counted
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
