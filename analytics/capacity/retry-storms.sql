-- Question: which calls were repeated again and again after they were throttled?
-- Grain: one row for each run of throttled calls, at most $within_seconds apart and at least
--        $attempts_min - 1 of them, that attempted the same thing (caller account, Region, principal,
--        operation, and encryption context or, where there is none, key); with all attempts from its
--        first to $within_seconds after its last, each as 2 * epoch seconds, + 1 when it was throttled.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota, $principal, $key (VARCHAR or NULL: of the
--         throttled calls),
--         $attempts_min, $within_seconds (BIGINT), $include_aws_service (BOOLEAN).
-- Caveats: within a second the throttled attempts are put first; the log does not give their order.
--          A throttled Decrypt often has no key in the log: with a context it is known all the same.
WITH refused AS (
  SELECT caller_account_id, region, principal_arn, operation,
    CASE WHEN encryption_context IS NULL THEN coalesce(key_arn, key_ref) END AS bare_key,
    encryption_context, event_time
  FROM kms_events
  WHERE counted
    AND outcome = 'throttled'
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref) = $key)
    AND ($include_aws_service OR principal_type <> 'AWSService')
),
spaced AS (
  SELECT caller_account_id, region, principal_arn, operation, bare_key, encryption_context, event_time,
    lag(event_time) OVER (PARTITION BY caller_account_id, region, principal_arn, operation, bare_key, encryption_context
      ORDER BY event_time) AS previous
  FROM refused
),
numbered AS (
  SELECT caller_account_id, region, principal_arn, operation, bare_key, encryption_context, event_time,
    sum(CASE WHEN date_diff('second', previous, event_time) <= $within_seconds THEN 0 ELSE 1 END)
      OVER (PARTITION BY caller_account_id, region, principal_arn, operation, bare_key, encryption_context
        ORDER BY event_time ROWS UNBOUNDED PRECEDING) AS run_no
  FROM spaced
),
runs AS (
  SELECT caller_account_id, region, principal_arn, operation, bare_key, encryption_context, run_no,
    min(event_time) AS first_at, max(event_time) AS last_at
  FROM numbered
  GROUP BY caller_account_id, region, principal_arn, operation, bare_key, encryption_context, run_no
  HAVING count(*) >= $attempts_min - 1
),
-- Few seconds, joined on equality: the events are then read once, and few of them whole.
run_seconds AS (
  SELECT r.caller_account_id, r.region, r.principal_arn, r.operation, r.bare_key, r.encryption_context, r.run_no, t.second
  FROM runs AS r
  CROSS JOIN UNNEST(sequence(r.first_at, r.last_at + $within_seconds * INTERVAL '1' SECOND, INTERVAL '1' SECOND)) AS t(second)
)
SELECT r.caller_account_id, r.region, r.principal_arn, r.operation,
  max(coalesce(e.key_arn, e.key_ref)) AS key_name, r.encryption_context,
  array_agg(CAST(to_unixtime(e.event_time) AS BIGINT) * 2 + CASE WHEN e.outcome = 'throttled' THEN 1 ELSE 0 END
    ORDER BY e.event_time, CASE WHEN e.outcome = 'throttled' THEN 0 ELSE 1 END) AS attempts
FROM run_seconds AS r
JOIN kms_events AS e ON e.event_time = r.second
  AND e.principal_arn = r.principal_arn
  AND e.operation = r.operation
  AND e.caller_account_id IS NOT DISTINCT FROM r.caller_account_id
  AND e.region IS NOT DISTINCT FROM r.region
  AND CASE WHEN e.encryption_context IS NULL THEN coalesce(e.key_arn, e.key_ref) END IS NOT DISTINCT FROM r.bare_key
  AND e.encryption_context IS NOT DISTINCT FROM r.encryption_context
WHERE e.counted
  AND (CAST($to AS TIMESTAMP) IS NULL OR e.event_time < $to)
  AND ($include_aws_service OR e.principal_type <> 'AWSService')
GROUP BY r.caller_account_id, r.region, r.principal_arn, r.operation, r.bare_key, r.encryption_context, r.run_no
