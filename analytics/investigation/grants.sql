-- Question: which grants were created, retired, revoked?
-- Grain: one row for each successful CreateGrant, RetireGrant or RevokeGrant, in order of time.
-- Params: $to (TIMESTAMP or NULL, exclusive), $region, $key (VARCHAR or NULL). The start of the range is not
--         applied: an open grant may be older. grants.ts joins the calls to grants, grant-use.sql adds their use.
-- Caveats: a grant made before the log begins has only its end.
SELECT event_time AS happened_at, event_id, operation, principal_arn, region,
  coalesce(key_arn, key_ref) AS key, key_account_id,
  coalesce(json_extract_scalar(response_elements, '$.grantId'), json_extract_scalar(request_parameters, '$.grantId'),
    json_extract_scalar(additional_event_data, '$.grantId')) AS grant_id,
  json_extract_scalar(request_parameters, '$.granteePrincipal') AS grantee,
  json_extract_scalar(request_parameters, '$.retiringPrincipal') AS retiring_principal,
  request_parameters
FROM kms_events
WHERE operation IN ('CreateGrant', 'RetireGrant', 'RevokeGrant') AND counted AND outcome = 'success'
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR key_arn = $key OR key_ref = $key)
ORDER BY happened_at, event_id
