/**
 * DuckDB macros that bear Trino's names, so that analysis SQL reads the same on both engines.
 * Each is listed in docs/sql.md with its meaning.
 */
export const createMacrosSql: readonly string[] = [
  'CREATE OR REPLACE MACRO json_extract_scalar(j, p) AS json_extract_string(j, p)',
  'CREATE OR REPLACE MACRO to_unixtime(t) AS CAST(epoch(t) AS DOUBLE)',
  'CREATE OR REPLACE MACRO from_unixtime(s) AS make_timestamp(CAST(s * 1000000 AS BIGINT))',
  'CREATE OR REPLACE MACRO json_size(j, p) AS CAST(len(json_keys(j, p)) AS BIGINT)',
  'CREATE OR REPLACE MACRO day_of_week(t) AS isodow(t)',
  'CREATE OR REPLACE MACRO sequence(first, last, step) AS generate_series(first, last, step)',
];
