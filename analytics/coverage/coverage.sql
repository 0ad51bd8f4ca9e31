-- Question: what was ingested, for which account, Region and day, and where are the holes?
-- Grain: one row for each account, Region and UTC day of the record times of its objects.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL), $limit (rows).
-- Caveats: an hour counts as covered when an object's record times reach into it; a quiet account's
--          trail delivers nothing in an hour without calls, so covered hours are a lower bound.
WITH objects AS (
  SELECT coalesce(account_id, '?') AS account_id, coalesce(region, '?') AS region,
    record_time_min, record_time_max, status, records_total, non_kms, inserted, duplicate, rejected
  FROM ingest_objects
  WHERE record_time_min IS NOT NULL
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
totals AS (
  SELECT account_id, region, date_trunc('day', record_time_min) AS day,
    count(*) AS objects,
    CAST(sum(records_total) AS BIGINT) AS records,
    CAST(sum(inserted) AS BIGINT) AS kms_events,
    CAST(sum(duplicate) AS BIGINT) AS duplicates,
    CAST(sum(rejected) AS BIGINT) AS rejected,
    min(record_time_min) AS first_record_at,
    max(record_time_max) AS last_record_at
  FROM objects GROUP BY 1, 2, 3
),
spans AS (
  SELECT DISTINCT account_id, region, date_trunc('hour', record_time_min) AS hour_first,
    date_trunc('hour', record_time_max) AS hour_last
  FROM objects
),
hours AS (
  SELECT account_id, region, date_trunc('day', hour) AS day, count(DISTINCT hour) AS hours_covered
  FROM spans CROSS JOIN UNNEST(sequence(hour_first, hour_last, INTERVAL '1' HOUR)) AS t(hour)
  GROUP BY 1, 2, 3
),
days AS (
  SELECT coalesce(t.account_id, h.account_id) AS account_id, coalesce(t.region, h.region) AS region,
    coalesce(t.day, h.day) AS day, coalesce(t.objects, 0) AS objects, coalesce(t.records, 0) AS records,
    coalesce(t.kms_events, 0) AS kms_events, coalesce(t.duplicates, 0) AS duplicates,
    coalesce(t.rejected, 0) AS rejected, t.first_record_at, t.last_record_at,
    coalesce(h.hours_covered, 0) AS hours_covered
  FROM totals AS t
  FULL JOIN hours AS h ON h.account_id = t.account_id AND h.region = t.region AND h.day = t.day
)
SELECT account_id, region, day, objects, records, kms_events, duplicates, rejected, first_record_at,
  last_record_at, hours_covered, 24 - hours_covered AS hours_without_record,
  coalesce(date_diff('day', lag(day) OVER (PARTITION BY account_id, region ORDER BY day), day) - 1, 0)
    AS days_missing_before
FROM days
WHERE (CAST($from AS TIMESTAMP) IS NULL OR day >= date_trunc('day', CAST($from AS TIMESTAMP)))
  AND (CAST($to AS TIMESTAMP) IS NULL OR day < $to)
ORDER BY account_id, region, day
LIMIT $limit
