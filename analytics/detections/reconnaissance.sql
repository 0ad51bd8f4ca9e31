-- Question: does a principal ask many keys who may use them, or try many keys in vain?
-- Grain: one row for each principal, account, Region and hour.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $keys_min (different keys in an hour), $denied_min (denied calls of a sweep).
-- Caveats: AWS Config asks as LambdaDescribeHandlerSession and is left out.
WITH asked AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, operation, outcome,
    coalesce(key_arn, key_ref, error_message) AS key, caller_source, event_type,
    operation IN ('GetKeyPolicy', 'ListGrants', 'ListKeyPolicies', 'DescribeKey', 'GetKeyRotationStatus', 'ListResourceTags',
      'ListKeys', 'ListAliases', 'ListRetirableGrants', 'GetPublicKey') AS is_sweep,
    date_trunc('hour', event_time) AS hour
  FROM kms_events
  WHERE coalesce(session_name, '') <> 'LambdaDescribeHandlerSession' AND principal_type <> 'AWSService'
    AND (operation IN ('GetKeyPolicy', 'ListGrants', 'ListKeyPolicies', 'DescribeKey', 'GetKeyRotationStatus',
        'ListResourceTags', 'ListKeys', 'ListAliases', 'ListRetirableGrants', 'GetPublicKey')
      OR outcome = 'denied')
    AND (counted OR event_type LIKE 'AwsVpceEvent%')
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
placed AS (
  SELECT event_time, event_id, principal_arn, account_id, region, operation, outcome, key, caller_source, is_sweep, hour,
    row_number() OVER (PARTITION BY principal_arn, account_id, region, hour ORDER BY event_time, event_id) AS place
  FROM asked
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id, region, principal_arn,
  CASE WHEN min(key) = max(key) THEN min(key) END AS key,
  count(DISTINCT CASE WHEN is_sweep THEN key END) AS swept_keys, count(*) FILTER (WHERE is_sweep AND outcome = 'denied') AS sweep_denied,
  count(DISTINCT CASE WHEN NOT is_sweep THEN key END) AS sprayed_keys, count(*) FILTER (WHERE NOT is_sweep) AS spray_denied,
  min(caller_source) AS caller_source, count(*) AS events,
  array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM placed
GROUP BY principal_arn, account_id, region, hour
HAVING count(DISTINCT CASE WHEN is_sweep THEN key END) >= $keys_min AND count(*) FILTER (WHERE is_sweep AND outcome = 'denied') >= $denied_min
  OR count(DISTINCT CASE WHEN NOT is_sweep THEN key END) >= $keys_min
ORDER BY first_at, principal_arn, region
