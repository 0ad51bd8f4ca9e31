import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { SqlValue } from '../../store/engine.ts';
import { parametersOf, subsetFaults } from '../support/sql-subset.ts';

const room = fileURLToPath(new URL('../../analytics', import.meta.url));
const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).sort();
const statements = files
  .filter((file) => file.endsWith('.sql'))
  .map((file) => ({ file, sql: readFileSync(path.join(room, file), 'utf8') }));

/** Template literals of modules that hold a statement; `${...}` stands for what is put in. */
const inline = files
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => {
    const text = readFileSync(path.join(room, file), 'utf8');
    return [...text.matchAll(/`([^`]*)`/g)]
      .map((match) => match[1]!)
      .filter((part) => /^\s*(SELECT|WITH)\b/.test(part))
      .map((part) => ({ file, sql: part.replace(/\$\{[^}]*\}/g, 'true') }));
  });

let database: Database;
let engine: DuckDbEngine;
beforeAll(async () => {
  database = await openDatabase(':memory:');
  engine = new DuckDbEngine(database);
});
afterAll(() => {
  engine.close();
  database.close();
});

/** A list where a parameter is unnested; NULL elsewhere, which fits every type. */
function sample(name: string, sql: string): SqlValue {
  return new RegExp(`UNNEST\\(\\$${name}\\b`, 'i').test(sql) ? ['1=1'] : null;
}

describe('analysis SQL is read by two engines', () => {
  test('there is something to check', () => {
    expect(statements.length).toBeGreaterThan(20);
    expect(inline.length).toBeGreaterThan(2);
  });

  test.each(statements)('$file: in the subset, and every parameter is in its header', ({ sql }) => {
    expect(subsetFaults(sql)).toEqual([]);
    const { used, named, header } = parametersOf(sql);
    expect(header).toMatch(/Grain:.*Params:.*Caveats:/);
    expect(used.filter((name) => !named.has(name))).toEqual([]);
  });

  test.each(inline)('inline SQL of $file is in the subset', ({ sql }) => {
    expect(subsetFaults(sql)).toEqual([]);
  });

  test.each(statements)('$file: DuckDB binds it', async ({ sql }) => {
    const { used } = parametersOf(sql);
    const params = Object.fromEntries(used.map((name) => [name, sample(name, sql)]));
    expect(await engine.rows(`EXPLAIN ${sql}`, params)).not.toEqual([]);
  });
});

test('the lint finds what only one engine reads', () => {
  const faults = (sql: string) => subsetFaults(sql).length;
  for (const sql of [
    'SELECT a::INTEGER FROM t',
    'SELECT a FROM t QUALIFY row_number() OVER () = 1',
    'SELECT a, count(*) FROM t GROUP BY ALL',
    'SELECT * EXCLUDE (a) FROM t',
    'SELECT a // 2 FROM t',
    'SELECT list_sum(a) FROM t',
    'SELECT a FROM t ASOF JOIN u ON t.a >= u.a',
    'SELECT epoch(a) FROM t',
    'SELECT a FROM t JOIN UNNEST(b) AS u(c) ON u.c = t.a',
    'SELECT a[1] FROM t',
    "SELECT regexp_replace(a, 'x', '') FROM t",
    'FROM t',
    'SELECT count_if(a) FROM t',
    'SELECT count(*) FILTER (WHERE (a OR b)) OVER (PARTITION BY c) FROM t',
    'SELECT approx_distinct(a) FROM t',
  ]) {
    expect(faults(sql), sql).toBeGreaterThan(0);
  }
  for (const sql of [
    "SELECT count(*) FILTER (WHERE a = '::') AS n FROM t -- a::b",
    'SELECT count(CASE WHEN (a) THEN 1 END) OVER (), count(*) FILTER (WHERE (a)) FROM t',
    'SELECT max_by(a, b) FILTER (WHERE c IN (1, 2)) FROM t CROSS JOIN UNNEST(d) AS u(e)',
    'WITH v AS (SELECT 1 AS a) SELECT CAST(a AS DOUBLE) / 2 FROM v GROUP BY GROUPING SETS ((a), ())',
  ]) {
    expect(faults(sql), sql).toBe(0);
  }
});
