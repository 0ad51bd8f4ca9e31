/** The part of DuckDB's package that is used; the build bundles its hundred files into one. */
export {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  DuckDBTimestampValue,
  DuckDBTypeId,
  LIST,
  SQLNULL,
  TIMESTAMP,
  VARCHAR,
  listValue,
} from '@duckdb/node-api';
