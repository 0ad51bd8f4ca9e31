import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExpiringTable } from '../../../analytics/finops/expiring-table.ts';

const width = 50;

test('the table holds what a Map holds, but what has expired, through growth and clearing', () => {
  const key = fc.tuple(fc.nat(400), fc.nat(12));
  const call = fc.record({ key, later: fc.nat(2) });
  const streams = fc.array(fc.array(call, { maxLength: 4_000, size: 'max' }), { maxLength: 4 });
  fc.assert(
    fc.property(streams, (drawn) => {
      const table = new ExpiringTable();
      for (const calls of drawn) {
        const truth = new Map<string, { second: number; value: number }>();
        let second = 0;
        for (const [value, { key: parts, later }] of calls.entries()) {
          second += later;
          const [group, member] = parts;
          const known = truth.get(`${group} ${member}`);
          const at = table.slot(group, member, second - width);
          if (!known) expect(table.isNew).toBe(true);
          else if (known.second > second - width) {
            expect(table.isNew).toBe(false);
            expect([table.second(at), table.value(at)]).toEqual([known.second, known.value]);
            continue;
          }
          table.set(at, second, value);
          truth.set(`${group} ${member}`, { second, value });
        }
        table.clear();
      }
    }),
    { numRuns: 30 },
  );
});
