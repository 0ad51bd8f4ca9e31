import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { SqlValue } from '../../store/engine.ts';
import { parseExactly, valueOf } from '../../store/trino/json-values.ts';
import { sqlLiteral, withLiterals } from '../../store/trino/literals.ts';

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

/** Texts that break naive quoting, beside any others. DuckDB and Trino store no NUL in a text alike. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc
    .array(
      fc.constantFrom("'", '"', '\\', '--', '/*', ';', '$x', '$1', '?', '\n', 'ü', '🔑', '%'),
      {
        maxLength: 8,
      },
    )
    .map((parts) => parts.join('')),
);

describe('one literal encoder', () => {
  test('what it writes is the value, whatever a text holds', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), async (x, n) => {
        fc.pre(!x.includes('\0'));
        const sql = "SELECT $x AS x, '$x' AS quoted, $n AS n, $list AS list -- $x";
        const [bound] = await engine.rows(sql, { x, n, list: [x, 'b'] });
        const [written] = await engine.rows(withLiterals(sql, { x, n, list: [x, 'b'] }));
        expect(written).toEqual(bound);
        expect(written!['x']).toBe(x);
        expect(written!['quoted']).toBe('$x');
      }),
      { numRuns: 150 },
    );
  });

  test('numbers, instants, NULL and empty lists keep their types', async () => {
    const values: SqlValue[] = [
      ...[0, -1, 1.5, -2.25e-9, 1e300, 2 ** 53 - 1, true, false],
      ...[null, ['a'], new Date('2024-02-29T23:59:59.125Z'), new Date(0)],
      ...[-(2n ** 63n) + 1n, 2n ** 63n - 1n],
    ];
    for (const x of values) {
      const [bound] = await engine.rows('SELECT $x AS x', { x });
      const [written] = await engine.rows(withLiterals('SELECT $x AS x', { x }));
      expect(written, sqlLiteral(x)).toEqual(bound);
    }
    expect(() => sqlLiteral(2n ** 63n)).toThrow(RangeError);
  });
});

describe('what Trino answers', () => {
  test('integers that no double holds keep their digits; other tokens stay', () => {
    const text =
      '{"a":[9007199254740993,-9223372036854775808,12,0.12345678901234568,1.5E-17,"12345678901234567890, \\" 9007199254740993"]}';
    expect(parseExactly(text)).toEqual({
      a: [
        ...['9007199254740993', '-9223372036854775808', 12, 0.12345678901234568, 1.5e-17],
        '12345678901234567890, " 9007199254740993',
      ],
    });
  });

  test.each([
    ['bigint', '9007199254740993', '9007199254740993'],
    ['bigint', '12', 12],
    ['double', 'NaN', null],
    ['double', 'Infinity', null],
    ['decimal(10,2)', '1.50', 1.5],
    ['timestamp(3)', '2026-10-05 12:00:00.000', '2026-10-05T12:00:00Z'],
    ['timestamp(6)', '2026-10-05 12:00:00.125000', '2026-10-05T12:00:00.125Z'],
    ['array(varchar)', ['a', null], ['a', null]],
    ['array(timestamp(3))', ['2026-10-05 12:00:00.000'], ['2026-10-05T12:00:00Z']],
    ['varchar(3)', '12', '12'],
    ['boolean', null, null],
  ])('%s %j is %j', (type, given, expected) => {
    expect(valueOf(type)(given)).toEqual(expected);
  });
});
