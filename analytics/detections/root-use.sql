-- Question: did the root of an account, or a person in the console, use KMS to change something?
-- Grain: one row for each principal, account, Region and day.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $console_changes (also changes by other principals in console sessions).
-- Caveats: root may also act through a service.
WITH used AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, operation, caller_source,
    coalesce(key_arn, key_ref) AS key,
    principal_type = 'Root' OR caller_arn LIKE 'arn:%:iam::%:root' AS is_root,
    row_number() OVER (PARTITION BY principal_arn, caller_account_id, region, date_trunc('day', event_time)
      ORDER BY event_time, event_id) AS place
  FROM kms_events
  WHERE counted
    AND (principal_type = 'Root' OR caller_arn LIKE 'arn:%:iam::%:root'
      OR $console_changes AND console_session AND NOT coalesce(read_only, true))
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id, region, principal_arn,
  CASE WHEN min(key) = max(key) THEN min(key) END AS key, count(*) FILTER (WHERE is_root) AS root_events,
  min(operation) AS an_operation, count(DISTINCT operation) AS operations, min(caller_source) AS caller_source,
  count(*) AS events, array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM used
GROUP BY principal_arn, account_id, region, date_trunc('day', event_time)
ORDER BY first_at, principal_arn, region
