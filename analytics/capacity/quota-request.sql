-- Question: how much of the S3 load on a quota already goes through S3 Bucket Keys?
-- Grain: one row for the account and Region; counted calls charged to the quota.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota, $include_aws_service (BOOLEAN).
-- Caveats: a bucket counts as with bucket keys when it has calls whose context names only the bucket,
--          and as without when it has calls that name an object: it can be both while old objects are read.
SELECT
  count(*) AS calls,
  count(*) FILTER (WHERE context_kind = 's3' AND s3_context_is_bucket) AS bucket_key_calls,
  count(*) FILTER (WHERE context_kind = 's3' AND NOT s3_context_is_bucket) AS object_calls,
  count(DISTINCT s3_bucket) FILTER (WHERE context_kind = 's3' AND s3_context_is_bucket) AS buckets_with_bucket_keys,
  count(DISTINCT s3_bucket) FILTER (WHERE context_kind = 's3' AND NOT s3_context_is_bucket) AS buckets_without
FROM kms_events
WHERE counted
  AND quota_id = $quota
  AND caller_account_id = $account
  AND region = $region
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND ($include_aws_service OR principal_type <> 'AWSService')
