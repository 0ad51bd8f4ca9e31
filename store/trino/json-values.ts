/**
 * JSON with integers that a double cannot hold: their digits become strings instead of other integers.
 * Strings are matched first, so that digits in them stay.
 */
export function parseExactly(text: string): unknown {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
  return JSON.parse(quoted);
}

/** Gives a value of this Trino type as DuckDB's engine gives it: see JsonRow. */
export function valueOf(type: string): (value: unknown) => unknown {
  const base = type.toLowerCase();
  const inner = /^array\((.*)\)$/.exec(base)?.[1];
  if (inner !== undefined) {
    const item = valueOf(inner);
    return (value) => (Array.isArray(value) ? value.map(item) : value);
  }
  if (/^(?:tinyint|smallint|integer|bigint|int)$/.test(base)) return integer;
  if (/^(?:double|real|float|decimal)/.test(base)) return finite;
  if (base.startsWith('timestamp')) return instant;
  if (base === 'boolean')
    return (value) => (value === 'true' ? true : value === 'false' ? false : value);
  return (value) => value;
}

function integer(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function finite(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** `2026-10-05 12:00:00.000` as `2026-10-05T12:00:00Z`; fractions stay when there are any. */
function instant(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [date, time = '00:00:00'] = value.replace(/ UTC$/, '').split(' ');
  const [whole, fraction = ''] = time.split('.');
  const digits = fraction.slice(0, 3).padEnd(3, '0');
  return digits === '000' ? `${date}T${whole}Z` : `${date}T${whole}.${digits}Z`;
}
