-- Question: which pairs are new: principal and key, principal and Region, key and account, principal and source?
-- Grain: one row for each pair whose first event lies in the range and not in the baseline before it.
-- Params: $baseline_from (TIMESTAMP or NULL), $from, $to (TIMESTAMP, half-open; $from ends the baseline;
--         NULL: a day before the last event of the account), $account, $region, $principal, $key (VARCHAR
--         or NULL: the pair names it), $limit (rows).
-- Caveats: new means new in the log that was read; an address is only that of direct calls.
WITH seen AS (
  SELECT event_time, event_id, counted, principal_arn, coalesce(key_arn, key_ref) AS key, region,
    caller_account_id AS account, source_ip
  FROM kms_events
  WHERE (CAST($baseline_from AS TIMESTAMP) IS NULL OR event_time >= $baseline_from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
ends AS (
  SELECT account AS ended_account, coalesce(CAST($from AS TIMESTAMP), max(event_time) - INTERVAL '1' DAY) AS baseline_to
  FROM seen GROUP BY account
),
pairs AS (
  SELECT
    CASE WHEN grouping(principal_arn) = 1 THEN 'key_account' WHEN grouping(key) = 0 THEN 'principal_key'
      WHEN grouping(region) = 0 THEN 'principal_region' ELSE 'principal_source' END AS kind,
    CASE WHEN grouping(principal_arn) = 1 THEN key ELSE principal_arn END AS subject,
    CASE WHEN grouping(principal_arn) = 1 THEN account ELSE coalesce(key, region, source_ip) END AS object,
    min(event_time) AS first_at, max(event_time) AS last_at, count(*) FILTER (WHERE counted) AS calls, min(event_id) AS event_id,
    min(account) AS account_id
  FROM seen
  GROUP BY GROUPING SETS ((principal_arn, key), (principal_arn, region), (principal_arn, source_ip), (key, account))
),
complete AS (
  SELECT kind, subject, object, first_at, last_at, calls, event_id, account_id,
    min(first_at) OVER (PARTITION BY CASE WHEN kind = 'key_account' THEN 'key' ELSE 'principal' END, subject)
      AS subject_first_at
  FROM pairs
  WHERE subject IS NOT NULL AND object IS NOT NULL
)
SELECT kind, subject, object, first_at, last_at, calls, subject_first_at >= e.baseline_to AS subject_is_new,
  account_id, e.baseline_to, event_id
FROM complete AS c
JOIN ends AS e ON e.ended_account = c.account_id
WHERE first_at >= e.baseline_to
  AND (CAST($principal AS VARCHAR) IS NULL OR (kind <> 'key_account' AND subject = $principal))
  AND (CAST($key AS VARCHAR) IS NULL OR (kind = 'key_account' AND subject = $key)
    OR (kind = 'principal_key' AND object = $key))
ORDER BY subject_is_new, kind, first_at, subject, object
LIMIT $limit
