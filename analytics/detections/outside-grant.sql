-- Question: did a grant let a principal of a foreign account in, and was it used?
-- Grain: one row for each successful CreateGrant; outside-grant.ts keeps the foreign ones.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: use counts calls of the foreign account on the key after the grant.
WITH made AS (
  SELECT event_time, event_id, principal_arn, caller_account_id AS account_id, region, coalesce(key_arn, key_ref) AS key,
    coalesce(key_account_id, caller_account_id) AS key_account_id,
    json_extract_scalar(request_parameters, '$.granteePrincipal') AS grantee,
    json_extract_scalar(request_parameters, '$.retiringPrincipal') AS retiring_principal, request_parameters
  FROM kms_events
  WHERE operation = 'CreateGrant' AND counted AND outcome = 'success'
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
foreign_use AS (
  SELECT m.event_id, k.caller_account_id, count(*) AS uses, min(k.event_time) AS first_used_at
  FROM made AS m
  JOIN kms_events AS k ON k.key_arn = m.key
  WHERE k.counted AND k.outcome = 'success' AND k.operation_class = 'cryptographic' AND k.event_time >= m.event_time
    AND k.caller_account_id <> m.key_account_id
    AND strpos(coalesce(m.grantee, ''), k.caller_account_id) > 0
  GROUP BY m.event_id, k.caller_account_id
)
SELECT m.event_time AS first_at, m.event_time AS last_at, m.account_id, m.region, m.principal_arn, m.key, m.key_account_id,
  m.grantee, m.retiring_principal, m.request_parameters, u.uses, u.first_used_at, 1 AS events,
  ARRAY[m.event_id] AS evidence
FROM made AS m
LEFT JOIN foreign_use AS u ON u.event_id = m.event_id
ORDER BY m.event_time, m.event_id
