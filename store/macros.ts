/**
 * DuckDB macros with Trino's names, so that analysis SQL reads the same on both engines.
 * Each is listed in docs/sql.md with its meaning. They are made on each connection, not stored: a
 * database of an earlier keymeter then has those of this one.
 */
export const createMacrosSql: readonly string[] = [
  'CREATE OR REPLACE TEMP MACRO json_extract_scalar(j, p) AS json_extract_string(j, p)',
  'CREATE OR REPLACE TEMP MACRO to_unixtime(t) AS CAST(epoch(t) AS DOUBLE)',
  'CREATE OR REPLACE TEMP MACRO from_unixtime(s) AS make_timestamp(CAST(s * 1000000 AS BIGINT))',
  'CREATE OR REPLACE TEMP MACRO json_size(j, p) AS CAST(len(json_keys(j, p)) AS BIGINT)',
  'CREATE OR REPLACE TEMP MACRO day_of_week(t) AS isodow(t)',
  'CREATE OR REPLACE TEMP MACRO sequence(first, last, step) AS generate_series(first, last, step)',
];
