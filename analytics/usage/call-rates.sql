-- Question: how many KMS calls a second, minute, hour or day, by what?
-- Grain: one row for each bin and group. Only counted calls.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal, $service, $operation
--         (VARCHAR or NULL), $bin (second, minute, hour, day), $by (dimension), $limit (rows).
-- Caveats: event_time is when the call was completed, in whole seconds; active seconds only.
WITH seconds AS (
  SELECT event_time AS second,
    CASE $by
      WHEN 'key' THEN coalesce(key_arn, key_ref, '(unresolved)')
      WHEN 'principal' THEN principal_arn
      WHEN 'service' THEN coalesce(via_service, '(direct)')
      WHEN 'operation' THEN operation
      WHEN 'account' THEN caller_account_id
      WHEN 'region' THEN region
      WHEN 'bucket' THEN coalesce(s3_bucket, '(none)')
      ELSE '(all)'
    END AS group_name,
    count(*) AS calls,
    count_if(outcome = 'throttled') AS throttled
  FROM kms_events
  WHERE counted
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
    AND (CAST($operation AS VARCHAR) IS NULL OR operation = $operation)
  GROUP BY 1, 2
),
ranked AS (
  SELECT date_trunc($bin, second) AS bin_from, group_name, second, calls, throttled,
    row_number() OVER (PARTITION BY date_trunc($bin, second), group_name ORDER BY calls, second DESC) AS place,
    count(*) OVER (PARTITION BY date_trunc($bin, second), group_name) AS active_seconds
  FROM seconds
)
SELECT bin_from, group_name,
  CAST(sum(calls) AS BIGINT) AS calls,
  CAST(sum(throttled) AS BIGINT) AS throttled_calls,
  max(calls) AS calls_per_second_peak,
  min(second) FILTER (WHERE place = active_seconds) AS peak_at,
  min(calls) FILTER (WHERE place >= 0.99 * active_seconds) AS calls_per_second_p99,
  max(active_seconds) AS active_seconds
FROM ranked
GROUP BY bin_from, group_name
ORDER BY bin_from, calls DESC, group_name
LIMIT $limit
