import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import type { SqlValue } from '../engine.ts';
import {
  BOOLEAN,
  BIGINT,
  DOUBLE,
  DuckDBTimestampValue,
  DuckDBTypeId,
  LIST,
  listValue,
  SQLNULL,
  TIMESTAMP,
  VARCHAR,
} from './package.ts';

/** A parameter as DuckDB binds it, with its type (an untyped NULL fits everywhere). */
export function bindValue(value: SqlValue): [DuckDBValue, DuckDBType] {
  if (value === null) return [null, SQLNULL];
  if (typeof value === 'string') return [value, VARCHAR];
  if (typeof value === 'boolean') return [value, BOOLEAN];
  if (typeof value === 'bigint') return [value, BIGINT];
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? [BigInt(value), BIGINT] : [value, DOUBLE];
  }
  if (value instanceof Date) {
    return [new DuckDBTimestampValue(BigInt(value.getTime()) * 1000n), TIMESTAMP];
  }
  return [listValue([...value]), LIST(VARCHAR)];
}

/** A DuckDB value as JSON. Integers beyond 2^53 become strings; nothing is rounded silently. */
export function jsonValue(value: DuckDBValue, type: DuckDBType): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') {
    return value >= -9007199254740991n && value <= 9007199254740991n
      ? Number(value)
      : value.toString();
  }
  if (value instanceof DuckDBTimestampValue) return instantText(value.micros);
  if (type.typeId === DuckDBTypeId.DECIMAL) return Number(value.toString());
  const items = (value as { items?: readonly DuckDBValue[] }).items;
  if (Array.isArray(items) && type.typeId === DuckDBTypeId.LIST) {
    const inner = (type as { valueType: DuckDBType }).valueType;
    return items.map((item) => jsonValue(item, inner));
  }
  return value.toString();
}

/** Microseconds since the epoch as `YYYY-MM-DDTHH:MM:SSZ` (fractions kept when there are any). */
function instantText(micros: bigint): string {
  const text = new Date(Number(micros / 1000n)).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text;
}
