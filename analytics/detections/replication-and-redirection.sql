-- Question: was a key copied to an unused Region, an alias moved to another key, or rotation turned off?
-- Grain: one row for each such call.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL); aliases are judged by
--         replication-and-redirection.ts.
-- Caveats: a Region is unused when the account made no KMS call there before.
WITH changes AS (
  SELECT event_time, event_id, operation, principal_arn, caller_account_id AS account_id, region,
    coalesce(key_arn, key_ref) AS key, json_extract_scalar(request_parameters, '$.aliasName') AS alias,
    coalesce(json_extract_scalar(request_parameters, '$.replicaRegion'),
      json_extract_scalar(request_parameters, '$.primaryRegion')) AS other_region
  FROM kms_events
  WHERE operation IN ('ReplicateKey', 'UpdatePrimaryRegion', 'UpdateAlias', 'DisableKeyRotation')
    AND counted AND outcome = 'success' AND principal_type <> 'AWSService'
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
known_use AS (
  SELECT c.event_id, count(*) AS calls_there_before
  FROM changes AS c
  JOIN kms_events AS k ON k.region = c.other_region AND k.caller_account_id = c.account_id
  WHERE k.event_time < c.event_time
  GROUP BY c.event_id
)
SELECT c.event_time AS first_at, c.event_time AS last_at, c.account_id, c.region, c.principal_arn, c.key, c.operation,
  c.alias, c.other_region, coalesce(u.calls_there_before, 0) AS calls_there_before, 1 AS events,
  ARRAY[c.event_id] AS evidence
FROM changes AS c
LEFT JOIN known_use AS u ON u.event_id = c.event_id
ORDER BY c.event_time, c.event_id
