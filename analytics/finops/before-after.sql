-- Question: did the change work?
-- Grain: one row for each side (before, after) and group, with the busiest second of the group.
-- Params: $before_from, $before_to, $after_from, $after_to (TIMESTAMP, half-open), $account, $region, $key,
--         $principal, $bucket, $service (VARCHAR or NULL), $by (dimension).
-- Caveats: counted calls; throttled ones are a lower bound.
WITH sides AS (
  SELECT
    CASE
      WHEN event_time >= $before_from AND event_time < $before_to THEN 'before'
      ELSE 'after'
    END AS side,
    CASE $by
      WHEN 'operation' THEN operation
      WHEN 'principal' THEN principal_arn
      WHEN 'key' THEN coalesce(key_arn, key_ref, '(unresolved)')
      WHEN 'service' THEN coalesce(via_service, '(direct)')
      WHEN 'bucket' THEN coalesce(s3_bucket, '(none)')
      ELSE '(all)'
    END AS group_name,
    account_id, region, event_time, outcome, s3_context_is_bucket,
    operation, operation_class, quota_id, data_key_spec
  FROM kms_events
  WHERE counted
    AND ((event_time >= $before_from AND event_time < $before_to)
      OR (event_time >= $after_from AND event_time < $after_to))
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
    AND (CAST($service AS VARCHAR) IS NULL OR coalesce(via_service, '(direct)') = $service)
),
peaks AS (
  SELECT side, group_name, max(calls) AS calls_per_second_peak
  FROM (
    SELECT side, group_name, event_time, count(*) AS calls
    FROM sides GROUP BY side, group_name, event_time
  ) AS seconds
  GROUP BY side, group_name
),
counts AS (
  SELECT side, group_name, region, operation, operation_class, quota_id, data_key_spec,
    count(*) AS calls,
    count(*) FILTER (WHERE outcome = 'success') AS successful,
    count(*) FILTER (WHERE outcome = 'throttled') AS throttled
  FROM sides
  GROUP BY side, group_name, region, operation, operation_class, quota_id, data_key_spec
)
SELECT counts.side, counts.group_name, counts.region, counts.operation, counts.operation_class,
  counts.quota_id, counts.data_key_spec, counts.calls, counts.successful, counts.throttled,
  peaks.calls_per_second_peak
FROM counts
JOIN peaks ON peaks.side = counts.side AND peaks.group_name = counts.group_name
ORDER BY counts.group_name, counts.side, counts.operation, counts.region
