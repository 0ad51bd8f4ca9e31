-- Question: which keys were scheduled for deletion, disabled or robbed of their material while in use, and
--           what failed afterwards?
-- Grain: one row for each change that takes a key away.
-- Params: $usage_days (days before the change that are searched for use), $from, $to (TIMESTAMP, half-open;
--         of the change), $account (key owner), $region, $key, $principal (VARCHAR or NULL), $names (JSON texts: key, alias
--         as typed, account, Region, from, to), $limit (rows).
-- Caveats: failures that name the key by an alias are counted by what the alias meant then.
WITH changes AS (
  SELECT event_id, event_time AS changed_at, operation, principal_arn, region, key_arn AS key,
    coalesce(key_account_id, caller_account_id) AS account_id,
    json_extract_scalar(request_parameters, '$.pendingWindowInDays') AS waiting_days
  FROM kms_events
  WHERE operation IN ('ScheduleKeyDeletion', 'DisableKey', 'DeleteImportedKeyMaterial', 'DeleteExpiredKeyMaterial')
    AND outcome = 'success' AND (counted OR event_type = 'AwsServiceEvent') AND key_arn IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR coalesce(key_account_id, caller_account_id) = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
),
undoings AS (
  SELECT c.event_id, min(e.event_time) AS undone_at
  FROM changes AS c
  JOIN kms_events AS e ON e.key_arn = c.key
  WHERE e.outcome = 'success' AND e.event_time >= c.changed_at
    AND (c.operation = 'ScheduleKeyDeletion' AND e.operation = 'CancelKeyDeletion'
      OR c.operation = 'DisableKey' AND e.operation = 'EnableKey'
      OR c.operation LIKE 'Delete%' AND e.operation = 'ImportKeyMaterial')
  GROUP BY c.event_id
),
names AS (
  SELECT json_extract_scalar(name, '$.key') AS key, json_extract_scalar(name, '$.ref') AS ref,
    json_extract_scalar(name, '$.account') AS account, json_extract_scalar(name, '$.region') AS region,
    CAST(json_extract_scalar(name, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(name, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($names) AS t(name)
),
crypto AS (
  SELECT key_arn AS key, event_time, outcome, error_code, principal_arn, via_service
  FROM kms_events
  WHERE counted AND operation_class = 'cryptographic' AND key_arn IN (SELECT key FROM changes)
  UNION ALL
  SELECT n.key, e.event_time, e.outcome, e.error_code, e.principal_arn, e.via_service
  FROM kms_events AS e
  JOIN names AS n ON e.key_ref = n.ref AND e.caller_account_id = coalesce(n.account, e.caller_account_id)
    AND e.region = coalesce(n.region, e.region)
  WHERE counted AND operation_class = 'cryptographic' AND key_arn IS NULL AND key_ref IS NOT NULL
    AND e.event_time >= n.valid_from AND e.event_time < n.valid_to
),
uses AS (
  SELECT c.event_id, count(*) AS calls_before, count(DISTINCT u.principal_arn) AS principals_before,
    count(DISTINCT u.via_service) AS services_before, max(u.event_time) AS last_used_at,
    max_by(u.principal_arn, u.event_time) AS last_used_by
  FROM changes AS c
  JOIN crypto AS u ON u.key = c.key
  WHERE u.outcome = 'success' AND u.event_time < c.changed_at
    AND date_diff('second', u.event_time, c.changed_at) <= $usage_days * 86400
  GROUP BY c.event_id
),
failures AS (
  SELECT c.event_id, count(*) AS failures_after, count(DISTINCT f.principal_arn) AS principals_failing,
    min(f.event_time) AS first_failure_at, max(f.event_time) AS last_failure_at
  FROM changes AS c
  JOIN crypto AS f ON f.key = c.key
  LEFT JOIN undoings AS u ON u.event_id = c.event_id
  WHERE f.error_code IN ('DisabledException', 'KMSInvalidStateException', 'NotFoundException')
    AND f.event_time >= c.changed_at
    -- KMS takes some seconds to let the last hosts know that a key is back.
    AND (u.undone_at IS NULL OR date_diff('second', u.undone_at, f.event_time) <= 60)
  GROUP BY c.event_id
)
SELECT c.key, c.account_id, c.region, c.operation AS change, c.changed_at, c.principal_arn AS changed_by, c.waiting_days,
  n.undone_at, coalesce(u.calls_before, 0) AS calls_before, coalesce(u.principals_before, 0) AS principals_before,
  coalesce(u.services_before, 0) AS services_before, u.last_used_at, u.last_used_by,
  coalesce(f.failures_after, 0) AS failures_after, coalesce(f.principals_failing, 0) AS principals_failing,
  f.first_failure_at, f.last_failure_at, c.event_id
FROM changes AS c
LEFT JOIN undoings AS n ON n.event_id = c.event_id
LEFT JOIN uses AS u ON u.event_id = c.event_id
LEFT JOIN failures AS f ON f.event_id = c.event_id
ORDER BY c.changed_at, c.event_id
LIMIT $limit
