/**
 * Functions that DuckDB and Trino (Athena engine 3) both have under this name and with this meaning,
 * and the DuckDB macros that bear Trino's names. A name that is not here is looked up in both before
 * it is added.
 */
const functions = new Set(
  `abs array_agg avg bool_and bool_or cardinality ceil chr coalesce
  concat count date_diff date_trunc day_of_week dense_rank element_at first_value floor
  from_unixtime greatest hour json_extract_scalar json_size lag last_value lead least length lower max
  max_by min min_by mod nullif power rank regexp_extract regexp_like regexp_replace replace round
  row_number sequence split split_part strpos substr sum to_unixtime trim unnest upper`.split(
    /\s+/,
  ),
);

/** Words that stand before a parenthesis and are no functions. */
const words = new Set(
  `all and as by case cast cross distinct else exists filter from group grouping having in is join like
  not on or order over partition select sets then try_cast union using values when where with`.split(
    /\s+/,
  ),
);

const forbidden: readonly [RegExp, string][] = [
  [/::/, 'CAST(x AS t), not x::t'],
  [/\bQUALIFY\b/i, 'a WHERE around the window, not QUALIFY'],
  [/\bGROUP\s+BY\s+ALL\b/i, 'named columns, not GROUP BY ALL'],
  [/\bORDER\s+BY\s+ALL\b/i, 'named columns, not ORDER BY ALL'],
  [/\bEXCLUDE\b/i, 'named columns, not EXCLUDE'],
  [/\*\s*REPLACE\b/i, 'named columns, not REPLACE'],
  [/\bCOLUMNS\s*\(/i, 'named columns, not COLUMNS()'],
  [/\/\//, 'floor or CAST, not //'],
  [/\blist_\w+/i, 'array functions of both engines, not list_*'],
  [/\bASOF\b/i, 'a window, not ASOF'],
  [/\b(POSITIONAL|SEMI|ANTI)\s+JOIN\b/i, 'IN, EXISTS or a join on columns'],
  [/(?<!CROSS\s+)\bJOIN\s+UNNEST\b/i, 'CROSS JOIN UNNEST: Trino joins UNNEST on nothing else'],
  [/\bDISTINCT\s+ON\b/i, 'row_number, not DISTINCT ON'],
  [
    /\b(PIVOT|UNPIVOT|SUMMARIZE|DESCRIBE|PRAGMA|SAMPLE|TABLESAMPLE)\b/i,
    'no statement of one engine',
  ],
  [/\b(NOT\s+)?MATERIALIZED\b/i, 'no hint of one engine'],
  [/\b(GLOB|ILIKE|SIMILAR\s+TO)\b/i, 'LIKE or regexp_like'],
  [/->/, 'json_extract_scalar or no lambda, not ->'],
  [/\{/, 'no struct literal'],
  [
    /\|\|\s*\$|\$\w+\s*\|\|/,
    'CAST($x AS VARCHAR) beside ||: Trino takes a bare NULL there for an array',
  ],
  [/(?<!ARRAY)\[/i, 'ARRAY[...], and element_at for an element'],
  [/^\s*FROM\b/i, 'SELECT first'],
];

/** The statement without comments, and with the content of its string literals gone. */
export function bareSql(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|--[^\n]*/g, (part) => (part.startsWith('--') ? '' : "''"));
}

/** Where the parenthesis that opens at `start` closes. */
function closing(sql: string, start: number): number {
  let depth = 0;
  for (let i = start; i < sql.length; i++) {
    if (sql[i] === '(') depth++;
    if (sql[i] === ')' && --depth === 0) return i;
  }
  return sql.length;
}

/** What in a statement only one engine reads; empty when both do. */
export function subsetFaults(sql: string): string[] {
  const bare = bareSql(sql);
  const faults = forbidden.flatMap(([pattern, instead]) => {
    const found = pattern.exec(bare);
    return found ? [`${found[0].trim()}: write ${instead}`] : [];
  });
  // Names of CTEs and aliases with a column list are no functions.
  const named = new Set(
    [
      ...bare.matchAll(/\bAS\s+(\w+)\s*\(/gi),
      ...bare.matchAll(/[,)]\s*(\w+)\s*\(\s*\w+\s*(?:,|\)\s*AS\s*\()/gi),
    ]
      .map((match) => match[1]!.toLowerCase())
      .filter((name) => name.length <= 2 || name.endsWith('_no')),
  );
  for (const match of bare.matchAll(/\b([A-Za-z_]\w*)\s*\(/g)) {
    const name = match[1]!.toLowerCase();
    const isAlias = /\bAS\s+$/i.test(bare.slice(0, match.index)) || named.has(name);
    if (!functions.has(name) && !words.has(name) && !isAlias) {
      faults.push(`${name}(): not known in both engines`);
    }
  }
  if (/\bcount_if\s*\(/i.test(bare)) {
    faults.push(
      'count_if: DuckDB gives NULL where no row decides, Trino 0: count(*) FILTER (WHERE)',
    );
  }
  for (const match of bare.matchAll(/\bFILTER\s*\(/gi)) {
    const end = closing(bare, match.index + match[0].length - 1);
    if (/^\s*OVER\b/i.test(bare.slice(end + 1))) {
      faults.push(
        'FILTER (...) OVER: Trino refuses it, write count(CASE WHEN p THEN 1 END) OVER ()',
      );
    }
  }
  // DuckDB replaces the first match, Trino every one: only an anchored pattern is the same to both.
  for (const match of sql.matchAll(/regexp_replace\([^']*'((?:[^']|'')*)'/g)) {
    if (!/^\^|\$$/.test(match[1]!)) faults.push(`regexp_replace with ${match[1]}: anchor it`);
  }
  return faults;
}

/** Parameters that a statement uses, and those that its header names after `Params:`. */
export function parametersOf(sql: string): { used: string[]; named: Set<string>; header: string } {
  const header = sql
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .map((line) => line.slice(2).trim())
    .join(' ');
  const params = /Params:(.*?)(?:Caveats:|$)/s.exec(header)?.[1] ?? '';
  const used = [...bareSql(sql).matchAll(/\$([a-z_]\w*)/g)].map((match) => match[1]!);
  const named = new Set([...params.matchAll(/\$([a-z_]\w*)/g)].map((match) => match[1]!));
  return { used: [...new Set(used)].sort(), named, header };
}
