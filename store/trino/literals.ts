import type { SqlParams, SqlValue } from '../engine.ts';
import { quotedOrComment } from '../sql-text.ts';

/**
 * A statement with each `$name` replaced by a literal. Trino's EXECUTE .. USING takes literals anyway,
 * and Athena binds parameters only in WHERE; so there is one encoder, used in one way.
 */
export function withLiterals(sql: string, params: SqlParams): string {
  // Strings and comments are kept as they are: a $ in them is no parameter.
  let at = 0;
  let text = '';
  for (const part of sql.matchAll(quotedOrComment)) {
    text += replaced(sql.slice(at, part.index), params);
    if (!part[0].startsWith('--')) text += part[0];
    at = part.index + part[0].length;
  }
  return (text + replaced(sql.slice(at), params)).trim();
}

function replaced(code: string, params: SqlParams): string {
  return code.replace(/\$([a-z_][a-z_0-9]*)/g, (_, name: string) =>
    sqlLiteral(params[name] ?? null),
  );
}

/** A value as a literal of Trino's SQL, with its type: no text leaves its quotes. */
export function sqlLiteral(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return textLiteral(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint') return integerLiteral(value);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? integerLiteral(BigInt(value))
      : doubleLiteral(value);
  }
  if (value instanceof Date) return instantLiteral(value);
  // An empty list alone has no type.
  if (value.length === 0) return 'CAST(ARRAY[] AS ARRAY(VARCHAR))';
  return `ARRAY[${value.map(textLiteral).join(', ')}]`;
}

/**
 * Text in quotes, which doubling alone escapes: the backslash means nothing in Trino's plain strings. A
 * lone surrogate has no UTF-8 and becomes U+FFFD, as it does wherever DuckDB is given one.
 */
const textLiteral = (text: string) =>
  `CAST('${wellFormed(text).replaceAll("'", "''")}' AS VARCHAR)`;

function integerLiteral(value: bigint): string {
  if (value < -(2n ** 63n) || value >= 2n ** 63n) {
    throw new RangeError(`${value} does not fit into 64 bits`);
  }
  // 2^63 itself is out of range before its sign is seen.
  if (value === -(2n ** 63n)) return '(-9223372036854775807 - 1)';
  return value < 0n ? `(${value})` : String(value);
}

function doubleLiteral(value: number): string {
  if (Number.isNaN(value)) return 'nan()';
  if (!Number.isFinite(value)) return value > 0 ? 'infinity()' : '(-infinity())';
  const text = value.toExponential().toUpperCase().replace('E+', 'E');
  return text.startsWith('-') ? `(${text})` : text;
}

/** Milliseconds, UTC, without a zone: as events have them. */
function instantLiteral(value: Date): string {
  const text = value.toISOString();
  return `TIMESTAMP '${text.slice(0, 10)} ${text.slice(11, 23)}'`;
}

const wellFormed = (text: string) => Buffer.from(text, 'utf8').toString('utf8');
