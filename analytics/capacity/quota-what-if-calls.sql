-- Question: which of the chosen calls could a data-key cache or an S3 Bucket Key answer, in order?
-- Grain: one successful GenerateDataKey or Decrypt; writes before reads within a second.
-- Params: $account, $region, $quota, $from, $to (TIMESTAMP, half-open), $principal, $service, $key,
--         $bucket (VARCHAR or NULL), $include_aws_service (BOOLEAN).
-- Caveats: throttled, denied and failed calls are not replayed and stay as they were.
SELECT CAST(to_unixtime(event_time) AS BIGINT) AS second, operation, principal_arn,
  coalesce(key_arn, key_ref, '') AS key_name, coalesce(encryption_context, '') AS encryption_context,
  CASE WHEN context_kind = 's3' AND NOT s3_context_is_bucket THEN s3_bucket END AS object_bucket,
  coalesce(resource_arn, '') AS resource_arn
FROM charged_calls
WHERE quota_id = $quota
  AND caller_account_id = $account
  AND region = $region
  AND custom_key_store_id IS NULL
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
  AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
  AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key)
  AND (CAST($bucket AS VARCHAR) IS NULL OR s3_bucket = $bucket)
  AND ($include_aws_service OR principal_type <> 'AWSService')
  AND outcome = 'success'
  AND operation IN ('GenerateDataKey', 'Decrypt')
ORDER BY event_time, CASE WHEN operation = 'GenerateDataKey' THEN 0 ELSE 1 END
