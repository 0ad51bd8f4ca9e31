-- Question: how many priced calls does each account and Region make, so that a finding has a share?
-- Grain: one row for each caller account and Region.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: the findings themselves come from the savings analyses, which this one runs.
SELECT coalesce(caller_account_id, 'unknown') AS account_id, coalesce(region, 'unknown') AS region,
  count(*) AS calls
FROM kms_events
WHERE counted AND outcome = 'success'
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
GROUP BY 1, 2
ORDER BY 1, 2
