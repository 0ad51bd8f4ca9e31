-- Question: how near is each account and Region to each of its KMS request quotas, second by second?
-- Grain: per load (a quota of a caller account and Region, or of a custom key store) two kinds of rows.
--        Histogram rows: one for each distinct pair of offered and accepted calls in a second, with the
--        number of such seconds and the first of them; peaks, exact percentiles and seconds over any
--        limit follow without another pass. Hour rows (hour_of_week not null, 0 = Sunday 00:00 UTC).
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota (VARCHAR or NULL),
--         $include_aws_service (BOOLEAN).
-- Caveats: a custom key store's quota is shared by all accounts that use it: its seconds are summed
--          over accounts, and caller_account_id is NULL. accepted = offered - throttled.
WITH scopes AS (
  SELECT scope_no, region, quota_id, custom_key_store_id,
    CASE WHEN custom_key_store_id IS NULL THEN caller_account_id END AS caller_account_id,
    min(scope_no) OVER (PARTITION BY region, quota_id, custom_key_store_id,
      CASE WHEN custom_key_store_id IS NULL THEN scope_no END) AS load_no,
    CAST($account AS VARCHAR) IS NULL OR count_if(caller_account_id = $account) OVER (
      PARTITION BY region, quota_id, custom_key_store_id,
        CASE WHEN custom_key_store_id IS NULL THEN scope_no END) > 0 AS of_account
  FROM quota_scopes
  WHERE (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
),
loads AS (
  SELECT c.second, c.scope_no AS load_no,
    c.offered - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_offered END AS offered,
    c.throttled - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_throttled END AS throttled
  FROM calls_per_second AS c
  JOIN scopes AS s ON s.scope_no = c.scope_no
  WHERE s.of_account AND s.custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
  UNION ALL
  SELECT c.second, s.load_no,
    CAST(sum(c.offered - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_offered END) AS INTEGER) AS offered,
    CAST(sum(c.throttled - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_throttled END) AS INTEGER) AS throttled
  FROM calls_per_second AS c
  JOIN scopes AS s ON s.scope_no = c.scope_no
  WHERE s.of_account AND s.custom_key_store_id IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
  GROUP BY c.second, s.load_no
),
histogram AS (
  SELECT load_no, offered, offered - throttled AS accepted, CAST(NULL AS INTEGER) AS hour_of_week,
    count(*) AS seconds, min(second) AS first_at, max(second) AS last_at,
    CAST(count(*) * (offered - throttled) AS BIGINT) AS accepted_calls
  FROM loads
  WHERE offered > 0
  GROUP BY load_no, offered, offered - throttled
),
hours AS (
  SELECT load_no, date_trunc('hour', second) AS hour_from, count(*) AS seconds, min(second) AS first_at,
    max(second) AS last_at, sum(offered - throttled) AS accepted_calls
  FROM loads
  WHERE offered > 0
  GROUP BY load_no, date_trunc('hour', second)
),
hours_of_week AS (
  SELECT load_no, mod(CAST(floor(to_unixtime(hour_from) / 3600) AS BIGINT) + 96, 168) AS hour_of_week,
    sum(seconds) AS seconds, min(first_at) AS first_at, max(last_at) AS last_at,
    sum(accepted_calls) AS accepted_calls
  FROM hours
  GROUP BY 1, 2
),
both_kinds AS (
  SELECT load_no, offered, accepted, hour_of_week, seconds, first_at, last_at, accepted_calls FROM histogram
  UNION ALL
  SELECT load_no, CAST(NULL AS INTEGER), CAST(NULL AS INTEGER), CAST(hour_of_week AS INTEGER),
    CAST(seconds AS BIGINT), first_at, last_at, CAST(accepted_calls AS BIGINT)
  FROM hours_of_week
)
SELECT b.load_no, s.caller_account_id, s.region, s.quota_id, s.custom_key_store_id,
  b.offered, b.accepted, b.hour_of_week, b.seconds, b.first_at, b.last_at, b.accepted_calls
FROM both_kinds AS b
JOIN scopes AS s ON s.scope_no = b.load_no
