-- Question: where did accepted load stand flat at a quota without a throttled call in the log?
-- Grain: one row for each run of consecutive seconds of a load.
-- Params: $limits (list of VARCHAR `load_no=calls`: loads of quota-utilisation.sql and their limit),
--         $from, $to (TIMESTAMP, half-open), $near_percent (how far from the limit is still at it),
--         $seconds_min (shortest run), $include_aws_service (BOOLEAN).
-- Caveats: runs within 5 seconds of a logged throttle are left out: those are no suspicion.
WITH limits AS (
  SELECT CAST(split_part(t.item, '=', 1) AS BIGINT) AS load_no, CAST(split_part(t.item, '=', 2) AS DOUBLE) AS limit_calls
  FROM UNNEST($limits) AS t(item)
),
wanted AS (
  SELECT q.scope_no, n.load_no, n.limit_calls
  FROM quota_scopes AS q
  JOIN (
    SELECT w.scope_no AS load_no, w.region, w.quota_id, w.custom_key_store_id, m.limit_calls
    FROM quota_scopes AS w
    JOIN limits AS m ON m.load_no = w.scope_no
  ) AS n ON q.scope_no = n.load_no
    OR (q.region = n.region AND q.quota_id = n.quota_id AND q.custom_key_store_id = n.custom_key_store_id)
),
loads AS (
  SELECT w.load_no, w.limit_calls, c.second,
    sum(c.throttled - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_throttled END) AS throttled,
    sum(c.offered - c.throttled - CASE WHEN $include_aws_service THEN 0
      ELSE c.aws_service_offered - c.aws_service_throttled END) AS accepted
  FROM calls_per_second AS c
  JOIN wanted AS w ON w.scope_no = c.scope_no
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
  GROUP BY w.load_no, w.limit_calls, c.second
),
near_limit AS (
  SELECT load_no, limit_calls, second, accepted,
    second - row_number() OVER (PARTITION BY load_no ORDER BY second) * INTERVAL '1' SECOND AS run
  FROM loads
  WHERE throttled = 0
    AND accepted * 100 >= (100 - $near_percent) * limit_calls
    AND accepted * 100 <= (100 + $near_percent) * limit_calls
),
runs AS (
  SELECT load_no, limit_calls, run, min(second) AS started_at, max(second) AS ended_at, count(*) AS seconds,
    min(accepted) AS accepted_least, max(accepted) AS accepted_most, sum(accepted) AS accepted_calls
  FROM near_limit
  GROUP BY load_no, limit_calls, run
  HAVING count(*) >= $seconds_min
),
near_throttles AS (
  SELECT DISTINCT l.load_no, l.second + v.step * INTERVAL '1' SECOND AS second
  FROM loads AS l
  CROSS JOIN (VALUES (-5), (-4), (-3), (-2), (-1), (0), (1), (2), (3), (4), (5)) AS v(step)
  WHERE l.throttled > 0
),
known AS (
  SELECT DISTINCT n.load_no, n.run
  FROM near_limit AS n
  JOIN near_throttles AS t ON t.load_no = n.load_no AND t.second = n.second
)
SELECT r.load_no, r.started_at, r.ended_at, r.seconds, CAST(r.accepted_least AS BIGINT) AS accepted_least,
  CAST(r.accepted_most AS BIGINT) AS accepted_most, CAST(r.accepted_calls AS BIGINT) AS accepted_calls
FROM runs AS r
LEFT JOIN known AS k ON k.load_no = r.load_no AND k.run = r.run
WHERE k.run IS NULL
ORDER BY r.load_no, r.started_at
