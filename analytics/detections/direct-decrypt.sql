-- Question: was data that a service holds decrypted without that service?
-- Grain: one row for each principal, resource and key.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: EC2 itself decrypts volumes as the role aws:ec2-infrastructure.
WITH direct AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, coalesce(key_arn, key_ref) AS key,
    context_kind, resource_arn, caller_source,
    row_number() OVER (PARTITION BY principal_arn, caller_account_id, region, coalesce(key_arn, key_ref), resource_arn
      ORDER BY event_time, event_id) AS place
  FROM kms_events
  WHERE counted AND operation IN ('Decrypt', 'ReEncrypt') AND outcome = 'success' AND is_direct
    AND context_kind IN ('secretsmanager', 'ssm', 'ebs', 's3', 'dynamodb')
    AND principal_type <> 'AWSService' AND principal_arn NOT LIKE '%:role/aws:ec2-infrastructure'
    AND caller_source NOT LIKE '%.amazonaws.com' AND caller_source <> 'AWS Internal'
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id, region, principal_arn, key, context_kind,
  resource_arn, min(caller_source) AS caller_source, count(*) AS events,
  array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM direct
GROUP BY account_id, region, principal_arn, key, context_kind, resource_arn
ORDER BY first_at, principal_arn, resource_arn
