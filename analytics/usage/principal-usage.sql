-- Question: Which principal makes how many calls, with which keys?
-- Grain: one row for each principal. Counted calls; first and last use over all events.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal, $service (VARCHAR or
--         NULL), $count_resources (BOOLEAN), $limit (rows).
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to).
-- Caveats: no row means no event in the log, which is no proof of no use.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
),
shapes AS (
  SELECT principal_arn AS principal, counted, operation, operation_class, outcome, key_arn, via_service,
    count(*) AS calls, min(event_time) AS first_used_at, max(event_time) AS last_used_at
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key) = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
  GROUP BY 1, 2, 3, 4, 5, 6, 7
),
totals AS (
  SELECT principal,
    coalesce(sum(calls) FILTER (WHERE counted), 0) AS calls,
    coalesce(sum(calls) FILTER (WHERE counted AND operation_class = 'cryptographic'), 0) AS cryptographic_calls,
    coalesce(sum(calls) FILTER (WHERE counted AND outcome = 'throttled'), 0) AS throttled_calls,
    coalesce(sum(calls) FILTER (WHERE counted AND outcome = 'denied'), 0) AS denied_calls,
    coalesce(sum(calls) FILTER (WHERE counted AND outcome IN ('failed', 'dry_run')), 0) AS failed_calls,
    count(DISTINCT operation) AS operations,
    count(DISTINCT key_arn) AS keys,
    count(DISTINCT via_service) AS services,
    min(first_used_at) AS first_used_at,
    max(last_used_at) AS last_used_at
  FROM shapes GROUP BY 1
),
chosen AS (
  SELECT *, row_number() OVER (ORDER BY calls DESC, principal) AS place
  FROM totals ORDER BY calls DESC, principal LIMIT $limit
),
seconds AS (
  -- Grouped by the row's place: a number takes a fraction of the memory that its name does.
  SELECT c.place, e.event_time, count(*) AS calls
  FROM (
    SELECT principal_arn AS principal, event_time
    FROM kms_events
    LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
      AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
      AND event_time >= valid_from AND event_time < valid_to
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key) = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
    AND counted
  ) AS e
  JOIN chosen AS c ON c.principal = e.principal
  GROUP BY 1, 2
),
peaks AS (
  -- The busiest second, the first when equal: calls weigh more than any instant (both stay exact below 2^53).
  SELECT place, max(calls) AS calls_per_second_peak, count(*) AS active_seconds,
    max_by(event_time, calls * 10000000000 - to_unixtime(event_time)) AS peak_at
  FROM seconds GROUP BY 1
),
resources AS (
  SELECT principal_arn AS principal, count(DISTINCT resource_arn) AS resources
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key) = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
    AND $count_resources
  GROUP BY 1
)
SELECT t.principal, CAST(t.calls AS BIGINT) AS calls,
  CAST(t.cryptographic_calls AS BIGINT) AS cryptographic_calls,
  CAST(t.throttled_calls AS BIGINT) AS throttled_calls, CAST(t.denied_calls AS BIGINT) AS denied_calls,
  CAST(t.failed_calls AS BIGINT) AS failed_calls, t.operations, t.keys, t.services,
  r.resources, t.first_used_at, t.last_used_at,
  coalesce(p.calls_per_second_peak, 0) AS calls_per_second_peak, p.peak_at,
  coalesce(p.active_seconds, 0) AS active_seconds
FROM chosen AS t
LEFT JOIN peaks AS p ON p.place = t.place
LEFT JOIN resources AS r ON r.principal = t.principal
ORDER BY t.calls DESC, t.principal
