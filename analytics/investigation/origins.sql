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
  SELECT event_id, event_time, event_source, event_name,
    region, principal_arn, access_key_id, source_ip, caller_source, user_agent, request_id, error_code, resource_arn
  FROM related_events
  WHERE event_name IN (SELECT name FROM UNNEST($event_names) AS t(name)) AND resource_arn IS NOT NULL
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
),
-- With an S3 Bucket Key the KMS call names only the bucket.
named_causes AS (
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
-- One row for each second that a cause may explain. The seconds are spelled out before the join: a join whose
-- time is computed from both sides compares every pair of a resource, however far apart.
cause_names AS (
  SELECT c.event_id, c.event_time AS caused_at, c.region, c.principal_arn, c.caller_source, c.name, abs(o.seconds) AS apart_s,
    c.event_time + o.seconds * INTERVAL '1' SECOND AS explains_at
  FROM named_causes AS c CROSS JOIN UNNEST(ARRAY[-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]) AS o(seconds)
  WHERE abs(o.seconds) <= $window_s
),
candidates AS (
  SELECT DISTINCT a.event_id, c.event_id AS cause_id, c.caller_source, c.caused_at, c.apart_s
  FROM asked_names AS a
  JOIN cause_names AS c ON c.name = a.name AND c.principal_arn = a.principal_arn AND c.region = a.region
    AND c.explains_at = a.event_time
),
counts AS (
  SELECT event_id, count(*) AS candidates, count(DISTINCT caller_source) AS addresses
  FROM candidates
  GROUP BY event_id
),
judged AS (
  SELECT a.event_time AS called_at, a.event_id, a.account_id, a.region, a.operation, a.outcome, a.key, a.principal_arn,
    a.via_service, a.resource_arn, coalesce(n.candidates, 0) AS candidates,
    CASE WHEN n.candidates IS NULL THEN 'unmatched' WHEN n.addresses > 1 THEN 'ambiguous' ELSE 'matched' END AS basis
  FROM asked AS a
  LEFT JOIN counts AS n ON n.event_id = a.event_id
),
totals AS (
  SELECT count(*) AS total_calls, count(CASE WHEN basis = 'matched' THEN 1 END) AS total_matched, count(CASE WHEN basis = 'ambiguous' THEN 1 END) AS total_ambiguous
  FROM judged
),
-- Cut before the causes' columns are joined: only the rows that are shown need them.
chosen AS (
  SELECT called_at, event_id, account_id, region, operation, outcome, key, principal_arn, via_service, resource_arn,
    candidates, basis
  FROM judged
  WHERE CAST($basis AS VARCHAR) IS NULL OR basis = $basis
  ORDER BY called_at, event_id
  LIMIT $limit
),
ranked AS (
  SELECT c.event_id, c.cause_id, c.apart_s,
    row_number() OVER (PARTITION BY c.event_id ORDER BY c.apart_s, c.caused_at, c.cause_id) AS place
  FROM candidates AS c
  JOIN chosen AS h ON h.event_id = c.event_id
  WHERE h.basis = 'matched'
),
-- Two trails may have delivered a cause twice.
causes AS (
  SELECT DISTINCT r.event_id AS call_id, r.apart_s, k.event_id, k.event_name, k.access_key_id, k.source_ip, k.caller_source,
    k.user_agent, k.request_id, k.error_code
  FROM ranked AS r
  JOIN kept AS k ON k.event_id = r.cause_id
  WHERE r.place = 1
)
SELECT h.called_at, h.event_id, h.account_id, h.region, h.operation, h.outcome, h.key, h.principal_arn, h.via_service,
  h.resource_arn, h.basis, h.candidates, k.source_ip AS origin_ip, k.caller_source AS origin_source,
  k.user_agent AS origin_user_agent, k.access_key_id AS origin_access_key_id,
  k.event_name AS origin_event_name, k.request_id AS origin_request_id, k.error_code AS origin_error_code,
  k.event_id AS origin_event_id, k.apart_s, t.total_calls, t.total_matched, t.total_ambiguous
FROM chosen AS h
CROSS JOIN totals AS t
LEFT JOIN causes AS k ON k.call_id = h.event_id
ORDER BY h.called_at, h.event_id
