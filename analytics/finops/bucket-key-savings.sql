-- Question: which calls of S3 did a bucket and KMS key see, in order?
-- Grain: first the names (of groups and payers), then one row for each successful GenerateDataKey (write) or
--        Decrypt (read) with an S3 context. Everything but the names is a number.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $bucket, $key, $scope (VARCHAR or NULL).
-- Caveats: scopes are in the definitions. A group is a Region, bucket, key and scope; group 0 holds the payers'
--          names. Equal calls of one second are in order of their numbers, so that a result does not depend on ids.
WITH calls AS (
  SELECT coalesce(region, 'unknown') AS region, s3_bucket,
    coalesce(key_arn, key_ref, '(unresolved)') AS kms_key,
    CASE
      WHEN s3_context_is_bucket THEN 'bucket_key_on'
      WHEN context_kind = 'cloudtrail' THEN 'log_delivery'
      ELSE 'objects'
    END AS scope,
    CAST(to_unixtime(event_time) AS INTEGER) AS second,
    CASE WHEN operation = 'GenerateDataKey' THEN 0 ELSE 1 END AS is_read,
    coalesce(resource_arn, '') AS object_arn,
    principal_arn,
    coalesce(caller_arn, principal_arn) AS session_arn,
    coalesce(caller_account_id, 'unknown') AS account_id,
    CASE WHEN context_kind = 's3' AND json_size(encryption_context, '$') > 1 THEN 1 ELSE 0 END AS has_more_context
  FROM kms_events
  WHERE counted AND outcome = 'success' AND s3_bucket IS NOT NULL
    AND operation IN ('GenerateDataKey', 'Decrypt')
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
    AND (CAST($scope AS VARCHAR) IS NULL OR $scope = CASE
      WHEN s3_context_is_bucket THEN 'bucket_key_on'
      WHEN context_kind = 'cloudtrail' THEN 'log_delivery'
      ELSE 'objects'
    END)
),
scopes AS (
  SELECT region, s3_bucket, kms_key, scope,
    CAST(row_number() OVER (ORDER BY region, s3_bucket, kms_key, scope) AS INTEGER) AS group_no
  FROM calls
  GROUP BY region, s3_bucket, kms_key, scope
),
callers AS (
  SELECT principal_arn, session_arn, account_id,
    CAST(dense_rank() OVER (ORDER BY principal_arn) AS INTEGER) AS role_no,
    CAST(dense_rank() OVER (ORDER BY session_arn) AS INTEGER) AS session_no,
    CAST(dense_rank() OVER (ORDER BY account_id) AS INTEGER) AS account_no
  FROM calls
  GROUP BY principal_arn, session_arn, account_id
),
-- An object has a number within its group, from 1.
objects AS (
  SELECT s.group_no, c.object_arn,
    CAST(row_number() OVER (PARTITION BY s.group_no ORDER BY c.object_arn) AS INTEGER) AS object_no
  FROM (SELECT DISTINCT region, s3_bucket, kms_key, scope, object_arn FROM calls) AS c
  JOIN scopes AS s ON s.region = c.region AND s.s3_bucket = c.s3_bucket AND s.kms_key = c.kms_key AND s.scope = c.scope
)
SELECT group_no, -4 AS second, 0 AS is_read, 0 AS object_no, 0 AS role_no, 0 AS session_no, 0 AS account_no,
  0 AS has_more_context, region AS name
FROM scopes
UNION ALL
SELECT group_no, -3, 0, 0, 0, 0, 0, 0, s3_bucket FROM scopes
UNION ALL
SELECT group_no, -2, 0, 0, 0, 0, 0, 0, kms_key FROM scopes
UNION ALL
SELECT group_no, -1, 0, 0, 0, 0, 0, 0, scope FROM scopes
UNION ALL
SELECT DISTINCT 0, 0, 0, 0, 0, 0, account_no, 0, account_id FROM callers
UNION ALL
SELECT s.group_no, c.second, c.is_read, o.object_no, p.role_no, p.session_no, p.account_no, c.has_more_context,
  CAST(NULL AS VARCHAR)
FROM calls AS c
JOIN scopes AS s ON s.region = c.region AND s.s3_bucket = c.s3_bucket AND s.kms_key = c.kms_key AND s.scope = c.scope
JOIN callers AS p ON p.principal_arn = c.principal_arn AND p.session_arn = c.session_arn AND p.account_id = c.account_id
JOIN objects AS o ON o.group_no = s.group_no AND o.object_arn = c.object_arn
ORDER BY group_no, second, is_read, object_no, session_no, role_no, account_no
