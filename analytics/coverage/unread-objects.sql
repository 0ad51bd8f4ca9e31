-- Question: which objects look like logs and were not read, or not as a whole, and why?
-- Grain: one row for each object of the ledger that was not read or read in part, and for each that waits.
-- Params: $limit (rows).
-- Caveats: objects that no listing showed are not known; skipped objects that cannot hold a call (digests,
--          notifications, files that are no logs) are left out.
WITH objects AS (
  SELECT CASE WHEN bucket = '' THEN key ELSE 's3://' || bucket || '/' || key END AS place,
    CASE
      WHEN status IN ('dead', 'skipped') OR error_class = 'all_rejected' THEN 'not_read'
      ELSE 'in_part'
    END AS state,
    status, error_class, error_detail, records_total, rejected,
    coalesce(foreign_values, 0) AS foreign_values, coalesce(unread_bytes, 0) AS unread_bytes,
    size_bytes, committed_at
  FROM ingest_objects
  WHERE status = 'dead'
    OR (status = 'skipped' AND coalesce(error_class, '') NOT IN (
      'no_log', 'cloudtrail_digest', 'cloudtrail_insight', 'control_message', 's3_notification',
      'dynamodb_stream', 'sqs_message', 'sns_message', 'event_notification'
    ))
    OR (status = 'ok' AND (rejected > 0 OR coalesce(unread_bytes, 0) > 0 OR error_class = 'foreign_values'))
),
waiting AS (
  SELECT CASE WHEN bucket = '' THEN key ELSE 's3://' || bucket || '/' || key END AS place,
    'to_be_tried_again' AS state, 'pending' AS status, error_class, error_detail,
    CAST(0 AS INTEGER) AS records_total, CAST(0 AS INTEGER) AS rejected,
    CAST(0 AS INTEGER) AS foreign_values, CAST(0 AS BIGINT) AS unread_bytes,
    CAST(NULL AS BIGINT) AS size_bytes, CAST(NULL AS TIMESTAMP) AS committed_at
  FROM ingest_retries
)
SELECT place, state, status, error_class, error_detail, records_total, rejected, foreign_values,
  unread_bytes, size_bytes, committed_at AS read_at
FROM (SELECT * FROM objects UNION ALL SELECT * FROM waiting) AS u
ORDER BY CASE state WHEN 'not_read' THEN 0 WHEN 'to_be_tried_again' THEN 1 ELSE 2 END, place
LIMIT $limit
