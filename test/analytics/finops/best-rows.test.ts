import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BestRows } from '../../../analytics/finops/best-rows.ts';

test('the best rows are those of a sort of all', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 4_000 }), fc.nat(20), (numbers, rows_max) => {
      const best = new BestRows<number>(rows_max, (a, b) => b - a);
      for (const number of numbers) best.add(number);
      expect(best.finish()).toEqual([...numbers].sort((a, b) => b - a).slice(0, rows_max + 1));
    }),
  );
});
