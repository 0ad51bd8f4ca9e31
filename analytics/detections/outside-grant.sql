-- Question: did a grant let a principal of a foreign account in, and was it used?
-- Grain: one row for each successful CreateGrant; outside-grant.ts keeps the foreign ones.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL),
--         $own (accounts that are not foreign).
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
-- Only foreign grantees are followed: own grants on busy keys are many.
foreign_grants AS (
  SELECT event_id, event_time, key, grantee_account
  FROM (
    SELECT event_id, event_time, key, key_account_id,
      CASE WHEN grantee LIKE 'arn:%' THEN split_part(grantee, ':', 5) ELSE grantee END AS grantee_account
    FROM made
  )
  WHERE length(grantee_account) = 12 AND grantee_account <> key_account_id
    AND grantee_account NOT IN (SELECT name FROM UNNEST($own) AS o(name))
),
foreign_use AS (
  SELECT g.event_id, count(*) AS uses, min(k.event_time) AS first_used_at
  FROM foreign_grants AS g
  JOIN kms_events AS k ON k.key_arn = g.key AND k.caller_account_id = g.grantee_account
  WHERE k.counted AND k.outcome = 'success' AND k.operation_class = 'cryptographic' AND k.event_time >= g.event_time
  GROUP BY g.event_id
)
SELECT m.event_time AS first_at, m.event_time AS last_at, m.account_id, m.region, m.principal_arn, m.key, m.key_account_id,
  m.grantee, m.retiring_principal, m.request_parameters, u.uses, u.first_used_at, 1 AS events,
  ARRAY[m.event_id] AS evidence
FROM made AS m
LEFT JOIN foreign_use AS u ON u.event_id = m.event_id
ORDER BY m.event_time, m.event_id
