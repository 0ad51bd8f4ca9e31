-- Question: was key material imported or deleted, and was the key written with in between?
-- Grain: one row for each key with an import or deletion of material.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $writes_hours (hours after an import in which writes count).
-- Caveats: writes are successful GenerateDataKey calls; through S3 when the context names it.
WITH material AS (
  SELECT event_time, event_id, operation, principal_arn, caller_account_id AS account_id, region, key_arn AS key,
    json_extract_scalar(request_parameters, '$.validTo') AS valid_to,
    json_extract_scalar(request_parameters, '$.expirationModel') AS expiration_model
  FROM kms_events
  WHERE operation IN ('ImportKeyMaterial', 'DeleteImportedKeyMaterial') AND counted AND outcome = 'success'
    AND principal_type <> 'AWSService' AND key_arn IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
placed AS (
  SELECT event_time, event_id, operation, principal_arn, account_id, region, key, valid_to, expiration_model,
    row_number() OVER (PARTITION BY key ORDER BY event_time, event_id) AS place
  FROM material
),
writes AS (
  SELECT m.key, count(DISTINCT k.event_id) AS writes, count(DISTINCT k.s3_bucket) AS buckets, min(k.s3_bucket) AS a_bucket
  FROM material AS m
  JOIN kms_events AS k ON k.key_arn = m.key
  WHERE m.operation = 'ImportKeyMaterial' AND k.counted AND k.outcome = 'success' AND k.operation LIKE 'GenerateDataKey%'
    AND k.event_time >= m.event_time AND date_diff('second', m.event_time, k.event_time) <= $writes_hours * 3600
  GROUP BY m.key
)
SELECT min(p.event_time) AS first_at, max(p.event_time) AS last_at, min(p.account_id) AS account_id, min(p.region) AS region,
  min_by(p.principal_arn, p.place) AS principal_arn, p.key,
  count(*) FILTER (WHERE p.operation = 'ImportKeyMaterial') AS imports, count(*) FILTER (WHERE p.operation <> 'ImportKeyMaterial') AS deletions,
  max(p.valid_to) AS valid_to, count(*) FILTER (WHERE p.expiration_model = 'KEY_MATERIAL_EXPIRES') AS expiring,
  max(w.writes) AS writes, max(w.buckets) AS buckets, max(w.a_bucket) AS a_bucket,
  count(*) AS events, array_agg(p.event_id ORDER BY p.place) FILTER (WHERE p.place <= 20) AS evidence
FROM placed AS p
LEFT JOIN writes AS w ON w.key = p.key
GROUP BY p.key
ORDER BY first_at, p.key
