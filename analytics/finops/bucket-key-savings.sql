-- Question: which calls of S3 did a bucket and KMS key see, in order?
-- Grain: one successful GenerateDataKey (write) or Decrypt (read) with an S3 context.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $bucket, $key (VARCHAR or NULL).
-- Caveats: scopes are definitions: Bucket key replay; objects are numbered within Region, bucket, key and scope.
WITH calls AS (
  SELECT coalesce(region, 'unknown') AS region, s3_bucket,
    coalesce(key_arn, key_ref, '(unresolved)') AS kms_key,
    CASE
      WHEN s3_context_is_bucket THEN 'bucket_key_on'
      WHEN context_kind = 'cloudtrail' THEN 'log_delivery'
      ELSE 'objects'
    END AS scope,
    event_time, event_id,
    operation = 'GenerateDataKey' AS is_write,
    coalesce(resource_arn, '') AS object_arn,
    principal_arn,
    coalesce(caller_arn, principal_arn) AS session_arn,
    coalesce(caller_account_id, 'unknown') AS account_id,
    context_kind = 's3' AND json_size(encryption_context, '$') > 1 AS has_more_context
  FROM kms_events
  WHERE counted AND outcome = 'success' AND s3_bucket IS NOT NULL
    AND operation IN ('GenerateDataKey', 'Decrypt')
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
)
SELECT region, s3_bucket, kms_key, scope,
  to_unixtime(event_time) AS second,
  is_write,
  dense_rank() OVER (PARTITION BY region, s3_bucket, kms_key, scope ORDER BY object_arn) AS object_no,
  principal_arn, session_arn, account_id, has_more_context
FROM calls
ORDER BY region, s3_bucket, kms_key, scope, event_time, is_write DESC, event_id
