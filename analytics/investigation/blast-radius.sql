-- Question: what did a principal or credential reach: keys, resources, buckets, accounts, Regions?
-- Grain: one row for each thing reached (kind, name).
-- Params: $principal, $session, $access_key, $source, $key (VARCHAR or NULL; all that are named must hold),
--         $aliases (JSON texts: what was typed, the key it meant, account, Region, from, to),
--         $from, $to (TIMESTAMP, half-open), $after (TIMESTAMP or NULL), $account, $region, $limit (rows).
-- Caveats: resources are those that the encryption context names; with an S3 Bucket Key that is the bucket.
WITH aliases AS (
  SELECT json_extract_scalar(alias, '$.key') AS alias_key, json_extract_scalar(alias, '$.ref') AS alias_ref,
    json_extract_scalar(alias, '$.account') AS alias_account, json_extract_scalar(alias, '$.region') AS alias_region,
    CAST(json_extract_scalar(alias, '$.from') AS TIMESTAMP) AS valid_from,
    CAST(json_extract_scalar(alias, '$.to') AS TIMESTAMP) AS valid_to
  FROM UNNEST($aliases) AS t(alias)
),
touched AS (
  SELECT event_time, event_id, counted, outcome, operation, region, caller_account_id, key_account_id,
    coalesce(key_arn, alias_key, key_ref) AS key, destination_key_arn AS destination_key, s3_bucket AS bucket,
    resource_arn AS resource,
    -- Objects of a log bucket are objects: their context names the trail beside them.
    CASE WHEN s3_bucket IS NULL OR context_kind NOT IN ('s3', 'cloudtrail') THEN context_kind
      WHEN s3_context_is_bucket THEN 's3_bucket' ELSE 's3_object' END AS resource_kind
  FROM kms_events
  LEFT JOIN aliases ON key_arn IS NULL AND key_ref = alias_ref
    AND caller_account_id = coalesce(alias_account, caller_account_id) AND region = coalesce(alias_region, region)
    AND event_time >= valid_from AND event_time < valid_to
  WHERE (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
    AND (CAST($session AS VARCHAR) IS NULL OR session_name = $session OR caller_arn = $session)
    AND (CAST($access_key AS VARCHAR) IS NULL OR access_key_id = $access_key)
    AND (CAST($source AS VARCHAR) IS NULL OR caller_source = $source)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, alias_key, key_ref) = $key
      OR destination_key_arn = $key)
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
reached AS (
  SELECT
    CASE WHEN grouping(key) = 0 THEN 'key'
      WHEN grouping(resource) = 0 THEN resource_kind
      WHEN grouping(bucket) = 0 THEN 'bucket'
      WHEN grouping(caller_account_id) = 0 THEN 'caller_account'
      WHEN grouping(key_account_id) = 0 THEN 'key_account'
      WHEN grouping(region) = 0 THEN 'region'
      ELSE 'operation' END AS kind,
    coalesce(key, resource, bucket, caller_account_id, key_account_id, region, operation) AS name,
    min(event_time) AS first_at, max(event_time) AS last_at, count(*) FILTER (WHERE counted) AS calls,
    count(*) FILTER (WHERE counted AND outcome = 'success') AS successful_calls,
    count(*) FILTER (WHERE counted AND outcome = 'denied') AS denied_calls,
    count(*) FILTER (WHERE counted AND event_time >= CAST($after AS TIMESTAMP)) AS calls_after,
    min(event_time) FILTER (WHERE event_time >= CAST($after AS TIMESTAMP)) AS first_after_at,
    min(event_id) AS event_id
  FROM touched
  GROUP BY GROUPING SETS ((key), (resource_kind, resource), (bucket), (caller_account_id), (key_account_id), (region), (operation))
  UNION ALL
  SELECT 'destination_key', destination_key, min(event_time), max(event_time), count(*) FILTER (WHERE counted),
    count(*) FILTER (WHERE counted AND outcome = 'success'), count(*) FILTER (WHERE counted AND outcome = 'denied'),
    count(*) FILTER (WHERE counted AND event_time >= CAST($after AS TIMESTAMP)),
    min(event_time) FILTER (WHERE event_time >= CAST($after AS TIMESTAMP)), min(event_id)
  FROM touched
  WHERE destination_key IS NOT NULL
  GROUP BY destination_key
)
SELECT kind, name, first_at, last_at, calls, successful_calls, denied_calls,
  CASE WHEN CAST($after AS TIMESTAMP) IS NOT NULL THEN calls_after END AS calls_after, first_after_at,
  CASE WHEN CAST($after AS TIMESTAMP) IS NOT NULL
    THEN first_after_at IS NOT NULL AND first_after_at = first_at END AS new_after, event_id
FROM reached
WHERE name IS NOT NULL
ORDER BY
  CASE kind WHEN 'caller_account' THEN 1 WHEN 'key_account' THEN 2 WHEN 'region' THEN 3 WHEN 'operation' THEN 4
    WHEN 'key' THEN 5 WHEN 'destination_key' THEN 6 WHEN 'bucket' THEN 7 ELSE 8 END,
  kind, calls DESC, name
LIMIT $limit
