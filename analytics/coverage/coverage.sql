-- Question: what was ingested, for which account, Region and day, and where are the holes?
-- Grain: one row for each account, Region and UTC day that record times or verified periods reach into.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL), $limit (rows).
-- Caveats: an hour has a record when an object's record times reach into it; which hours are covered, quiet
--          ones among them, coverage-hours.ts adds. A digest
--          period counts files by delivery and begins at any minute: it counts for each UTC hour it
--          reaches into, so an hour at the edge of two periods may stand in two columns.
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
  SELECT account_id, region, date_trunc('day', hour) AS day, count(DISTINCT hour) AS hours_with_record
  FROM spans CROSS JOIN UNNEST(sequence(hour_first, hour_last, INTERVAL '1' HOUR)) AS t(hour)
  GROUP BY 1, 2, 3
),
periods AS (
  SELECT account_id, region, status, hour_to, date_trunc('hour', hour_from) AS hour_first,
    date_trunc('hour', hour_to) AS hour_last
  FROM verified_hours
  WHERE status IN ('whole', 'empty', 'broken')
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
verified AS (
  SELECT account_id, region, date_trunc('day', hour) AS day,
    count(DISTINCT hour) FILTER (WHERE status = 'whole') AS hours_proven_whole,
    count(DISTINCT hour) FILTER (WHERE status = 'empty') AS hours_proven_empty,
    count(DISTINCT hour) FILTER (WHERE status = 'broken') AS hours_broken,
    count(DISTINCT hour) AS hours_judged
  FROM periods CROSS JOIN UNNEST(sequence(hour_first, hour_last, INTERVAL '1' HOUR)) AS t(hour)
  WHERE hour < hour_to
  GROUP BY 1, 2, 3
),
places AS (
  SELECT account_id, region, day FROM totals
  UNION SELECT account_id, region, day FROM hours
  UNION SELECT account_id, region, day FROM verified
),
days AS (
  SELECT p.account_id, p.region, p.day, coalesce(t.objects, 0) AS objects,
    coalesce(t.records, 0) AS records, coalesce(t.kms_events, 0) AS kms_events,
    coalesce(t.duplicates, 0) AS duplicates, coalesce(t.rejected, 0) AS rejected,
    t.first_record_at, t.last_record_at, coalesce(h.hours_with_record, 0) AS hours_with_record,
    coalesce(v.hours_proven_whole, 0) AS hours_proven_whole,
    coalesce(v.hours_proven_empty, 0) AS hours_proven_empty,
    coalesce(v.hours_broken, 0) AS hours_broken, coalesce(v.hours_judged, 0) AS hours_judged
  FROM places AS p
  LEFT JOIN totals AS t ON t.account_id = p.account_id AND t.region = p.region AND t.day = p.day
  LEFT JOIN hours AS h ON h.account_id = p.account_id AND h.region = p.region AND h.day = p.day
  LEFT JOIN verified AS v ON v.account_id = p.account_id AND v.region = p.region AND v.day = p.day
)
SELECT account_id, region, day, objects, records, kms_events, duplicates, rejected, first_record_at,
  last_record_at, hours_with_record, 24 - hours_with_record AS hours_without_record,
  hours_proven_whole, hours_proven_empty, hours_broken, 24 - hours_judged AS hours_without_proof,
  coalesce(date_diff('day', lag(day) OVER (PARTITION BY account_id, region ORDER BY day), day) - 1, 0)
    AS days_without_row_before
FROM days
WHERE (CAST($from AS TIMESTAMP) IS NULL OR day >= date_trunc('day', CAST($from AS TIMESTAMP)))
  AND (CAST($to AS TIMESTAMP) IS NULL OR day < $to)
ORDER BY account_id, region, day
LIMIT $limit
