import { createRequire } from 'node:module';
import type * as Api from '@duckdb/node-api';

/**
 * DuckDB's package, loaded the CommonJS way: imported, Node would first read all of its files for the
 * names that they export, which takes 0.13 s of processor time at every start.
 */
const api = createRequire(import.meta.url)('@duckdb/node-api') as typeof Api;

export const {
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
} = api;
export type DuckDBInstance = Api.DuckDBInstance;
