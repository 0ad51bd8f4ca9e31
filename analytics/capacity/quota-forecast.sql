-- Question: what were the busiest second and the 99.9th percentile of each load, day by day?
-- Grain: one row for each load (see quota-utilisation.sql) and day, UTC, with a call.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota (VARCHAR or NULL), $load
--         (accepted or offered), $include_aws_service (BOOLEAN).
-- Caveats: the percentile is exact, nearest rank, over the active seconds of the day.
WITH loads AS (
  SELECT second, scope_no AS load_no,
    CASE WHEN $load = 'offered' THEN offered ELSE offered - throttled END
      - CASE WHEN $include_aws_service THEN 0 WHEN $load = 'offered' THEN aws_service_offered
          ELSE aws_service_offered - aws_service_throttled END AS calls
  FROM calls_per_second
  WHERE custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
    AND ($include_aws_service OR offered > aws_service_offered)
  UNION ALL
  SELECT c.second, s.load_no,
    CAST(sum(CASE WHEN $load = 'offered' THEN c.offered ELSE c.offered - c.throttled END
      - CASE WHEN $include_aws_service THEN 0 WHEN $load = 'offered' THEN c.aws_service_offered
          ELSE c.aws_service_offered - c.aws_service_throttled END) AS INTEGER) AS calls
  FROM calls_per_second AS c
  JOIN (
    SELECT scope_no, min(scope_no) OVER (PARTITION BY region, quota_id, custom_key_store_id) AS load_no,
      count(CASE WHEN CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account THEN 1 END)
        OVER (PARTITION BY region, quota_id, custom_key_store_id) AS wanted_accounts
    FROM quota_scopes
    WHERE custom_key_store_id IS NOT NULL
      AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
      AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
  ) AS s ON s.scope_no = c.scope_no AND s.wanted_accounts > 0
  WHERE c.custom_key_store_id IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
    AND ($include_aws_service OR c.offered > c.aws_service_offered)
  GROUP BY c.second, s.load_no
),
histogram AS (
  SELECT load_no, CAST(second AS DATE) AS day, calls, count(*) AS seconds, min(second) AS first_at
  FROM loads
  GROUP BY load_no, CAST(second AS DATE), calls
),
ranked AS (
  SELECT load_no, day, calls, first_at,
    sum(seconds) OVER (PARTITION BY load_no, day ORDER BY calls ROWS UNBOUNDED PRECEDING) AS seconds_so_far,
    sum(seconds) OVER (PARTITION BY load_no, day) AS active_seconds
  FROM histogram
),
days AS (
  SELECT load_no, day, max(calls) AS calls_peak,
    min(first_at) FILTER (WHERE seconds_so_far = active_seconds) AS peak_at,
    min(calls) FILTER (WHERE seconds_so_far * 1000 >= active_seconds * 999) AS calls_p999,
    CAST(max(active_seconds) AS BIGINT) AS active_seconds
  FROM ranked
  GROUP BY load_no, day
)
SELECT d.load_no, CASE WHEN q.custom_key_store_id IS NULL THEN q.caller_account_id END AS caller_account_id,
  q.region, q.quota_id, q.custom_key_store_id, CAST(d.day AS VARCHAR) AS day, d.calls_peak, d.peak_at,
  d.calls_p999, d.active_seconds
FROM days AS d
JOIN quota_scopes AS q ON q.scope_no = d.load_no
ORDER BY d.load_no, d.day
