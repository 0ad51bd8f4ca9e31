import fc from 'fast-check';
import { expect, test } from 'vitest';
import callRates from '../analytics/usage/call-rates.ts';
import { defaultConfig } from '../core/config.ts';
import { isoSeconds } from '../core/time.ts';
import { event, withEvents } from './support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;

test('bins equal a plain count over arrays', async () => {
  const call = fc.record({
    second: fc.integer({ min: 0, max: 150 }),
    key: fc.constantFrom('k1', 'k2'),
    throttled: fc.boolean(),
    counted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 60 }), async (calls) => {
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          key_arn: c.key,
          outcome: c.throttled ? 'throttled' : 'success',
          event_type: c.counted ? 'AwsApiCall' : 'AwsServiceEvent',
        }),
      );
      const expected: Record<string, unknown>[] = [];
      for (const minute of [0, 1, 2]) {
        for (const key of ['k1', 'k2']) {
          const mine = calls.filter(
            (c) => c.counted && c.key === key && Math.floor(c.second / 60) === minute,
          );
          if (mine.length === 0) continue;
          const perSecond = new Map<number, number>();
          for (const c of mine) perSecond.set(c.second, (perSecond.get(c.second) ?? 0) + 1);
          const counts = [...perSecond.values()].sort((a, b) => a - b);
          const peak = counts.at(-1)!;
          const peakAt = Math.min(...[...perSecond].filter(([, n]) => n === peak).map(([s]) => s));
          expected.push({
            bin_from: isoSeconds(start + minute * 60),
            group_name: key,
            calls: mine.length,
            throttled_calls: mine.filter((c) => c.throttled).length,
            calls_per_second_peak: peak,
            peak_at: isoSeconds(start + peakAt),
            calls_per_second_p99: counts[Math.ceil(0.99 * counts.length) - 1],
            active_seconds: counts.length,
          });
        }
      }
      const rows = await withEvents(events, async (engine) => {
        const result = await callRates.execute(
          { bin: 'minute', by: 'key' },
          { engine, config: defaultConfig },
        );
        return result.rows.map((row) => callRates.row.parse(row));
      });
      const order = (a: Record<string, unknown>, b: Record<string, unknown>) =>
        `${a['bin_from']}${a['group_name']}` < `${b['bin_from']}${b['group_name']}` ? -1 : 1;
      expect(rows.sort(order)).toEqual(expected.sort(order));
    }),
    { numRuns: 20 },
  );
});
