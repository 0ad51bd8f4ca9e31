-- Question: in which hour of the week do these loads have most accepted calls?
-- Grain: one row for each load, day of the week (1 = Monday) and hour, UTC.
-- Params: $load_numbers (list of VARCHAR; load_no of quota-utilisation.sql), $from, $to (TIMESTAMP,
--         half-open), $include_aws_service (BOOLEAN).
-- Caveats: calls are summed over the range, in which the days of the week need not be equally many.
WITH wanted AS (
  SELECT q.scope_no, n.load_no
  FROM quota_scopes AS q
  JOIN (
    SELECT w.scope_no AS load_no, w.region, w.quota_id, w.custom_key_store_id
    FROM quota_scopes AS w
    WHERE w.scope_no IN (SELECT CAST(t.load_number AS BIGINT) FROM UNNEST($load_numbers) AS t(load_number))
  ) AS n ON q.scope_no = n.load_no
    OR (q.region = n.region AND q.quota_id = n.quota_id AND q.custom_key_store_id = n.custom_key_store_id)
)
SELECT w.load_no, day_of_week(c.second) AS day_of_week, hour(c.second) AS hour_of_day,
  CAST(sum(c.offered - c.throttled - CASE WHEN $include_aws_service THEN 0
    ELSE c.aws_service_offered - c.aws_service_throttled END) AS BIGINT) AS accepted_calls
FROM calls_per_second AS c
JOIN wanted AS w ON w.scope_no = c.scope_no
WHERE (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
GROUP BY w.load_no, day_of_week(c.second), hour(c.second)
ORDER BY accepted_calls DESC, day_of_week, hour_of_day
