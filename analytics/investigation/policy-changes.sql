-- Question: how did key policies change, and what do they open now?
-- Grain: one row for each call that sets a policy, in order of time; policy-changes.ts compares them.
-- Params: $to (TIMESTAMP or NULL, exclusive), $account (owner), $region, $key (VARCHAR or NULL). The start of
--         the range is not applied here: the policy before a change may have been set before it.
-- Caveats: a request over 100 KB is left out of the record, and the policy with it.
SELECT event_time AS changed_at, event_id, operation, outcome, error_code, principal_arn,
  coalesce(key_account_id, caller_account_id) AS account_id, region,
  coalesce(json_extract_scalar(response_elements, '$.replicaKeyMetadata.arn'), key_arn, key_ref) AS key,
  json_extract_scalar(request_parameters, '$.policy') AS policy,
  coalesce(lower(json_extract_scalar(request_parameters, '$.bypassPolicyLockoutSafetyCheck')) = 'true', false) AS bypass,
  request_parameters IS NULL AS parameters_missing, caller_source, user_agent
FROM kms_events
WHERE operation IN ('PutKeyPolicy', 'CreateKey', 'ReplicateKey') AND counted
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR coalesce(key_account_id, caller_account_id) = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref) = $key
    OR json_extract_scalar(response_elements, '$.replicaKeyMetadata.arn') = $key)
ORDER BY changed_at, event_id
