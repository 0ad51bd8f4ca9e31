-- Question: does a principal that is known for long turn up in a new Region, at a new address, or a key with a new account?
-- Grain: one row for each new pair.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $own (accounts that are not foreign), $known_days (days since the subject was first seen),
--         $sources_max (addresses a principal may have used so far), $source_days (days since the last of
--         them was new), $keys (also new keys of a principal).
-- Caveats: new means new in the log that was read, whatever the range.
WITH seen AS (
  SELECT event_time, event_id, principal_arn, coalesce(key_arn, key_ref) AS key, region, caller_account_id AS account,
    source_ip
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
    min_by(event_id, event_time) AS event_id, min(account) AS account, min(region) AS any_region, max(region) AS last_region
  FROM seen
  GROUP BY GROUPING SETS ((principal_arn, key), (principal_arn, region), (principal_arn, source_ip), (key, account))
),
ranked AS (
  SELECT kind, subject, object, first_at, last_at, calls, event_id, account, any_region, last_region,
    min(first_at) OVER (PARTITION BY kind, subject) AS subject_first_at,
    count(*) OVER (PARTITION BY kind, subject ORDER BY first_at RANGE UNBOUNDED PRECEDING) AS place,
    lag(first_at) OVER (PARTITION BY kind, subject ORDER BY first_at, object) AS last_new_at
  FROM pairs
  WHERE subject IS NOT NULL AND object IS NOT NULL
)
SELECT first_at, last_at, account AS account_id,
  CASE WHEN any_region = last_region THEN any_region END AS region,
  CASE WHEN kind <> 'key_account' THEN subject END AS principal_arn,
  CASE kind WHEN 'key_account' THEN subject WHEN 'principal_key' THEN object END AS key,
  kind, subject, object, place, subject_first_at, calls AS events, ARRAY[event_id] AS evidence
FROM ranked
WHERE date_diff('second', subject_first_at, first_at) >= $known_days * 86400
  AND (CAST($from AS TIMESTAMP) IS NULL OR first_at >= $from)
  AND (kind = 'principal_region'
    OR kind = 'principal_source' AND place <= $sources_max + 1
      AND date_diff('second', last_new_at, first_at) >= $source_days * 86400
    OR kind = 'key_account' AND object NOT IN (SELECT name FROM UNNEST($own) AS o(name))
    OR kind = 'principal_key' AND $keys)
ORDER BY first_at, kind, subject, object
