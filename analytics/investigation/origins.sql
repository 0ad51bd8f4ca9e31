-- Question: who really stood behind a KMS call that a service made: which address, agent and request?
-- Grain: one row for each counted KMS call through a service whose encryption context names a resource.
-- Params: $event_names (VARCHAR list: related events that cause KMS calls), $window_s (seconds apart at most),
--         $from, $to (TIMESTAMP, half-open), $account, $region, $principal, $key, $service, $basis (VARCHAR or
--         NULL), $limit (rows).
-- Caveats: a match is by principal, resource and second. Several causes with different addresses are
--          ambiguous, and none of them is given. totals count before $basis and $limit cut.
WITH asked AS (
  SELECT event_time, event_id, caller_account_id AS account_id, region, operation, outcome,
    coalesce(key_arn, key_ref) AS key, principal_arn, via_service, resource_arn, context_kind
  FROM kms_events
  WHERE counted AND NOT is_direct AND resource_arn IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal OR caller_arn = $principal)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref) = $key)
    AND (CAST($service AS VARCHAR) IS NULL OR via_service = $service)
),
-- What the cause may have typed for the resource: a secret also by its name or without its random end, a
-- parameter also by a path above it.
parents AS (
  SELECT event_id, event_time, region, principal_arn, resource_arn, context_kind,
    regexp_replace(resource_arn, '/[^/]*$', '') AS above
  FROM asked
),
asked_names AS (
  SELECT p.event_id, p.event_time, p.region, p.principal_arn, n.name
  FROM parents AS p CROSS JOIN UNNEST(
    CASE context_kind
      WHEN 'secretsmanager' THEN ARRAY[resource_arn, regexp_replace(resource_arn, '-[A-Za-z0-9]{6}$', ''),
        regexp_replace(regexp_replace(resource_arn, '-[A-Za-z0-9]{6}$', ''), '^arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:', '')]
      WHEN 'ssm' THEN ARRAY[resource_arn, above || '/*', regexp_replace(above, '/[^/]*$', '') || '/*',
        regexp_replace(regexp_replace(above, '/[^/]*$', ''), '/[^/]*$', '') || '/*',
        regexp_replace(regexp_replace(regexp_replace(above, '/[^/]*$', ''), '/[^/]*$', ''), '/[^/]*$', '') || '/*']
      ELSE ARRAY[resource_arn]
    END) AS n(name)
),
kept AS (
  SELECT DISTINCT event_id, event_time, event_source,
    event_name, region, principal_arn, access_key_id, source_ip, caller_source, user_agent, request_id, error_code,
    resource_arn
  FROM related_events
  WHERE event_name IN (SELECT name FROM UNNEST($event_names) AS t(name)) AND resource_arn IS NOT NULL
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
),
-- With an S3 Bucket Key the KMS call names only the bucket.
cause_names AS (
  SELECT k.event_id, k.event_time, k.region, k.principal_arn, k.caller_source, t.name
  FROM kept AS k CROSS JOIN UNNEST(
    -- Only these ask for several; a line feed in an object's key is the key's.
    CASE WHEN k.event_name IN ('GetParameters', 'BatchGetSecretValue') THEN split(k.resource_arn, chr(10))
      ELSE ARRAY[k.resource_arn] END) AS t(name)
  UNION ALL
  SELECT event_id, event_time, region, principal_arn, caller_source, split_part(resource_arn, '/', 1)
  FROM kept
  WHERE event_source = 's3.amazonaws.com' AND resource_arn LIKE 'arn:%:s3:::%/%'
),
offsets AS (
  SELECT seconds FROM (VALUES (-5), (-4), (-3), (-2), (-1), (0), (1), (2), (3), (4), (5)) AS t(seconds)
  WHERE abs(seconds) <= $window_s
),
candidates AS (
  SELECT DISTINCT a.event_id, c.event_id AS cause_id, c.caller_source, c.event_time AS caused_at,
    abs(date_diff('second', a.event_time, c.event_time)) AS apart_s
  FROM asked_names AS a
  CROSS JOIN offsets AS o
  JOIN cause_names AS c ON c.name = a.name AND c.principal_arn = a.principal_arn AND c.region = a.region
    AND c.event_time = a.event_time + o.seconds * INTERVAL '1' SECOND
),
ranked AS (
  SELECT event_id, cause_id, apart_s,
    row_number() OVER (PARTITION BY event_id ORDER BY apart_s, caused_at, cause_id) AS place
  FROM candidates
),
counts AS (
  SELECT event_id, count(*) AS candidates, count(DISTINCT caller_source) AS addresses
  FROM candidates
  GROUP BY event_id
),
joined AS (
  SELECT a.event_time AS called_at, a.event_id, a.account_id, a.region, a.operation, a.outcome, a.key, a.principal_arn,
    a.via_service, a.resource_arn, coalesce(n.candidates, 0) AS candidates,
    CASE WHEN n.candidates IS NULL THEN 'unmatched' WHEN n.addresses > 1 THEN 'ambiguous' ELSE 'matched' END AS basis,
    r.cause_id, r.apart_s
  FROM asked AS a
  LEFT JOIN counts AS n ON n.event_id = a.event_id
  LEFT JOIN ranked AS r ON r.event_id = a.event_id AND r.place = 1
),
totalled AS (
  SELECT j.*, count(*) OVER () AS total_calls,
    count(CASE WHEN basis = 'matched' THEN 1 END) OVER () AS total_matched,
    count(CASE WHEN basis = 'ambiguous' THEN 1 END) OVER () AS total_ambiguous
  FROM joined AS j
)
SELECT t.called_at, t.event_id, t.account_id, t.region, t.operation, t.outcome, t.key, t.principal_arn, t.via_service,
  t.resource_arn, t.basis, t.candidates, k.source_ip AS origin_ip, k.caller_source AS origin_source,
  k.user_agent AS origin_user_agent, k.access_key_id AS origin_access_key_id,
  k.event_name AS origin_event_name, k.request_id AS origin_request_id, k.error_code AS origin_error_code,
  k.event_id AS origin_event_id, CASE WHEN t.basis = 'matched' THEN t.apart_s END AS apart_s,
  t.total_calls, t.total_matched, t.total_ambiguous
FROM totalled AS t
LEFT JOIN kept AS k ON k.event_id = t.cause_id AND t.basis = 'matched'
WHERE CAST($basis AS VARCHAR) IS NULL OR t.basis = $basis
ORDER BY t.called_at, t.event_id
LIMIT $limit
