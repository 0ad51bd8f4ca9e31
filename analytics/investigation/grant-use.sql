-- A part of grants: counted calls on keys by grantees, by second.
-- Grain: one row for each key, principal (or session), via service, caller account, operation and second.
-- Params: $keys, $grantees (VARCHAR lists; a grantee is an ARN, an account id, or a service without its
--         Region), $from, $to (TIMESTAMP or NULL).
-- Caveats: the log does not tell which grant, or which policy, allowed a call.
SELECT key_arn AS key, principal_arn, caller_arn, via_service, caller_account_id, operation,
  event_time AS used_at, count(*) AS calls
FROM kms_events
WHERE counted AND outcome = 'success' AND operation_class <> 'grant'
  AND key_arn IN (SELECT name FROM UNNEST($keys) AS k(name))
  AND (principal_arn IN (SELECT name FROM UNNEST($grantees) AS g(name))
    OR caller_arn IN (SELECT name FROM UNNEST($grantees) AS g(name))
    OR via_service IN (SELECT name FROM UNNEST($grantees) AS g(name))
    OR caller_account_id IN (SELECT name FROM UNNEST($grantees) AS g(name)))
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
GROUP BY key_arn, principal_arn, caller_arn, via_service, caller_account_id, operation, event_time
