-- Question: which keys are there, who uses them, and when were they last used?
-- Grain: one row for each key that any event names; a ReEncrypt is a use of both of its keys.
-- Params: $from, $to (TIMESTAMP, half-open), $account (key owner), $region, $middle (TIMESTAMP: halves of
--         the trend), $idle_from (TIMESTAMP).
-- Caveats: AWS managed keys take no changes by their users, no direct and no cross-account use: a success
--          of these shows a customer managed key (is_of_customer). First and last are over all events; uses are counted successful cryptographic calls.
WITH seen AS (
  SELECT key_arn AS kms_key, principal_arn, via_service, event_time, operation, event_type, key_ref,
    custom_key_store_id,
    counted AND outcome = 'success' AND operation_class = 'cryptographic' AS is_use,
    outcome = 'success' AS is_done, outcome NOT IN ('denied', 'failed') AS is_accepted,
    outcome = 'success' AND (
      operation IN ('CreateKey', 'PutKeyPolicy', 'ScheduleKeyDeletion', 'CancelKeyDeletion', 'EnableKey',
        'DisableKey', 'EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand', 'TagResource',
        'UntagResource', 'UpdateKeyDescription', 'ReplicateKey', 'ImportKeyMaterial',
        'DeleteImportedKeyMaterial', 'GetParametersForImport', 'UpdatePrimaryRegion')
      OR (operation_class = 'cryptographic' AND is_direct AND principal_type <> 'AWSService')
      OR (operation_class = 'cryptographic' AND caller_account_id <> key_account_id)
      OR ((key_ref LIKE 'alias/%' OR key_ref LIKE '%:alias/%')
        AND key_ref NOT LIKE 'alias/aws/%' AND key_ref NOT LIKE '%:alias/aws/%')
    ) AS is_of_customer
  FROM kms_events
  WHERE key_arn IS NOT NULL
  UNION ALL
  SELECT destination_key_arn, principal_arn, via_service, event_time, operation, event_type,
    NULL, NULL,
    counted AND outcome = 'success' AND operation_class = 'cryptographic', outcome = 'success',
    outcome NOT IN ('denied', 'failed'),
    outcome = 'success' AND is_direct AND principal_type <> 'AWSService'
  FROM kms_events
  WHERE destination_key_arn IS NOT NULL AND destination_key_arn <> coalesce(key_arn, '')
),
users AS (
  SELECT kms_key, principal_arn, via_service,
    max(custom_key_store_id) AS custom_key_store_id,
    count(*) FILTER (WHERE is_use) AS uses,
    count(*) FILTER (WHERE is_use AND event_time < $middle) AS uses_first_half,
    count(*) FILTER (WHERE is_use AND event_time >= $middle) AS uses_second_half,
    count(*) FILTER (WHERE is_use AND event_time >= $idle_from) AS uses_recent,
    min(event_time) AS first_seen_at,
    max(event_time) AS last_seen_at,
    max(event_time) FILTER (WHERE is_use) AS last_use_at,
    count(*) FILTER (WHERE key_ref LIKE 'alias/aws/%' OR key_ref LIKE '%:alias/aws/%') AS aws_alias_refs,
    count(*) FILTER (WHERE operation = 'ImportKeyMaterial' AND is_done) AS imports,
    count(*) FILTER (WHERE operation = 'RotateKey' AND event_type = 'AwsServiceEvent') AS rotations,
    count(*) FILTER (WHERE operation = 'RotateKeyOnDemand' AND is_done) AS rotations_on_demand,
    count(*) FILTER (WHERE operation = 'ReplicateKey' AND is_done) AS replications,
    count(*) FILTER (WHERE is_accepted) AS accepted,
    count(*) FILTER (WHERE is_of_customer) AS customer_events,
    max(event_time) FILTER (WHERE operation = 'CreateKey' AND is_done) AS created_at,
    max(event_time) FILTER (WHERE operation = 'ScheduleKeyDeletion' AND is_done) AS deletion_scheduled_at,
    max(event_time) FILTER (WHERE operation = 'CancelKeyDeletion' AND is_done) AS deletion_cancelled_at
  FROM seen
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR split_part(kms_key, ':', 5) = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR split_part(kms_key, ':', 4) = $region)
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT users.*,
    row_number() OVER (PARTITION BY kms_key ORDER BY uses DESC, principal_arn, via_service) AS place
  FROM users
)
SELECT kms_key AS key_arn,
  max(custom_key_store_id) AS custom_key_store_id,
  CAST(sum(uses) AS BIGINT) AS uses,
  CAST(sum(uses_first_half) AS BIGINT) AS uses_first_half,
  CAST(sum(uses_second_half) AS BIGINT) AS uses_second_half,
  CAST(sum(uses_recent) AS BIGINT) AS uses_recent,
  min(first_seen_at) AS first_seen_at,
  max(last_seen_at) AS last_seen_at,
  max(last_use_at) AS last_use_at,
  CAST(sum(aws_alias_refs) AS BIGINT) AS aws_alias_refs,
  CAST(sum(imports) AS BIGINT) AS imports,
  CAST(sum(rotations) AS BIGINT) AS rotations,
  CAST(sum(rotations_on_demand) AS BIGINT) AS rotations_on_demand,
  CAST(sum(replications) AS BIGINT) AS replications,
  CAST(sum(accepted) AS BIGINT) AS accepted,
  CAST(sum(customer_events) AS BIGINT) AS customer_events,
  max(created_at) AS created_at,
  max(deletion_scheduled_at) AS deletion_scheduled_at,
  max(deletion_cancelled_at) AS deletion_cancelled_at,
  count(*) FILTER (WHERE uses > 0) AS users_count,
  array_agg(concat(principal_arn,
    CASE WHEN via_service IS NULL THEN '' ELSE concat(' via ', via_service) END,
    ' (', CAST(uses AS VARCHAR), ')') ORDER BY place) FILTER (WHERE place <= 8 AND uses > 0) AS users
FROM ranked
GROUP BY kms_key
ORDER BY kms_key
