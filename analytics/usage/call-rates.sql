-- Question: how many KMS calls a second, minute, hour or day, by what?
-- Grain: one row for each bin and group. Only counted calls.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal, $service, $operation
--         (VARCHAR or NULL), $bin (second, minute, hour, day), $by (dimension), $limit (rows).
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to).
-- Caveats: event_time is when the call was completed, in whole seconds; active seconds only.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
),
seconds AS (
  SELECT event_time AS second,
    CASE $by
      WHEN 'key' THEN coalesce(key_arn, alias_key, key_ref, '(unresolved)')
      WHEN 'principal' THEN principal_arn
      WHEN 'service' THEN coalesce(via_service, '(direct)')
      WHEN 'operation' THEN operation
      WHEN 'account' THEN caller_account_id
      WHEN 'region' THEN region
      WHEN 'bucket' THEN coalesce(s3_bucket, '(none)')
      ELSE '(all)'
    END AS group_name,
    count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'throttled') AS throttled
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE counted
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key) = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
    AND (CAST($operation AS VARCHAR) IS NULL OR operation = $operation)
  GROUP BY 1, 2
),
levels AS (
  -- Seconds with equally many calls are one row: few enough to be put in order.
  SELECT date_trunc($bin, second) AS bin_from, group_name, calls, count(*) AS seconds,
    sum(throttled) AS throttled, min(second) AS first_at
  FROM seconds
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT bin_from, group_name, calls, seconds, throttled, first_at,
    sum(seconds) OVER (PARTITION BY bin_from, group_name ORDER BY calls) AS place,
    sum(seconds) OVER (PARTITION BY bin_from, group_name) AS active_seconds
  FROM levels
)
SELECT bin_from, group_name,
  CAST(sum(calls * seconds) AS BIGINT) AS calls,
  CAST(sum(throttled) AS BIGINT) AS throttled_calls,
  max(calls) AS calls_per_second_peak,
  max_by(first_at, calls) AS peak_at,
  min(calls) FILTER (WHERE place >= 0.99 * active_seconds) AS calls_per_second_p99,
  CAST(max(active_seconds) AS BIGINT) AS active_seconds
FROM ranked
GROUP BY bin_from, group_name
ORDER BY bin_from, calls DESC, group_name
LIMIT $limit
