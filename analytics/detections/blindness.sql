-- Question: was a trail stopped, deleted, or made blind for KMS?
-- Grain: one row for each such call (of the related events).
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL).
-- Caveats: only trails whose change is in the logs that were read.
WITH changes AS (
  SELECT DISTINCT event_time, event_id, event_name, principal_arn,
    account_id, region, resource_arn, request_parameters
  FROM related_events
  WHERE event_source = 'cloudtrail.amazonaws.com' AND error_code IS NULL
    AND event_name IN ('PutEventSelectors', 'StopLogging', 'DeleteTrail', 'UpdateTrail')
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
),
judged AS (
  SELECT event_time, event_id, event_name, principal_arn, account_id, region, resource_arn,
    CASE
      WHEN event_name = 'StopLogging' THEN 'stopped'
      WHEN event_name = 'DeleteTrail' THEN 'deleted'
      WHEN event_name = 'UpdateTrail' AND json_extract_scalar(request_parameters, '$.isMultiRegionTrail') = 'false'
        THEN 'made to log one Region only'
      WHEN event_name <> 'PutEventSelectors' THEN NULL
      WHEN strpos(request_parameters, 'kms.amazonaws.com') > 0 THEN 'told to leave out KMS events'
      WHEN strpos(request_parameters, '"readWriteType":"WriteOnly"') > 0
        THEN 'told to log only writes (Decrypt and GenerateDataKey are reads)'
      WHEN strpos(request_parameters, '"readWriteType":"ReadOnly"') > 0
        THEN 'told to log only reads (key policies and deletions are writes)'
      WHEN strpos(request_parameters, '"includeManagementEvents":false') > 0
        AND strpos(request_parameters, '"includeManagementEvents":true') = 0 THEN 'told to log no management events'
    END AS what
  FROM changes
)
SELECT event_time AS first_at, event_time AS last_at, account_id, region, principal_arn, CAST(NULL AS VARCHAR) AS key,
  event_name, resource_arn, what, 1 AS events, ARRAY[event_id] AS evidence
FROM judged
WHERE what IS NOT NULL
ORDER BY event_time, event_id
