import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textColumn } from '../../store/batch/batch-encoder.ts';
import { appendColumns } from '../../store/write/chunk-append.ts';
import { openDatabase } from '../../store/database.ts';
import type { Column } from '../../store/batch/event-batch.ts';
import { pickColumn } from '../../store/batch/pick-rows.ts';
import { sliceTable } from '../../store/batch/slice-object.ts';
import { TupleDictionary } from '../../store/write/tuple-dictionary.ts';
import { writeId } from '../../store/batch/uuid.ts';

const text = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 14 }),
  fc.constantFrom(
    '',
    'twelve bytes',
    'thirteen byte',
    'é'.repeat(6),
    'é'.repeat(7),
    '\0',
    'x'.repeat(5000),
  ),
);

/** The columns appended to a table of their own and read back, row by row. */
async function stored(columns: Column[], types: string[], rowCount: number): Promise<unknown[][]> {
  const database = await openDatabase(':memory:');
  const connection = await database.connect();
  try {
    const names = types.map((type, i) => `c${i} ${type}`);
    await connection.run(`CREATE TABLE t (row_no INTEGER, ${names.join(', ')})`);
    const numbers: Column = {
      kind: 'integer',
      data: Int32Array.from({ length: rowCount }, (_, i) => i),
    };
    await connection.run('BEGIN');
    await appendColumns(connection, 't', [numbers, ...columns], rowCount);
    await connection.run('COMMIT');
    const shown = types.map((type, i) => (type === 'UUID' ? `CAST(c${i} AS VARCHAR)` : `c${i}`));
    const result = await connection.runAndReadAll(
      `SELECT ${shown.join(', ')} FROM t ORDER BY row_no`,
    );
    return result.getRows();
  } finally {
    connection.closeSync();
    database.close();
  }
}

test('texts of every length come back as they were, null and empty ones apart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 60 }),
      fc.nat(3),
      async (rows, repeat) => {
        // Repeated, so that rows fill more than one vector of 2,048.
        const all = Array.from({ length: repeat === 3 ? 90 : 1 }, () => rows).flat();
        const columns = [
          textColumn(all.map((row) => row[0])),
          textColumn(all.map((row) => row[1])),
        ];
        const expected = all.map((row) => [...row]);
        expect(await stored(columns, ['VARCHAR', 'VARCHAR'], all.length)).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
});

test('a part of a column and picked rows of it are appended alike', async () => {
  const values = Array.from({ length: 5000 }, (_, i) =>
    i % 7 === 0 ? null : `${'v'.repeat(i % 30)}${i}`,
  );
  const column = textColumn(values);
  const part = sliceTable({ rowCount: 5000, columns: { column } }, 1000, 4500).columns['column']!;
  expect((await stored([part], ['VARCHAR'], 3500)).flat()).toEqual(values.slice(1000, 4500));
  const rows = Int32Array.from({ length: 2100 }, (_, i) => 2 * i);
  expect((await stored([pickColumn(column, rows)], ['VARCHAR'], 2100)).flat()).toEqual(
    Array.from(rows, (row) => values[row]),
  );
});

test('ids come back digit by digit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.uuid()), { minLength: 1, maxLength: 100 }),
      async (ids) => {
        const data = new Uint8Array(ids.length * 16);
        ids.forEach((id, row) => id !== null && writeId(id, data, row * 16));
        const valid = Uint8Array.from(ids, (id) => (id === null ? 0 : 1));
        expect(
          (await stored([{ kind: 'uuid', data, valid }], ['UUID'], ids.length)).flat(),
        ).toEqual(ids);
      },
    ),
    { numRuns: 20 },
  );
});

test('bytes that are no UTF-8 are refused', async () => {
  const bytes = Uint8Array.from(Buffer.from('a text longer than twelve bytes'));
  bytes[20] = 0xff;
  const column: Column = { kind: 'text', bytes, offsets: Uint32Array.of(0, bytes.length) };
  await expect(stored([column], ['VARCHAR'], 1)).rejects.toThrow();
});

const cell = fc.constantFrom(
  null,
  '',
  'a',
  'b',
  'ab',
  '\0',
  '\u0001',
  'a longer text of some bytes',
);
const tuples = fc.array(fc.tuple(cell, cell, fc.constantFrom(null, true, false)), {
  maxLength: 80,
});

test('a tuple keeps the number of its first time, and no two tuples share one', () => {
  fc.assert(
    fc.property(fc.array(tuples, { maxLength: 4 }), (batches) => {
      const dictionary = new TupleDictionary();
      const expected = new Map<string, number>();
      for (const rows of batches) {
        const columns: Column[] = [
          textColumn(rows.map((row) => row[0])),
          textColumn(rows.map((row) => row[1])),
          {
            kind: 'boolean',
            data: Uint8Array.from(rows, (row) => (row[2] ? 1 : 0)),
            valid: Uint8Array.from(rows, (row) => (row[2] === null ? 0 : 1)),
          },
        ];
        rows.forEach((row, i) => {
          const key = JSON.stringify(row);
          const next = expected.size;
          if (!expected.has(key)) expected.set(key, next);
          expect(dictionary.numberOf(columns, i, next)).toBe(expected.get(key));
        });
      }
    }),
  );
});

test('a full dictionary says so, and forgets all that it knew', () => {
  const dictionary = new TupleDictionary();
  const columns = [textColumn(Array.from({ length: 200_000 }, (_, i) => `tuple ${i}`))];
  let row = 0;
  while (!dictionary.isFull) expect(dictionary.numberOf(columns, row, row)).toBe(row++);
  expect(row).toBeLessThan(200_000);
  expect(dictionary.numberOf(columns, 5, -1)).toBe(5);
  dictionary.clear();
  expect(dictionary.isFull).toBe(false);
  expect(dictionary.numberOf(columns, 5, -1)).toBe(-1);
});
