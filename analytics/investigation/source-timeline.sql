-- Question: what was done from an address, user agent, access key, session or VPC endpoint, or with a bucket, in order?
-- Grain: one row for each run of like calls; each event when $single_events.
-- Params: $source (address as logged), $user_agent, $access_key, $session, $vpc_endpoint, $bucket,
--         $principal, $key (VARCHAR or NULL), $aliases (JSON texts: what was typed, the key it meant,
--         account, Region, from, to);
--         $from, $to (TIMESTAMP, half-open), $account, $region, $operation, $outcome (VARCHAR or NULL),
--         $fold_s (seconds between calls of one run), $single_events, $limit (rows).
-- Caveats: temporary access keys of services are renewed within seconds; a session is the steadier clue.
--          Bins of a minute (when $fold_s allows it) come before the runs: calls of one minute are
--          at most 59 s apart, so they always share a run, and the sort sees bins instead of calls.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
),
chosen AS (
  SELECT event_time, event_id, counted, 'kms.amazonaws.com' AS event_source, operation, outcome, error_code,
    principal_arn, coalesce(key_arn, alias_key, key_ref) AS key, region, via_service, caller_source, session_name,
    access_key_id, user_agent, resource_arn, caller_account_id AS account
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE (CAST($source AS VARCHAR) IS NULL OR caller_source = $source)
    AND (CAST($user_agent AS VARCHAR) IS NULL OR user_agent = $user_agent)
    AND (CAST($vpc_endpoint AS VARCHAR) IS NULL OR vpc_endpoint_id = $vpc_endpoint)
    AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
    AND (CAST($access_key AS VARCHAR) IS NULL OR access_key_id = $access_key)
    AND (CAST($session AS VARCHAR) IS NULL OR session_name = $session OR caller_arn = $session)
  UNION ALL
  SELECT DISTINCT event_time, event_id, true, event_source,
    event_name, CASE WHEN error_code IS NULL THEN 'success'
      WHEN error_code LIKE '%AccessDenied%' OR error_code LIKE '%Unauthorized%' THEN 'denied' ELSE 'failed' END,
    error_code, principal_arn, CAST(NULL AS VARCHAR), region, CAST(NULL AS VARCHAR), caller_source,
    CAST(NULL AS VARCHAR), access_key_id, user_agent, resource_arn, account_id
  FROM related_events
  WHERE (CAST($source AS VARCHAR) IS NULL OR caller_source = $source)
    AND (CAST($user_agent AS VARCHAR) IS NULL OR user_agent = $user_agent)
    AND CAST($vpc_endpoint AS VARCHAR) IS NULL
    AND (CAST($bucket AS VARCHAR) IS NULL OR split_part(resource_arn, '/', 1) = 'arn:aws:s3:::' || CAST($bucket AS VARCHAR))
    AND (CAST($access_key AS VARCHAR) IS NULL OR access_key_id = $access_key)
    AND (CAST($session AS VARCHAR) IS NULL OR caller_arn = $session
      OR caller_arn LIKE '%:assumed-role/%' AND split_part(caller_arn, '/', 3) = $session)
),
binned AS (
  SELECT event_source, operation, outcome, error_code, principal_arn, key, region, via_service, caller_source,
    CASE WHEN $single_events THEN event_id END AS single_id,
    CASE WHEN $fold_s >= 60 THEN date_trunc('minute', event_time) ELSE event_time END AS bin,
    min(event_time) AS first_at, max(event_time) AS last_at,
    count(*) AS events, count(*) FILTER (WHERE counted) AS calls, min(event_id) AS event_id,
    min(coalesce(session_name, '')) AS session_min, max(coalesce(session_name, '')) AS session_max,
    min(coalesce(access_key_id, '')) AS access_key_min, max(coalesce(access_key_id, '')) AS access_key_max,
    min(coalesce(user_agent, '')) AS user_agent_min, max(coalesce(user_agent, '')) AS user_agent_max,
    min(coalesce(resource_arn, '')) AS resource_min, max(coalesce(resource_arn, '')) AS resource_max
  FROM chosen
  WHERE (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($key AS VARCHAR) IS NULL OR key = $key)
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($operation AS VARCHAR) IS NULL OR operation = $operation)
    AND (CAST($outcome AS VARCHAR) IS NULL OR outcome = $outcome)
  GROUP BY event_source, operation, outcome, error_code, principal_arn, key, region, via_service, caller_source, 10, 11
),
started AS (
  SELECT *, CASE WHEN date_diff('second', lag(last_at) OVER likes, first_at) <= $fold_s THEN 0 ELSE 1 END AS starts
  FROM binned
  WINDOW likes AS (PARTITION BY event_source, operation, outcome, error_code, principal_arn, key, region, via_service, caller_source, single_id ORDER BY bin)
),
-- A run is known by its first bin: the latest start at or before each bin, as text that sorts by time.
runs AS (
  SELECT *, max(CASE WHEN starts = 1 THEN concat(CAST(bin AS VARCHAR), event_id) END)
      OVER (PARTITION BY event_source, operation, outcome, error_code, principal_arn, key, region, via_service, caller_source, single_id ORDER BY bin) AS run
  FROM started
),
-- Only runs that will be shown are put together.
shown AS (
  SELECT run FROM runs WHERE starts = 1 ORDER BY first_at, event_source, operation, run LIMIT $limit
)
SELECT min(first_at) AS first_at, max(last_at) AS last_at,
  CAST(sum(events) AS BIGINT) AS events, CAST(sum(calls) AS BIGINT) AS calls,
  min(event_source) AS event_source, min(operation) AS operation, min(outcome) AS outcome, min(error_code) AS error_code, min(principal_arn) AS principal_arn,
  min(key) AS key, min(region) AS region, min(via_service) AS via_service, min(caller_source) AS caller_source,
  CASE WHEN min(session_min) = max(session_max) THEN nullif(min(session_min), '') END AS session_name,
  CASE WHEN min(access_key_min) = max(access_key_max) THEN nullif(min(access_key_min), '') END AS access_key_id,
  CASE WHEN min(user_agent_min) = max(user_agent_max) THEN nullif(min(user_agent_min), '') END AS user_agent,
  CASE WHEN min(resource_min) = max(resource_max) THEN nullif(min(resource_min), '') END AS resource_arn,
  min(event_id) AS event_id
FROM runs
WHERE run IN (SELECT run FROM shown)
GROUP BY run
ORDER BY first_at, event_source, operation, run
