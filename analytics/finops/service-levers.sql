-- Question: which calls of services could a setting or a client cache spare?
-- Grain: first the names of each place (lever, account, Region, resource, principal), then one row for each
--        successful call with the fingerprint of a lever. Everything but the names is a number.
-- Params: $from, $to (TIMESTAMP, half-open), $account, $region, $key, $principal (VARCHAR or NULL).
-- Caveats: connections, processes and hosts are not logged; session and address stand for a client. An item is
--          what one cache entry or data key serves; a client is an item, session and address.
WITH calls AS (
  SELECT
    CASE context_kind
      WHEN 'sqs' THEN 'sqs_reuse'
      WHEN 'dynamodb' THEN 'dynamodb_connections'
      WHEN 'secretsmanager' THEN 'secret_cache'
      WHEN 'ssm' THEN 'parameter_cache'
      WHEN 'hierarchical_keyring' THEN 'branch_key_cache'
      ELSE 'lambda_cold_starts'
    END AS lever,
    coalesce(caller_account_id, 'unknown') AS account_id,
    coalesce(region, 'unknown') AS region,
    CASE
      WHEN context_kind = 'hierarchical_keyring'
        THEN coalesce(regexp_extract(encryption_context, '"branch-key-id":"([^"]*)"', 1), '(unknown)')
      ELSE coalesce(resource_arn, '(unknown)')
    END AS resource,
    principal_arn,
    CAST(to_unixtime(event_time) AS INTEGER) AS second,
    CASE
      WHEN context_kind IN ('secretsmanager', 'ssm', 'hierarchical_keyring') THEN coalesce(encryption_context, '')
      ELSE operation
    END AS item,
    coalesce(caller_arn, principal_arn) AS session_arn,
    coalesce(source_ip, '') AS source_ip,
    coalesce(key_arn, key_ref, '(unresolved)') AS kms_key
  FROM kms_events
  WHERE counted AND outcome = 'success'
    AND principal_type <> 'AWSService'
    AND (
      (context_kind = 'sqs' AND operation IN ('GenerateDataKey', 'Decrypt'))
      OR (context_kind IN ('dynamodb', 'ssm', 'hierarchical_keyring', 'lambda') AND operation = 'Decrypt')
      OR (context_kind = 'secretsmanager' AND operation = 'Decrypt'
        AND encryption_context NOT LIKE '%RequestToValidateKeyAccess%')
    )
    AND (CAST($from AS TIMESTAMP) IS NULL OR event_time >= $from)
    AND (CAST($to AS TIMESTAMP) IS NULL OR event_time < $to)
    AND (CAST($account AS VARCHAR) IS NULL OR caller_account_id = $account)
    AND (CAST($region AS VARCHAR) IS NULL OR region = $region)
    AND (CAST($key AS VARCHAR) IS NULL OR coalesce(key_arn, key_ref, '(unresolved)') = $key)
    AND (CAST($principal AS VARCHAR) IS NULL OR principal_arn = $principal)
),
places AS (
  SELECT lever, account_id, region, resource, principal_arn, min(kms_key) AS kms_key,
    CAST(row_number() OVER (ORDER BY lever, account_id, region, resource, principal_arn) AS INTEGER) AS place_no
  FROM calls
  GROUP BY lever, account_id, region, resource, principal_arn
),
clients AS (
  SELECT item, session_arn, source_ip,
    CAST(row_number() OVER (ORDER BY item, session_arn, source_ip) AS INTEGER) AS client_no,
    CAST(dense_rank() OVER (ORDER BY item) AS INTEGER) AS item_no
  FROM calls
  GROUP BY item, session_arn, source_ip
)
SELECT place_no, -6 AS second, 0 AS item_no, 0 AS client_no, lever AS name FROM places
UNION ALL
SELECT place_no, -5, 0, 0, account_id FROM places
UNION ALL
SELECT place_no, -4, 0, 0, region FROM places
UNION ALL
SELECT place_no, -3, 0, 0, resource FROM places
UNION ALL
SELECT place_no, -2, 0, 0, principal_arn FROM places
UNION ALL
SELECT place_no, -1, 0, 0, kms_key FROM places
UNION ALL
SELECT p.place_no, c.second, l.item_no, l.client_no, CAST(NULL AS VARCHAR)
FROM calls AS c
JOIN places AS p ON p.lever = c.lever AND p.account_id = c.account_id AND p.region = c.region
  AND p.resource = c.resource AND p.principal_arn = c.principal_arn
JOIN clients AS l ON l.item = c.item AND l.session_arn = c.session_arn AND l.source_ip = c.source_ip
ORDER BY place_no, second, item_no, client_no
