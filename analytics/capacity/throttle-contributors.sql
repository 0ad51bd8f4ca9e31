-- Question: in a burst of throttling, who consumed the quota and who was refused?
-- Grain: one row for each value of the dimension that called in the burst.
-- Params: $account, $region, $store (VARCHAR or NULL: that is the load's own value), $quota, $started_at,
--         $ended_at (TIMESTAMP; first and last throttled second), $by (dimension),
--         $include_aws_service (BOOLEAN).
-- Caveats: throttled calls are a lower bound, so a victim can be missing here altogether.
SELECT
  CASE $by
    WHEN 'principal' THEN principal_arn
    WHEN 'session' THEN coalesce(caller_arn, principal_arn)
    WHEN 'service' THEN coalesce(via_service, CASE WHEN principal_type = 'AWSService' THEN principal_arn END, '(direct)')
    WHEN 'key' THEN coalesce(key_arn, key_ref, '(unresolved)')
    WHEN 'resource' THEN coalesce(s3_bucket, resource_arn, '(none)')
    WHEN 'operation' THEN operation
    ELSE CASE WHEN principal_type = 'AWSService' THEN 'AWS service without an account' ELSE 'account' END
  END AS group_name,
  CAST(coalesce(sum(units) FILTER (WHERE outcome <> 'throttled'), 0) AS BIGINT) AS accepted_calls,
  CAST(coalesce(sum(units) FILTER (WHERE outcome = 'throttled'), 0) AS BIGINT) AS throttled_calls
FROM charged_calls
WHERE event_time >= $started_at
  AND event_time <= $ended_at
  AND quota_id = $quota
  AND caller_account_id IS NOT DISTINCT FROM CAST($account AS VARCHAR)
  AND region IS NOT DISTINCT FROM CAST($region AS VARCHAR)
  AND custom_key_store_id IS NOT DISTINCT FROM CAST($store AS VARCHAR)
  AND ($include_aws_service OR principal_type <> 'AWSService')
GROUP BY 1
ORDER BY accepted_calls DESC, throttled_calls DESC, group_name
