-- Question: was a key, its material or its key store taken away?
-- Grain: one row for each successful call that does so.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $usage_days (days before that are searched for use).
-- Caveats: use and failures are of what the log shows.
WITH changes AS (
  SELECT event_time, event_id, operation, principal_arn, caller_account_id AS account_id, region, key_arn, key_ref,
    json_extract_scalar(request_parameters, '$.pendingWindowInDays') AS waiting_days
  FROM kms_events
  WHERE operation IN ('ScheduleKeyDeletion', 'DisableKey', 'DeleteImportedKeyMaterial', 'DisconnectCustomKeyStore',
      'DeleteCustomKeyStore')
    AND counted AND outcome = 'success' AND principal_type <> 'AWSService'
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
later AS (
  SELECT c.event_id,
    count(*) FILTER (WHERE k.event_time < c.event_time AND k.outcome = 'success' AND k.operation_class = 'cryptographic'
      AND date_diff('second', k.event_time, c.event_time) <= $usage_days * 86400) AS calls_before,
    count(DISTINCT CASE WHEN k.event_time < c.event_time AND k.outcome = 'success' AND k.operation_class = 'cryptographic'
      AND date_diff('second', k.event_time, c.event_time) <= $usage_days * 86400 THEN k.principal_arn END) AS principals_before,
    count(*) FILTER (WHERE k.event_time >= c.event_time AND k.error_code IN ('DisabledException', 'KMSInvalidStateException')) AS failures_after,
    min(CASE WHEN k.event_time >= c.event_time AND k.outcome = 'success'
      AND k.operation IN ('CancelKeyDeletion', 'EnableKey', 'ImportKeyMaterial') THEN k.event_time END) AS undone_at
  FROM changes AS c
  JOIN kms_events AS k ON k.key_arn = c.key_arn
  WHERE k.counted
  GROUP BY c.event_id
)
SELECT c.event_time AS first_at, c.event_time AS last_at, c.account_id, c.region, c.principal_arn,
  coalesce(c.key_arn, c.key_ref) AS key, c.operation, c.waiting_days, l.calls_before, l.principals_before,
  l.failures_after, l.undone_at, 1 AS events, ARRAY[c.event_id] AS evidence
FROM changes AS c
LEFT JOIN later AS l ON l.event_id = c.event_id
ORDER BY c.event_time, c.event_id
