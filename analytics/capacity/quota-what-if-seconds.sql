-- Question: what else was called in each second of the chosen calls?
-- Grain: one row for each second with a chosen call.
-- Params: $account, $region (the load), $to_account, $to_region (VARCHAR or NULL: where the chosen calls
--         move to), $quota, $from, $to (TIMESTAMP, half-open), $principal, $service, $key, $bucket
--         (VARCHAR or NULL: the chosen calls), $load (accepted or offered), $include_aws_service (BOOLEAN).
-- Caveats: as in quota-what-if.sql.
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
SELECT s.second, CAST(s.calls AS BIGINT) AS chosen, CAST(o.calls - s.calls AS BIGINT) AS others,
  CAST(coalesce(d.calls, 0) AS BIGINT) AS destination
FROM selected AS s
JOIN own AS o ON o.second = s.second
LEFT JOIN destination AS d ON d.second = s.second
