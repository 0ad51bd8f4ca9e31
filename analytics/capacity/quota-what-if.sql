-- Question: what are the seconds of a quota made of, when some of its calls are told apart?
-- Grain: one row for each side (source, destination) and distinct pair of other and chosen calls in a
--        second, with the number of such seconds and the first. Any factor on the chosen calls follows.
-- Params: $account, $region (the load), $to_account, $to_region (VARCHAR or NULL: where the chosen calls
--         move to), $quota, $from, $to (TIMESTAMP, half-open), $principal, $service, $key, $bucket
--         (VARCHAR or NULL: the chosen calls), $load (accepted or offered), $include_aws_service (BOOLEAN).
-- Caveats: only quotas of an account and Region; custom key stores are left out.
WITH selected AS (
  SELECT event_time AS second, sum(units) AS calls
  FROM charged_calls
  WHERE quota_id = $quota
    AND caller_account_id = $account
    AND region = $region
    AND custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
    AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key)
    AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
    AND ($include_aws_service OR principal_type <> 'AWSService')
    AND ($load = 'offered' OR outcome <> 'throttled')
  GROUP BY event_time
),
own AS (
  SELECT second, CASE WHEN $load = 'offered' THEN offered ELSE offered - throttled END
    - CASE WHEN $include_aws_service THEN 0 WHEN $load = 'offered' THEN aws_service_offered
        ELSE aws_service_offered - aws_service_throttled END AS calls
  FROM calls_per_second
  WHERE quota_id = $quota
    AND caller_account_id = $account
    AND region = $region
    AND custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
),
destination AS (
  SELECT second, CASE WHEN $load = 'offered' THEN offered ELSE offered - throttled END
    - CASE WHEN $include_aws_service THEN 0 WHEN $load = 'offered' THEN aws_service_offered
        ELSE aws_service_offered - aws_service_throttled END AS calls
  FROM calls_per_second
  WHERE quota_id = $quota
    AND caller_account_id = CAST($to_account AS VARCHAR)
    AND region = CAST($to_region AS VARCHAR)
    AND custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
)
SELECT 'source' AS side, CAST(o.calls - coalesce(s.calls, 0) AS BIGINT) AS others,
  CAST(coalesce(s.calls, 0) AS BIGINT) AS chosen, count(*) AS seconds, min(o.second) AS first_at
FROM own AS o
LEFT JOIN selected AS s ON s.second = o.second
WHERE o.calls > 0
GROUP BY 1, 2, 3
UNION ALL
SELECT 'destination' AS side, CAST(coalesce(d.calls, 0) AS BIGINT) AS others,
  CAST(coalesce(s.calls, 0) AS BIGINT) AS chosen, count(*) AS seconds, min(coalesce(d.second, s.second)) AS first_at
FROM destination AS d
FULL OUTER JOIN selected AS s ON s.second = d.second
WHERE CAST($to_account AS VARCHAR) IS NOT NULL
  AND coalesce(d.calls, 0) + coalesce(s.calls, 0) > 0
GROUP BY 1, 2, 3
