-- Question: which keys are changed or called in bursts that stand out even below any quota?
-- Grain: one row for each key and Region with a burst of calls or of state-changing calls.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL), $changes_min
--         (state-changing calls in one second), $burst_min (calls in one second), $burst_factor (times
--         the key's mean over the time it was in use), $include_aws_service (BOOLEAN), $limit (rows).
-- Caveats: AWS KMS can throttle calls that change one key at the same time below the quota of the
--          account. The mean is over the time from the key's first to its last call, at least a minute.
WITH busy_seconds AS (
  SELECT second
  FROM calls_per_second
  WHERE custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  GROUP BY second, region
  HAVING sum(offered) >= $burst_min
),
calls_by_second AS (
  SELECT coalesce(key_arn, key_ref) AS key_name, region, event_time, count(*) AS calls,
    count_if(outcome = 'throttled') AS throttled
  FROM kms_events
  WHERE counted
    AND event_time IN (SELECT second FROM busy_seconds)
    AND coalesce(key_arn, key_ref) IS NOT NULL
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND ($include_aws_service OR principal_type <> 'AWSService')
  GROUP BY coalesce(key_arn, key_ref), region, event_time
  HAVING count(*) >= $burst_min
),
changes_by_second AS (
  SELECT coalesce(key_arn, key_ref) AS key_name, region, event_time, count(*) AS changes,
    count_if(outcome = 'throttled') AS throttled
  FROM kms_events
  WHERE counted
    AND operation_class IN ('management', 'grant')
    AND NOT read_only
    AND coalesce(key_arn, key_ref) IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND ($include_aws_service OR principal_type <> 'AWSService')
  GROUP BY coalesce(key_arn, key_ref), region, event_time
),
bursts AS (
  SELECT key_name, region, calls AS calls_peak, event_time AS calls_peak_at
  FROM (
    SELECT key_name, region, calls, event_time,
      row_number() OVER (PARTITION BY key_name, region ORDER BY calls DESC, event_time) AS place
    FROM calls_by_second
  ) AS ranked_calls
  WHERE place = 1
),
changes AS (
  SELECT key_name, region, max(changes) AS state_changes_peak, min(event_time) FILTER (WHERE place = 1) AS state_changes_peak_at,
    sum(changes) AS state_changes, sum(throttled) AS state_changes_throttled
  FROM (
    SELECT key_name, region, changes, throttled, event_time,
      row_number() OVER (PARTITION BY key_name, region ORDER BY changes DESC, event_time) AS place
    FROM changes_by_second
  ) AS ranked_changes
  GROUP BY key_name, region
),
candidates AS (
  SELECT key_name, region FROM bursts
  UNION
  SELECT key_name, region FROM changes WHERE state_changes_peak >= $changes_min
),
totals AS (
  SELECT c.key_name, c.region, count(*) AS calls, count_if(e.outcome = 'throttled') AS throttled_calls,
    min(e.event_time) AS first_at, max(e.event_time) AS last_at
  FROM candidates AS c
  JOIN kms_events AS e ON coalesce(e.key_arn, e.key_ref) = c.key_name AND e.region = c.region
  WHERE e.counted
    AND (CAST($from AS TIMESTAMP) IS NULL OR e.event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR e.event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR e.caller_account_id = $account)
    AND ($include_aws_service OR e.principal_type <> 'AWSService')
  GROUP BY c.key_name, c.region
)
SELECT t.key_name, t.region, t.calls, t.throttled_calls, t.first_at, t.last_at,
  CAST(t.calls AS DOUBLE) / greatest(60, date_diff('second', t.first_at, t.last_at) + 1) AS calls_per_second_mean,
  b.calls_peak, b.calls_peak_at,
  b.calls_peak * CAST(greatest(60, date_diff('second', t.first_at, t.last_at) + 1) AS DOUBLE) / t.calls AS burst_factor,
  CAST(coalesce(h.state_changes, 0) AS BIGINT) AS state_changes,
  coalesce(h.state_changes_peak, 0) AS state_changes_peak, h.state_changes_peak_at,
  CAST(coalesce(h.state_changes_throttled, 0) AS BIGINT) AS state_changes_throttled,
  coalesce(h.state_changes_peak >= $changes_min, false) AS stands_out_by_changes,
  coalesce(b.calls_peak * CAST(greatest(60, date_diff('second', t.first_at, t.last_at) + 1) AS DOUBLE) / t.calls >= $burst_factor, false)
    AS stands_out_by_burst
FROM totals AS t
LEFT JOIN bursts AS b ON b.key_name = t.key_name AND b.region = t.region
LEFT JOIN changes AS h ON h.key_name = t.key_name AND h.region = t.region
WHERE h.state_changes_peak >= $changes_min
  OR b.calls_peak * CAST(greatest(60, date_diff('second', t.first_at, t.last_at) + 1) AS DOUBLE) / t.calls >= $burst_factor
ORDER BY state_changes_throttled DESC, state_changes_peak DESC, b.calls_peak DESC, t.key_name, t.region
LIMIT $limit
