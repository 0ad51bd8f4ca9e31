-- Question: how many accepted calls fell into the busiest three consecutive seconds of these loads?
-- Grain: one row for each load that has a call: the most calls and the first such three seconds.
-- Params: $load_numbers (list of VARCHAR; load_no of quota-utilisation.sql), $from, $to (TIMESTAMP,
--         half-open), $include_aws_service (BOOLEAN).
-- Caveats: the three seconds start at an active second. A sum of S needs a second with at least S / 3
--          calls, so only the surroundings of such seconds are summed, with S found near the peak.
WITH wanted AS (
  SELECT q.scope_no, n.load_no
  FROM quota_scopes AS q
  JOIN (
    SELECT w.scope_no AS load_no, w.region, w.quota_id, w.custom_key_store_id
    FROM quota_scopes AS w
    WHERE w.scope_no IN (SELECT CAST(t.load_number AS BIGINT) FROM UNNEST($load_numbers) AS t(load_number))
  ) AS n ON q.scope_no = n.load_no
    OR (q.region = n.region AND q.quota_id = n.quota_id AND q.custom_key_store_id = n.custom_key_store_id)
),
loads AS (
  SELECT w.load_no, c.second,
    CAST(sum(c.offered - c.throttled - CASE WHEN $include_aws_service THEN 0
      ELSE c.aws_service_offered - c.aws_service_throttled END) AS INTEGER) AS accepted
  FROM calls_per_second AS c
  JOIN wanted AS w ON w.scope_no = c.scope_no
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
    AND ($include_aws_service OR c.offered > c.aws_service_offered)
  GROUP BY w.load_no, c.second
),
steps AS (
  SELECT * FROM (VALUES (-2), (-1), (0), (1), (2)) AS v(step)
),
tops AS (
  SELECT load_no, max_by(second, accepted) AS top_at FROM loads GROUP BY load_no
),
near_tops AS (
  SELECT t.load_no, t.top_at + s.step * INTERVAL '1' SECOND AS second FROM tops AS t CROSS JOIN steps AS s
),
least AS (
  SELECT load_no, max(calls) AS calls
  FROM (
    SELECT l.load_no, sum(l.accepted) OVER (PARTITION BY l.load_no ORDER BY l.second
      RANGE BETWEEN CURRENT ROW AND INTERVAL '2' SECOND FOLLOWING) AS calls
    FROM loads AS l
    JOIN near_tops AS n ON n.load_no = l.load_no AND n.second = l.second
  ) AS near_top_sums
  GROUP BY load_no
),
candidates AS (
  SELECT DISTINCT l.load_no, l.second + s.step * INTERVAL '1' SECOND AS second
  FROM loads AS l
  JOIN least AS m ON m.load_no = l.load_no AND 3 * l.accepted >= m.calls
  CROSS JOIN steps AS s
),
windows AS (
  SELECT l.load_no, l.second, sum(l.accepted) OVER (PARTITION BY l.load_no ORDER BY l.second
    RANGE BETWEEN CURRENT ROW AND INTERVAL '2' SECOND FOLLOWING) AS calls
  FROM loads AS l
  JOIN candidates AS c ON c.load_no = l.load_no AND c.second = l.second
),
busiest AS (
  SELECT load_no, max(calls) AS calls FROM windows GROUP BY load_no
)
SELECT w.load_no, CAST(max(w.calls) AS BIGINT) AS calls_3s, min(w.second) AS from_at
FROM windows AS w
JOIN busiest AS b ON b.load_no = w.load_no AND b.calls = w.calls
GROUP BY w.load_no
