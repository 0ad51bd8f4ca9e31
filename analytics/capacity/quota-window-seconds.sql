-- Question: in which seconds was a quota of less than one call a second used?
-- Grain: one row for each load (see quota-utilisation.sql) and active second, in order.
-- Params: $load_numbers (list of VARCHAR), $from, $to (TIMESTAMP, half-open), $include_aws_service.
-- Caveats: the sliding windows are one ordered pass in TypeScript; such quotas have few calls.
SELECT scope_no AS load_no, second,
  offered - CASE WHEN $include_aws_service THEN 0 ELSE aws_service_offered END AS offered,
  offered - throttled - CASE WHEN $include_aws_service THEN 0
    ELSE aws_service_offered - aws_service_throttled END AS accepted
FROM calls_per_second
WHERE scope_no IN (SELECT CAST(t.load_number AS BIGINT) FROM UNNEST($load_numbers) AS t(load_number))
  AND (CAST($from AS TIMESTAMP) IS NULL OR second >= $from)
  AND (CAST($to AS TIMESTAMP) IS NULL OR second < $to)
  AND ($include_aws_service OR offered > aws_service_offered)
ORDER BY scope_no, second
