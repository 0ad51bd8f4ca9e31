-- Question: which existing objects carry the reads, so that rewriting a few of them saves most?
-- Grain: one successful S3 write or read that names an object, object by object in order of time.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $bucket, $key (VARCHAR or NULL).
-- Caveats: an object that nobody read is not in the log.
SELECT coalesce(region, 'unknown') AS region, s3_bucket,
  coalesce(key_arn, key_ref, '(unresolved)') AS kms_key,
  coalesce(resource_arn, '') AS object_arn,
  to_unixtime(event_time) AS second,
  operation = 'GenerateDataKey' AS is_write,
  principal_arn, coalesce(caller_arn, principal_arn) AS session_arn, account_id
FROM kms_events
WHERE counted AND outcome = 'success' AND s3_bucket IS NOT NULL AND NOT s3_context_is_bucket
  AND operation IN ('GenerateDataKey', 'Decrypt')
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
ORDER BY region, s3_bucket, kms_key, context_kind, object_arn, event_time, is_write DESC, event_id
