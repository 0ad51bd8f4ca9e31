-- Question: did a key policy open a key to everyone or a foreign account, or shut its owner out?
-- Grain: one row for each call that sets a policy; lock-out-policy.ts judges them.
-- Params: $to (TIMESTAMP or NULL, exclusive), $account, $region (VARCHAR or NULL). The start of the range is
--         applied by lock-out-policy.ts: the policy before a change may be older.
-- Caveats: as of policy-changes.
SELECT event_time AS changed_at, event_id, operation, outcome, error_code, principal_arn,
  coalesce(key_account_id, caller_account_id) AS account_id, region,
  coalesce(json_extract_scalar(response_elements, '$.replicaKeyMetadata.arn'), key_arn, key_ref) AS key,
  json_extract_scalar(request_parameters, '$.policy') AS policy,
  coalesce(lower(json_extract_scalar(request_parameters, '$.bypassPolicyLockoutSafetyCheck')) = 'true', false) AS bypass,
  request_parameters IS NULL AS parameters_missing, caller_source, user_agent
FROM kms_events
WHERE operation IN ('PutKeyPolicy', 'CreateKey', 'ReplicateKey') AND counted AND outcome = 'success'
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
ORDER BY changed_at, event_id
