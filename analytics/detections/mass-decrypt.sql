-- Question: does a principal decrypt far more different things in an hour than ever before?
-- Grain: one row for each principal, account, kind of resource and hour.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $objects_min, $secrets_min (different resources in an hour), $times (multiple of the own past peak).
-- Caveats: whether there is enough past, the account's covered hours decide (baseline_hours). The past is all that the log holds before the hour, whatever the range. Hours are of the clock.
--          With an S3 Bucket Key the context names the bucket: such reads count as one resource.
WITH hours AS (
  SELECT principal_arn, caller_account_id AS account_id,
    CASE WHEN context_kind IN ('secretsmanager', 'ssm') THEN 'secrets' ELSE 'objects' END AS kind,
    date_trunc('hour', event_time) AS hour, count(DISTINCT resource_arn) AS resources, count(*) AS calls
  FROM kms_events
  WHERE counted AND outcome = 'success' AND operation = 'Decrypt' AND resource_arn IS NOT NULL
    AND principal_type <> 'AWSService'
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  GROUP BY principal_arn, caller_account_id,
    CASE WHEN context_kind IN ('secretsmanager', 'ssm') THEN 'secrets' ELSE 'objects' END, date_trunc('hour', event_time)
),
judged AS (
  SELECT principal_arn, account_id, kind, hour, resources, calls,
    max(resources) OVER (PARTITION BY principal_arn, account_id, kind ORDER BY hour
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS peak_before
  FROM hours
),
fired AS (
  SELECT j.principal_arn, j.account_id, j.kind, j.hour, j.resources, j.calls, coalesce(j.peak_before, 0) AS peak_before
  FROM judged AS j
  WHERE j.resources >= CASE j.kind WHEN 'secrets' THEN $secrets_min ELSE $objects_min END
    AND j.resources >= $times * coalesce(j.peak_before, 0)
),
evidence AS (
  SELECT f.principal_arn, f.account_id, f.kind, f.hour, f.resources, f.calls, f.peak_before, e.event_time, e.event_id,
    e.region, coalesce(e.key_arn, e.key_ref) AS key, e.s3_bucket, e.caller_source,
    row_number() OVER (PARTITION BY f.principal_arn, f.account_id, f.kind, f.hour ORDER BY e.event_time, e.event_id) AS place
  FROM fired AS f
  JOIN kms_events AS e ON e.principal_arn = f.principal_arn AND e.caller_account_id = f.account_id
    AND date_trunc('hour', e.event_time) = f.hour
    AND CASE WHEN e.context_kind IN ('secretsmanager', 'ssm') THEN 'secrets' ELSE 'objects' END = f.kind
  WHERE e.counted AND e.outcome = 'success' AND e.operation = 'Decrypt' AND e.resource_arn IS NOT NULL
    AND (CAST($region AS VARCHAR) IS NULL OR e.region = $region)
)
SELECT min(event_time) AS first_at, max(event_time) AS last_at, account_id,
  CASE WHEN min(region) = max(region) THEN min(region) END AS region, principal_arn,
  CASE WHEN min(key) = max(key) THEN min(key) END AS key, kind, max(resources) AS resources,
  max(peak_before) AS peak_before, count(DISTINCT s3_bucket) AS buckets, min(s3_bucket) AS a_bucket,
  count(*) AS events, array_agg(event_id ORDER BY place) FILTER (WHERE place <= 20) AS evidence
FROM evidence
GROUP BY principal_arn, account_id, kind, hour
HAVING CAST($from AS TIMESTAMP) IS NULL OR max(event_time) >= $from
ORDER BY first_at, principal_arn, kind
