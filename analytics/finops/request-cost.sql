-- Question: what do KMS requests cost, and by what?
-- Grain: counted calls of one bin, group, paying account, Region and kind of call. Prices are put
--        on in TypeScript from reference/pricing.json. key_spec is that of RSA calls and GetPublicKey,
--        where a CreateKey or GetPublicKey event in the log names it.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal, $service (VARCHAR or
--         NULL), $by (dimension), $bin (day or month).
-- Caveats: successful calls are priced; the others are counts (definitions: Price class).
WITH key_specs AS (
  SELECT key_arn AS spec_key, max(coalesce(
    nullif(regexp_extract(request_parameters, '"(keySpec|customerMasterKeySpec)":"([A-Z0-9_]+)"', 2), ''),
    nullif(regexp_extract(response_elements, '"(keySpec|customerMasterKeySpec)":"([A-Z0-9_]+)"', 2), '')))
    AS key_spec
  FROM kms_events
  WHERE operation IN ('CreateKey', 'GetPublicKey') AND outcome = 'success' AND key_arn IS NOT NULL
  GROUP BY key_arn
)
SELECT date_trunc($bin, event_time) AS bin_from,
  CASE $by
    WHEN 'account' THEN coalesce(caller_account_id, 'unknown')
    WHEN 'region' THEN coalesce(region, 'unknown')
    WHEN 'key' THEN coalesce(key_arn, key_ref, '(unresolved)')
    WHEN 'principal' THEN principal_arn
    WHEN 'service' THEN coalesce(via_service, '(direct)')
    WHEN 'resource' THEN CASE
      WHEN s3_bucket IS NOT NULL THEN concat('s3://', s3_bucket)
      ELSE coalesce(resource_arn, '(none)')
    END
    WHEN 'operation' THEN operation
    ELSE '(all)'
  END AS group_name,
  coalesce(caller_account_id, 'unknown') AS account_id, region, operation, operation_class, quota_id,
  data_key_spec,
  CASE WHEN quota_id = 'crypto_rsa' OR operation = 'GetPublicKey' THEN s.key_spec END AS key_spec,
  count(*) FILTER (WHERE outcome = 'success') AS successful,
  count(*) FILTER (WHERE outcome <> 'success') AS failed
FROM kms_events
LEFT JOIN key_specs AS s ON s.spec_key = key_arn
  AND (quota_id = 'crypto_rsa' OR operation = 'GetPublicKey')
WHERE counted
  AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
  AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
  AND (CAST($service AS VARCHAR) IS NULL OR coalesce(via_service, '(direct)') = $service)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9
