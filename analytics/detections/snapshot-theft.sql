-- Question: was a snapshot shared outside, or an own volume key used by a foreign account?
-- Grain: one row for each share, and for each foreign account and key.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $own (accounts that are not foreign).
-- Caveats: whom a snapshot was shared with is judged by snapshot-theft.ts.
WITH uses AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, coalesce(key_arn, key_ref) AS key,
    row_number() OVER (PARTITION BY caller_account_id, region, coalesce(key_arn, key_ref) ORDER BY event_time, event_id) AS place
  FROM kms_events
  WHERE counted AND outcome = 'success' AND operation IN ('CreateGrant', 'ReEncrypt', 'Decrypt', 'GenerateDataKeyWithoutPlaintext')
    AND (context_kind = 'ebs' OR operation = 'CreateGrant' AND strpos(coalesce(via_service, ''), 'ec2') > 0)
    AND key_account_id IN (SELECT name FROM UNNEST($own) AS o(name))
    AND caller_account_id NOT IN (SELECT name FROM UNNEST($own) AS o(name))
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id, region, min(principal_arn) AS principal_arn, key,
  'use' AS kind, CAST(NULL AS VARCHAR) AS resource_arn, CAST(NULL AS VARCHAR) AS request_parameters, count(*) AS events,
  array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM uses
GROUP BY account_id, region, key
UNION ALL
SELECT min(event_time), max(event_time), account_id, region, principal_arn, CAST(NULL AS VARCHAR), 'share',
  resource_arn, request_parameters, 1, ARRAY[event_id]
FROM (
  SELECT event_id, event_time, account_id, region, principal_arn,
    resource_arn, request_parameters
  FROM related_events
  WHERE event_name = 'ModifySnapshotAttribute' AND error_code IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
)
GROUP BY event_id, account_id, region, principal_arn, resource_arn, request_parameters
ORDER BY first_at, key
