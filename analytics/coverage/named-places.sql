-- Question: which accounts and Regions do KMS key ARNs name, of which no log was read?
-- Grain: one row for each such account and Region.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL): of the events.
-- Caveats: a call on a key of another account is in this account's log; the other users of that key
--          are in the log of the key's account, which is not here.
WITH named_keys AS (
  SELECT key_arn AS arn, count(*) AS events FROM kms_events
  WHERE key_arn IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  GROUP BY key_arn
  UNION ALL
  SELECT destination_key_arn AS arn, count(*) AS events FROM kms_events
  WHERE destination_key_arn IS NOT NULL AND destination_key_arn <> coalesce(key_arn, '')
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  GROUP BY destination_key_arn
),
places AS (
  SELECT split_part(arn, ':', 5) AS account_id, split_part(arn, ':', 4) AS region,
    count(DISTINCT arn) AS named, CAST(sum(events) AS BIGINT) AS events
  FROM named_keys GROUP BY 1, 2
),
logged AS (
  SELECT DISTINCT account_id, region FROM ingest_objects WHERE record_time_min IS NOT NULL
)
SELECT p.account_id, p.region, p.named AS keys_named, p.events
FROM places AS p
LEFT JOIN logged AS l ON l.account_id = p.account_id AND l.region = p.region
WHERE l.account_id IS NULL AND p.account_id <> '' AND p.region <> ''
ORDER BY p.events DESC, p.account_id, p.region
