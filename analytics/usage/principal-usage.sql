-- Question: Which principal makes how many calls, with which keys?
-- Grain: one row for each principal. Counted calls; first and last use over all events.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal, $service (VARCHAR or
--         NULL), $limit (rows).
-- Caveats: no row means no event in the log, which is no proof of no use.
WITH chosen AS (
  SELECT principal_arn AS principal,
    event_time, counted, outcome, operation, operation_class, caller_account_id, region, key_arn,
    principal_arn, via_service, resource_arn, s3_bucket
  FROM kms_events
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
),
seconds AS (
  SELECT principal, event_time, count(*) AS calls
  FROM chosen WHERE counted GROUP BY 1, 2
),
peaks AS (
  SELECT principal, max(calls) AS calls_per_second_peak,
    count(*) AS active_seconds
  FROM seconds GROUP BY 1
),
peak_times AS (
  SELECT s.principal, min(s.event_time) AS peak_at
  FROM seconds AS s
  JOIN peaks AS p ON p.principal = s.principal AND p.calls_per_second_peak = s.calls
  GROUP BY 1
),
totals AS (
  SELECT principal,
    count_if(counted) AS calls,
    count_if(counted AND operation_class = 'cryptographic') AS cryptographic_calls,
    count_if(counted AND outcome = 'throttled') AS throttled_calls,
    count_if(counted AND outcome = 'denied') AS denied_calls,
    count_if(counted AND outcome IN ('failed', 'dry_run')) AS failed_calls,
    count(DISTINCT operation) AS operations,
    count(DISTINCT key_arn) AS keys,
    count(DISTINCT via_service) AS services,
    count(DISTINCT resource_arn) AS resources,
    min(event_time) AS first_used_at,
    max(event_time) AS last_used_at
  FROM chosen GROUP BY 1
)
SELECT t.*, coalesce(p.calls_per_second_peak, 0) AS calls_per_second_peak, x.peak_at,
  coalesce(p.active_seconds, 0) AS active_seconds
FROM totals AS t
LEFT JOIN peaks AS p ON p.principal = t.principal
LEFT JOIN peak_times AS x ON x.principal = t.principal
ORDER BY t.calls DESC, t.principal
LIMIT $limit
