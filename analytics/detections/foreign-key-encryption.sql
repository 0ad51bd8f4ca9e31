-- Question: do own principals encrypt with keys of a foreign account?
-- Grain: one row for each principal, key and bucket.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $own (accounts that are not foreign), $calls_min.
-- Caveats: the bucket is named by the encryption context; whose it is the KMS log does not tell.
WITH writes AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, key_arn AS key, key_account_id,
    s3_bucket, row_number() OVER (PARTITION BY principal_arn, caller_account_id, region, key_arn, s3_bucket ORDER BY event_time, event_id) AS place
  FROM kms_events
  WHERE counted AND outcome = 'success' AND principal_type <> 'AWSService'
    AND operation IN ('GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'Encrypt') AND resource_arn IS NOT NULL
    AND caller_account_id IN (SELECT name FROM UNNEST($own) AS o(name))
    AND key_account_id NOT IN (SELECT name FROM UNNEST($own) AS o(name))
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id, region, principal_arn, key,
  min(key_account_id) AS key_account_id, s3_bucket, count(*) AS events,
  array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM writes
GROUP BY account_id, region, principal_arn, key, s3_bucket
HAVING count(*) >= $calls_min
ORDER BY first_at, principal_arn, key, s3_bucket
