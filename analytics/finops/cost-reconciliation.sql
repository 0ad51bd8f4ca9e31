-- Question: which requests does the log show in the billed period, to hold against the bill?
-- Grain: one row for each Region and kind of call.
-- Params: $from, $to (TIMESTAMP, half-open), $region (VARCHAR or NULL).
-- Caveats: counted calls of all accounts that were read.
SELECT region, operation, operation_class, quota_id, data_key_spec,
  count(*) FILTER (WHERE outcome = 'success') AS successful,
  count(*) FILTER (WHERE outcome <> 'success') AS failed
FROM kms_events
WHERE counted
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
