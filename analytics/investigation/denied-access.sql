-- Question: who was denied what, from where, and did it work afterwards?
-- Grain: one row for each principal, caller account, Region, key, operation, error and who denied it.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $principal, $key (VARCHAR or NULL), $limit,
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to).
-- Caveats: a call that was denied before KMS resolved its key stands at the key that the typed alias meant
--          then. A denied call of another account is logged only in the caller's trail. What a VPC endpoint's
--          policy denies never reaches KMS: no call, and logged only by a trail with network activity events.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
),
calls_seen AS (
  SELECT counted, CASE WHEN counted THEN 'kms' ELSE 'vpc_endpoint_policy' END AS denied_by, event_time, event_id, outcome, error_code, error_message, principal_arn, caller_account_id AS account_id,
    region, coalesce(key_arn, alias_key, key_ref) AS key, operation, caller_source
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE ((counted AND outcome IN ('denied', 'success'))
      OR (event_type IN ('AwsVpceEvent', 'AwsVpceEvents') AND error_code = 'VpceAccessDenied'))
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key, key_ref) = $key)
),
denials AS (
  SELECT principal_arn, account_id, region, key, operation, error_code, denied_by,
    count(*) FILTER (WHERE counted) AS denied_calls,
    count(*) FILTER (WHERE NOT counted) AS endpoint_denials, min(event_time) AS first_at, max(event_time) AS last_at,
    count(DISTINCT caller_source) AS sources, min(caller_source) AS a_source,
    min(error_message) AS error_message, min(event_id) AS event_id
  FROM calls_seen
  WHERE outcome = 'denied'
  GROUP BY principal_arn, account_id, region, key, operation, error_code, denied_by
),
successes AS (
  SELECT d.principal_arn, d.account_id, d.region, d.key, d.operation, d.error_code, d.denied_by,
    count(*) AS successful_calls, min(s.event_time) FILTER (WHERE s.event_time >= d.first_at) AS first_success_after_at
  FROM denials AS d
  JOIN calls_seen AS s ON s.principal_arn = d.principal_arn AND s.operation = d.operation
    AND s.region = d.region AND s.key = d.key AND s.outcome = 'success'
  GROUP BY d.principal_arn, d.account_id, d.region, d.key, d.operation, d.error_code, d.denied_by
)
SELECT d.principal_arn, d.account_id, d.region, d.key, d.operation, d.error_code, d.denied_by,
  d.denied_calls, d.endpoint_denials, d.first_at, d.last_at,
  d.sources, d.a_source, coalesce(s.successful_calls, 0) AS successful_calls, s.first_success_after_at,
  d.error_message, d.event_id
FROM denials AS d
LEFT JOIN successes AS s ON s.principal_arn = d.principal_arn AND s.operation = d.operation AND s.region = d.region
  AND s.key = d.key AND s.error_code = d.error_code AND s.denied_by = d.denied_by AND coalesce(s.account_id, '') = coalesce(d.account_id, '')
ORDER BY d.denied_calls + d.endpoint_denials DESC, d.principal_arn, d.key, d.operation, d.error_code, d.region
LIMIT $limit
