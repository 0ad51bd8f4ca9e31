-- Question: does a principal that is known for long turn up in a new Region, at a new address, or a key with a new account?
-- Grain: one row for each new pair.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $own (accounts that are not foreign), $known_days (days since the subject was first seen),
--         $sources_max (addresses a principal may have used so far), $source_days (days since the last of
--         them was new), $keys (also new keys of a principal).
-- Caveats: new means new in the log that was read, whatever the range.
WITH seen AS (
  SELECT event_time, principal_arn, coalesce(key_arn, key_ref) AS key, region, caller_account_id AS account, source_ip
  FROM kms_events
  WHERE counted AND principal_type NOT IN ('AWSService', 'unknown')
    -- Roles that only AWS can assume go wherever resources are made.
    AND principal_arn NOT LIKE '%:role/aws-service-role/%' AND principal_arn NOT LIKE '%:role/aws:%'
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
pairs AS (
  SELECT
    CASE WHEN grouping(principal_arn) = 1 THEN 'key_account' WHEN grouping(key) = 0 THEN 'principal_key'
      WHEN grouping(region) = 0 THEN 'principal_region' ELSE 'principal_source' END AS kind,
    CASE WHEN grouping(principal_arn) = 1 THEN key ELSE principal_arn END AS subject,
    CASE WHEN grouping(principal_arn) = 1 THEN account ELSE coalesce(key, region, source_ip) END AS object,
    min(event_time) AS first_at, max(event_time) AS last_at, count(*) AS calls,
    min(account) AS account, min(region) AS any_region, max(region) AS last_region
  FROM seen
  GROUP BY GROUPING SETS ((principal_arn, key), (principal_arn, region), (principal_arn, source_ip), (key, account))
),
ranked AS (
  SELECT kind, subject, object, first_at, last_at, calls, account, any_region, last_region,
    min(first_at) OVER (PARTITION BY kind, subject) AS subject_first_at,
    count(*) OVER (PARTITION BY kind, subject ORDER BY first_at RANGE UNBOUNDED PRECEDING) AS place,
    lag(first_at) OVER (PARTITION BY kind, subject ORDER BY first_at, object) AS last_new_at
  FROM pairs
  WHERE subject IS NOT NULL AND object IS NOT NULL
),
found AS (
  SELECT kind, subject, object, first_at, last_at, calls, account, any_region, last_region, place, subject_first_at
  FROM ranked
  WHERE date_diff('second', subject_first_at, first_at) >= $known_days * 86400
    AND (CAST($from AS TIMESTAMP) IS NULL OR first_at >= $from)
    AND (kind = 'principal_region'
      OR kind = 'principal_source' AND place <= $sources_max + 1
        AND date_diff('second', last_new_at, first_at) >= $source_days * 86400
      OR kind = 'key_account' AND object NOT IN (SELECT name FROM UNNEST($own) AS o(name))
      OR kind = 'principal_key' AND $keys)
)
-- The event that shows a pair is looked up for the few that are found.
SELECT f.first_at, f.last_at, f.account AS account_id,
  CASE WHEN f.any_region = f.last_region THEN f.any_region END AS region,
  CASE WHEN f.kind <> 'key_account' THEN f.subject END AS principal_arn,
  CASE f.kind WHEN 'key_account' THEN f.subject WHEN 'principal_key' THEN f.object END AS key,
  f.kind, f.subject, f.object, f.subject_first_at, f.calls AS events, ARRAY[min(e.event_id)] AS evidence
FROM found AS f
JOIN kms_events AS e ON e.event_time = f.first_at AND e.counted
  AND CASE f.kind WHEN 'key_account' THEN coalesce(e.key_arn, e.key_ref) ELSE e.principal_arn END = f.subject
  AND CASE f.kind WHEN 'key_account' THEN e.caller_account_id WHEN 'principal_key' THEN coalesce(e.key_arn, e.key_ref)
    WHEN 'principal_region' THEN e.region ELSE e.source_ip END = f.object
  AND (CAST($account AS VARCHAR) IS NULL OR e.caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR e.region = $region)
GROUP BY f.kind, f.subject, f.object, f.first_at, f.last_at, f.calls, f.account, f.any_region, f.last_region, f.subject_first_at
ORDER BY first_at, f.kind, f.subject, f.object
