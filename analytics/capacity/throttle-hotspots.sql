-- Question: when and where were calls throttled, and how much load was there at that time?
-- Grain: one row for each burst: throttled seconds of one caller account, Region and quota (and custom
--        key store) that are at most 5 seconds apart. started_at and ended_at are its first and last
--        throttled second; offered and accepted calls are of all seconds between them.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota (VARCHAR or NULL),
--         $include_aws_service (BOOLEAN), $limit (rows).
-- Caveats: throttled calls are a lower bound, so a burst can be longer and worse than it looks.
WITH throttled_seconds AS (
  SELECT scope_no, second, lag(second) OVER (PARTITION BY scope_no ORDER BY second) AS previous
  FROM calls_per_second
  WHERE throttled - CASE WHEN $include_aws_service THEN 0 ELSE aws_service_throttled END > 0
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
),
numbered AS (
  SELECT scope_no, second, sum(CASE WHEN previous IS NOT NULL AND date_diff('second', previous, second) <= 5 THEN 0 ELSE 1 END)
    OVER (PARTITION BY scope_no ORDER BY second ROWS UNBOUNDED PRECEDING) AS burst_no
  FROM throttled_seconds
),
bursts AS (
  SELECT scope_no, burst_no, min(second) AS started_at, max(second) AS ended_at, count(*) AS throttled_seconds
  FROM numbered
  GROUP BY scope_no, burst_no
),
-- Every second of a burst is at most 5 after a throttled one: equal joins find the load between.
seconds_of_bursts AS (
  SELECT DISTINCT n.scope_no, n.burst_no, n.second + v.step * INTERVAL '1' SECOND AS second
  FROM numbered AS n
  CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS v(step)
),
loads AS (
  SELECT s.scope_no, s.burst_no, c.second,
    c.offered - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_offered END AS offered,
    c.throttled - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_throttled END AS throttled
  FROM seconds_of_bursts AS s
  JOIN bursts AS b ON b.scope_no = s.scope_no AND b.burst_no = s.burst_no AND s.second <= b.ended_at
  JOIN calls_per_second AS c ON c.scope_no = s.scope_no AND c.second = s.second
)
SELECT q.caller_account_id, q.region, q.quota_id, q.custom_key_store_id, b.started_at, b.ended_at,
  date_diff('second', b.started_at, b.ended_at) + 1 AS duration_seconds, b.throttled_seconds,
  CAST(sum(l.throttled) AS BIGINT) AS throttled_calls,
  CAST(sum(l.offered) AS BIGINT) AS offered_calls,
  CAST(sum(l.offered - l.throttled) AS BIGINT) AS accepted_calls,
  CAST(sum(l.throttled) AS DOUBLE) / CAST(sum(l.offered) AS DOUBLE) AS error_share,
  max(l.offered) AS offered_peak,
  max(l.offered - l.throttled) AS accepted_peak
FROM bursts AS b
JOIN loads AS l ON l.scope_no = b.scope_no AND l.burst_no = b.burst_no
JOIN quota_scopes AS q ON q.scope_no = b.scope_no
GROUP BY q.caller_account_id, q.region, q.quota_id, q.custom_key_store_id, b.started_at, b.ended_at, b.throttled_seconds
ORDER BY throttled_calls DESC, b.started_at, q.caller_account_id, q.region, q.quota_id
LIMIT $limit
