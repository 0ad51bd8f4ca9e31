-- Question: which keys are changed or called in bursts that stand out even below any quota?
-- Grain: one row for each key and Region with a burst of calls or of state-changing calls. A burst is
--        of one caller account and quota in one second.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL), $changes_min
--         (state-changing calls in one second), $burst_min (calls in one second), $burst_factor (times
--         the key's mean over the time it was in use), $include_aws_service (BOOLEAN), $limit (rows).
-- Caveats: AWS KMS can throttle calls that change one key at the same time below the quota of the
--          account. The mean is over the time from the key's first to its last call, at least a minute.
--          Seconds are first sifted by the last character of the key: 36 small groups in place of
--          thousands of long names, and no key with a burst can slip through.
WITH busy_seconds AS (
  SELECT second, caller_account_id, region, quota_id
  FROM calls_per_second
  WHERE custom_key_store_id IS NULL
    AND offered >= $burst_min
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
busy_characters AS (
  SELECT b.second, b.caller_account_id, b.region, b.quota_id, substr(coalesce(e.key_arn, e.key_ref), -1) AS character
  FROM kms_events AS e
  JOIN busy_seconds AS b ON b.second = e.event_time AND b.caller_account_id = e.caller_account_id
    AND b.region = e.region AND b.quota_id = e.quota_id
  WHERE e.counted AND ($include_aws_service OR e.principal_type <> 'AWSService')
  GROUP BY b.second, b.caller_account_id, b.region, b.quota_id, substr(coalesce(e.key_arn, e.key_ref), -1)
  HAVING count(*) >= $burst_min
),
bursts AS (
  SELECT key_name, region, calls AS calls_peak, second AS calls_peak_at
  FROM (
    SELECT coalesce(e.key_arn, e.key_ref) AS key_name, e.region, b.second, count(*) AS calls,
      row_number() OVER (PARTITION BY coalesce(e.key_arn, e.key_ref), e.region ORDER BY count(*) DESC, b.second) AS place
    FROM kms_events AS e
    JOIN busy_characters AS b ON b.second = e.event_time AND b.caller_account_id = e.caller_account_id
      AND b.region = e.region AND b.quota_id = e.quota_id
      AND b.character = substr(coalesce(e.key_arn, e.key_ref), -1)
    WHERE e.counted AND ($include_aws_service OR e.principal_type <> 'AWSService')
    GROUP BY coalesce(e.key_arn, e.key_ref), e.region, e.caller_account_id, e.quota_id, b.second
    HAVING count(*) >= $burst_min
  ) AS ranked_calls
  WHERE place = 1
),
change_characters AS (
  SELECT event_time, region, substr(coalesce(key_arn, key_ref), -1) AS character
  FROM kms_events
  WHERE counted
    AND operation_class IN ('management', 'grant')
    AND NOT read_only
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND ($include_aws_service OR principal_type <> 'AWSService')
  GROUP BY event_time, region, substr(coalesce(key_arn, key_ref), -1)
  HAVING count(*) >= $changes_min
),
changes AS (
  SELECT key_name, region, calls AS state_changes_peak, event_time AS state_changes_peak_at
  FROM (
    SELECT coalesce(e.key_arn, e.key_ref) AS key_name, e.region, e.event_time, count(*) AS calls,
      row_number() OVER (PARTITION BY coalesce(e.key_arn, e.key_ref), e.region ORDER BY count(*) DESC, e.event_time) AS place
    FROM kms_events AS e
    JOIN change_characters AS c ON c.event_time = e.event_time AND c.region = e.region
      AND c.character = substr(coalesce(e.key_arn, e.key_ref), -1)
    WHERE e.counted
      AND e.operation_class IN ('management', 'grant')
      AND NOT e.read_only
      AND (CAST($account AS VARCHAR) IS NULL OR e.caller_account_id = $account)
      AND ($include_aws_service OR e.principal_type <> 'AWSService')
    GROUP BY coalesce(e.key_arn, e.key_ref), e.region, e.event_time
    HAVING count(*) >= $changes_min
  ) AS ranked_changes
  WHERE place = 1
),
candidates AS (
  SELECT key_name, region FROM bursts
  UNION
  SELECT key_name, region FROM changes
),
totals AS (
  SELECT c.key_name, c.region, count(*) AS calls, count(*) FILTER (WHERE e.outcome = 'throttled') AS throttled_calls,
    count(*) FILTER (WHERE e.operation_class IN ('management', 'grant') AND NOT e.read_only) AS state_changes,
    count(*) FILTER (WHERE e.operation_class IN ('management', 'grant') AND NOT e.read_only AND e.outcome = 'throttled')
      AS state_changes_throttled,
    min(e.event_time) AS first_at, max(e.event_time) AS last_at,
    CAST(greatest(60, date_diff('second', min(e.event_time), max(e.event_time)) + 1) AS DOUBLE) AS span_seconds
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
  t.calls / t.span_seconds AS calls_per_second_mean,
  b.calls_peak, b.calls_peak_at, b.calls_peak * t.span_seconds / t.calls AS burst_factor,
  t.state_changes, h.state_changes_peak, h.state_changes_peak_at, t.state_changes_throttled,
  h.state_changes_peak IS NOT NULL AS stands_out_by_changes,
  coalesce(b.calls_peak * t.span_seconds / t.calls >= $burst_factor, false) AS stands_out_by_burst
FROM totals AS t
LEFT JOIN bursts AS b ON b.key_name = t.key_name AND b.region = t.region
LEFT JOIN changes AS h ON h.key_name = t.key_name AND h.region = t.region
WHERE h.state_changes_peak IS NOT NULL OR b.calls_peak * t.span_seconds / t.calls >= $burst_factor
ORDER BY t.state_changes_throttled DESC, coalesce(h.state_changes_peak, 0) DESC, coalesce(b.calls_peak, 0) DESC, t.key_name, t.region
LIMIT $limit
