-- Question: who makes up the load of a quota in its busiest seconds?
-- Grain: one row for each load (caller account, Region, custom key store) among the busiest seconds and
--        each value of the dimension, with its calls in those seconds and in the very busiest one.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $store (VARCHAR or NULL), $quota,
--         $load (accepted or offered), $by (dimension), $top_seconds (how many of the busiest seconds),
--         $include_aws_service (BOOLEAN), $limit (rows).
-- Caveats: of equally busy seconds the earliest are taken. Shares are of the load at the peak, which can
--          look quite unlike the average.
WITH loads AS (
  SELECT second, scope_no, caller_account_id, region, custom_key_store_id,
    CASE WHEN $load = 'offered' THEN offered ELSE offered - throttled END
      - CASE WHEN $include_aws_service THEN 0 WHEN $load = 'offered' THEN aws_service_offered
          ELSE aws_service_offered - aws_service_throttled END AS calls
  FROM calls_per_second
  WHERE quota_id = $quota
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($store AS VARCHAR) IS NULL OR custom_key_store_id = $store)
),
top_seconds AS (
  SELECT second, scope_no, caller_account_id, region, custom_key_store_id, calls
  FROM loads
  WHERE calls > 0
  ORDER BY calls DESC, second, caller_account_id, region, custom_key_store_id
  LIMIT $top_seconds
),
ranked AS (
  SELECT second, caller_account_id, region, custom_key_store_id,
    row_number() OVER (PARTITION BY scope_no ORDER BY calls DESC, second) AS place,
    count(*) OVER (PARTITION BY scope_no) AS seconds,
    sum(calls) OVER (PARTITION BY scope_no) AS calls_in_all,
    max(calls) OVER (PARTITION BY scope_no) AS calls_at_peak
  FROM top_seconds
),
charges AS (
  SELECT r.caller_account_id, r.region, r.custom_key_store_id, r.second, r.place, r.seconds, r.calls_in_all, r.calls_at_peak,
    CASE $by
      WHEN 'principal' THEN c.principal_arn
      WHEN 'session' THEN coalesce(c.caller_arn, c.principal_arn)
      WHEN 'service' THEN coalesce(c.via_service, CASE WHEN c.principal_type = 'AWSService' THEN c.principal_arn END, '(direct)')
      WHEN 'key' THEN coalesce(c.key_arn, c.key_ref, '(unresolved)')
      WHEN 'resource' THEN coalesce(c.s3_bucket, c.resource_arn, '(none)')
      WHEN 'operation' THEN c.operation
      ELSE CASE WHEN c.principal_type = 'AWSService' THEN 'AWS service without an account' ELSE 'account' END
    END AS group_name,
    c.units
  FROM charged_calls AS c
  JOIN ranked AS r ON r.second = c.event_time
    AND r.caller_account_id IS NOT DISTINCT FROM c.caller_account_id
    AND r.region IS NOT DISTINCT FROM c.region
    AND r.custom_key_store_id IS NOT DISTINCT FROM c.custom_key_store_id
  WHERE c.quota_id = $quota
    AND ($load = 'offered' OR c.outcome <> 'throttled')
    AND ($include_aws_service OR c.principal_type <> 'AWSService')
)
SELECT caller_account_id, region, custom_key_store_id, group_name,
  CAST(sum(units) AS BIGINT) AS calls,
  CAST(sum(units) AS DOUBLE) / CAST(max(calls_in_all) AS DOUBLE) AS share,
  CAST(coalesce(sum(units) FILTER (WHERE place = 1), 0) AS BIGINT) AS calls_at_peak,
  CAST(coalesce(sum(units) FILTER (WHERE place = 1), 0) AS DOUBLE) / CAST(max(calls_at_peak) AS DOUBLE) AS share_at_peak,
  count(DISTINCT second) AS active_seconds,
  max(seconds) AS top_seconds
FROM charges
GROUP BY caller_account_id, region, custom_key_store_id, group_name
ORDER BY calls DESC, calls_at_peak DESC, caller_account_id, region, custom_key_store_id, group_name
LIMIT $limit
