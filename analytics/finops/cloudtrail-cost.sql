-- Question: what does CloudTrail itself charge for KMS events, and what would excluding them hide?
-- Grain: one row for each account and Region of the logs that were read.
-- Params: $from, $to (TIMESTAMP, half-open, of the log files' first record), $account, $region (VARCHAR or
--         NULL).
-- Caveats: copies are seen only when the files of both trails were read; network activity events are
--          priced otherwise and left out of management_events.
WITH files AS (
  SELECT coalesce(account_id, 'unknown') AS account_id, coalesce(region, 'unknown') AS region,
    CAST(sum(records_total) AS BIGINT) AS records_total,
    CAST(sum(inserted) AS BIGINT) AS kms_events,
    CAST(sum(duplicate) AS BIGINT) AS additional_copies
  FROM ingest_objects
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR record_time_min >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR record_time_min < $to)
  GROUP BY 1, 2
),
hidden AS (
  SELECT coalesce(account_id, 'unknown') AS account_id, coalesce(region, 'unknown') AS region,
    count(*) FILTER (WHERE operation_class IN ('management', 'grant', 'custom_key_store', 'service_event')) AS changes,
    count(*) FILTER (WHERE outcome = 'denied') AS denied
  FROM kms_events
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
  GROUP BY 1, 2
)
SELECT files.account_id, files.region, files.records_total, files.kms_events,
  files.additional_copies,
  coalesce(hidden.changes, 0) AS change_events,
  coalesce(hidden.denied, 0) AS denied_events
FROM files
LEFT JOIN hidden ON hidden.account_id = files.account_id AND hidden.region = files.region
WHERE files.kms_events + files.additional_copies > 0
  AND (CAST($account AS VARCHAR) IS NULL OR files.account_id = $account)
  AND (CAST($region AS VARCHAR) IS NULL OR files.region = $region)
ORDER BY files.additional_copies DESC, files.kms_events DESC, files.account_id, files.region
