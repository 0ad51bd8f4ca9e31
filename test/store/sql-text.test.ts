import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { namedColumns } from '../../store/named-columns.ts';
import { parameterNames, withoutComments } from '../../store/sql-text.ts';

const sql = `-- Params: $from, and it's "quoted $to.
SELECT $a AS a, '-- $kept' AS b, "x--y", 'it''s $c' -- $d
FROM t WHERE x = $b_2`;

test('comments go, strings and quoted names stay', () => {
  expect(withoutComments(sql)).toBe(`
SELECT $a AS a, '-- $kept' AS b, "x--y", 'it''s $c' 
FROM t WHERE x = $b_2`);
});

test('parameters are those of the statement, not of comments and strings', () => {
  expect([...parameterNames(sql)]).toEqual(['a', 'b_2']);
});

test('a column that only a comment names is not read', () => {
  const named = namedColumns('-- not by user_agent\nSELECT region FROM kms_events');
  expect([...(named ?? [])]).toEqual(['region']);
});

test('a statement with parameters in its comments runs', async () => {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    const rows = await engine.rows("-- $none, $other\nSELECT $a AS a, '-- $c' AS c -- $b", {
      a: 7,
      b: 8,
    });
    expect(rows).toEqual([{ a: 7, c: '-- $c' }]);
  } finally {
    engine.close();
    database.close();
  }
});
