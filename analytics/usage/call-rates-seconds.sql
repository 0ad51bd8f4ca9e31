-- Question: how many KMS calls a second, minute, hour or day, of all or by account or Region?
-- Grain: one row for each bin and group; the rows of call-rates.sql, from the per-second counts. Used
--        when nothing is asked that these do not hold.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region (VARCHAR or NULL), $bin (second, minute,
--         hour, day), $by (account, region or none), $limit (rows).
-- Caveats: per-second counts are of charges. A custom key store's own quota is left out, and the calls
--          that are charged more than once (definitions: Utilisation) are taken back and counted by themselves.
WITH parts AS (
  SELECT second, caller_account_id, region, offered AS calls, throttled
  FROM calls_per_second
  WHERE custom_key_store_id IS NULL
  UNION ALL
  SELECT event_time AS second, caller_account_id, region, -units AS calls,
    CASE WHEN outcome = 'throttled' THEN -units ELSE 0 END AS throttled
  FROM charged_calls
  WHERE custom_key_store_id IS NULL AND operation IN ('ReplicateKey', 'UpdatePrimaryRegion')
  UNION ALL
  SELECT event_time AS second, caller_account_id, region, 1 AS calls,
    CASE WHEN outcome = 'throttled' THEN 1 ELSE 0 END AS throttled
  FROM kms_events
  WHERE counted AND operation IN ('ReplicateKey', 'UpdatePrimaryRegion')
),
seconds AS (
  SELECT second,
    CASE $by
      WHEN 'account' THEN caller_account_id
      WHEN 'region' THEN region
      ELSE '(all)'
    END AS group_name,
    CAST(sum(calls) AS BIGINT) AS calls,
    CAST(sum(throttled) AS BIGINT) AS throttled
  FROM parts
  WHERE (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
  GROUP BY 1, 2
  HAVING sum(calls) > 0
),
levels AS (
  -- Seconds with equally many calls are one row: few enough to be put in order.
  SELECT date_trunc($bin, second) AS bin_from, group_name, calls, count(*) AS seconds,
    sum(throttled) AS throttled, min(second) AS first_at
  FROM seconds
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT bin_from, group_name, calls, seconds, throttled, first_at,
    sum(seconds) OVER (PARTITION BY bin_from, group_name ORDER BY calls) AS place,
    sum(seconds) OVER (PARTITION BY bin_from, group_name) AS active_seconds
  FROM levels
)
SELECT bin_from, group_name,
  CAST(sum(calls * seconds) AS BIGINT) AS calls,
  CAST(sum(throttled) AS BIGINT) AS throttled_calls,
  max(calls) AS calls_per_second_peak,
  max_by(first_at, calls) AS peak_at,
  min(calls) FILTER (WHERE place >= 0.99 * active_seconds) AS calls_per_second_p99,
  CAST(max(active_seconds) AS BIGINT) AS active_seconds
FROM ranked
GROUP BY bin_from, group_name
ORDER BY bin_from, calls DESC, group_name
LIMIT $limit
