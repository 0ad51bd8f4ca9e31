-- Question: which key did each alias mean, and when?
-- Grain: one row for each change of an alias (kind change), and one for each hour in which calls that
--        typed the alias were resolved to a key (kind observed). alias-history.ts joins them to intervals.
-- Params: $account (whose alias), $region (VARCHAR or NULL). The whole log is read: an alias is as old
--         as its last change, which may be before any range.
-- Caveats: UpdateAlias names its new key as id or ARN in the request; resources may hold the old one.
WITH targets AS (
  SELECT event_time, event_id, operation, principal_arn, region, caller_account_id AS account_id,
    json_extract_scalar(request_parameters, '$.aliasName') AS alias,
    json_extract_scalar(request_parameters, '$.targetKeyId') AS target, key_arn,
    coalesce(nullif(split_part(caller_arn, ':', 2), ''), 'aws') AS aws_partition
  FROM kms_events
  WHERE operation IN ('CreateAlias', 'UpdateAlias', 'DeleteAlias') AND outcome = 'success' AND counted
)
SELECT 'change' AS kind, operation, account_id, region,
  CASE WHEN alias LIKE 'arn:%' THEN split_part(alias, ':', 6) ELSE alias END AS alias,
  CASE
    WHEN operation = 'DeleteAlias' THEN NULL
    WHEN target LIKE 'arn:%:key/%' THEN target
    WHEN target IS NULL OR key_arn LIKE '%/' || target THEN key_arn
    ELSE 'arn:' || aws_partition || ':kms:' || region || ':' || account_id || ':key/' || target
  END AS key_arn,
  event_time AS first_at, event_time AS last_at, principal_arn, event_id
FROM targets
WHERE alias IS NOT NULL
  AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
UNION ALL
SELECT 'observed', CAST(NULL AS VARCHAR), account_id, region, alias, key_arn,
  min(event_time), max(event_time), CAST(NULL AS VARCHAR), min(event_id)
FROM (
  SELECT event_time, event_id, key_arn, date_trunc('hour', event_time) AS hour,
    CASE WHEN key_ref LIKE 'arn:%' THEN split_part(key_ref, ':', 4) ELSE region END AS region,
    CASE WHEN key_ref LIKE 'arn:%' THEN split_part(key_ref, ':', 5) ELSE caller_account_id END AS account_id,
    CASE WHEN key_ref LIKE 'arn:%' THEN split_part(key_ref, ':', 6) ELSE key_ref END AS alias
  FROM kms_events
  WHERE (key_ref LIKE 'alias/%' OR key_ref LIKE 'arn:%:alias/%') AND key_arn IS NOT NULL
    AND operation NOT IN ('CreateAlias', 'UpdateAlias', 'DeleteAlias')
)
WHERE (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
GROUP BY account_id, region, alias, key_arn, hour
