-- Question: how near is each account and Region to each of its KMS request quotas, second by second?
-- Grain: one row for each load (a quota of a caller account and Region, or of a custom key store) and
--        distinct pair of offered and accepted calls in a second, with the number of such seconds and
--        the first and last of them: peaks, exact percentiles and seconds over any limit follow.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $quota (VARCHAR or NULL),
--         $include_aws_service (BOOLEAN).
-- Caveats: a custom key store's quota is shared by all accounts that use it: its seconds are summed
--          over accounts, and load_no is the smallest scope_no of them. accepted = offered - throttled.
WITH loads AS (
  SELECT second, scope_no AS load_no,
    offered - CASE WHEN $include_aws_service THEN 0 ELSE aws_service_offered END AS offered,
    throttled - CASE WHEN $include_aws_service THEN 0 ELSE aws_service_throttled END AS throttled
  FROM calls_per_second
  WHERE custom_key_store_id IS NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
  UNION ALL
  SELECT c.second, s.load_no,
    CAST(sum(c.offered - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_offered END) AS INTEGER) AS offered,
    CAST(sum(c.throttled - CASE WHEN $include_aws_service THEN 0 ELSE c.aws_service_throttled END) AS INTEGER) AS throttled
  FROM calls_per_second AS c
  JOIN (
    SELECT scope_no, min(scope_no) OVER (PARTITION BY region, quota_id, custom_key_store_id) AS load_no,
      count(CASE WHEN CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account THEN 1 END)
        OVER (PARTITION BY region, quota_id, custom_key_store_id) AS wanted_accounts
    FROM quota_scopes
    WHERE custom_key_store_id IS NOT NULL
      AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
      AND (CAST($quota AS VARCHAR) IS NULL OR quota_id = $quota)
  ) AS s ON s.scope_no = c.scope_no AND s.wanted_accounts > 0
  WHERE c.custom_key_store_id IS NOT NULL
    AND (CAST($from AS TIMESTAMP) IS NULL OR c.second >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR c.second < $to)
  GROUP BY c.second, s.load_no
),
histogram AS (
  SELECT load_no, offered, offered - throttled AS accepted,
    count(*) AS seconds, min(second) AS first_at, max(second) AS last_at
  FROM loads
  WHERE offered > 0
  GROUP BY load_no, offered, offered - throttled
)
SELECT h.load_no, CASE WHEN q.custom_key_store_id IS NULL THEN q.caller_account_id END AS caller_account_id,
  q.region, q.quota_id, q.custom_key_store_id, h.offered, h.accepted, h.seconds, h.first_at, h.last_at
FROM histogram AS h
JOIN quota_scopes AS q ON q.scope_no = h.load_no
