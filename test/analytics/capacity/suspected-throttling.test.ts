import fc from 'fast-check';
import { expect, test } from 'vitest';
import suspectedThrottling from '../../../analytics/capacity/suspected-throttling.ts';
import { configSchema } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const quota = 5;
const config = configSchema.parse({
  quotaOverrides: [{ quota_id: 'crypto_symmetric', value: quota }],
});

/** Accepted and throttled calls of each second. */
const series = fc.array(
  fc.record({
    accepted: fc.constantFrom(0, 3, 4, 5, 5, 5, 5, 6),
    throttled: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  }),
  { minLength: 1, maxLength: 25 },
);

function bruteForce(
  account: string,
  seconds: { accepted: number; throttled: number }[],
  near: number,
) {
  const flat = (i: number) => {
    const second = seconds[i];
    return (
      second !== undefined &&
      second.throttled === 0 &&
      second.accepted > 0 &&
      Math.abs(second.accepted - quota) * 100 <= near * quota
    );
  };
  const rows = [];
  for (let i = 0; i < seconds.length; i++) {
    if (!flat(i) || flat(i - 1)) continue;
    let end = i;
    while (flat(end + 1)) end++;
    const near5 = seconds.slice(Math.max(0, i - 5), end + 6).some((second) => second.throttled > 0);
    const counts = seconds.slice(i, end + 1).map((second) => second.accepted);
    if (counts.length < 3 || near5) continue;
    const sum = counts.reduce((a, b) => a + b);
    rows.push({
      caller_account_id: account,
      started_at: isoSeconds(start + i),
      ended_at: isoSeconds(start + end),
      duration_seconds: counts.length,
      accepted_least: Math.min(...counts),
      accepted_most: Math.max(...counts),
      accepted_calls: sum,
      limit_per_second: quota,
      mean_percent: (100 * sum) / counts.length / quota,
    });
  }
  return rows;
}

test('flat tops equal a plain walk over arrays', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(series, { minLength: 20, maxLength: 20 }),
      fc.constantFrom(0, 20),
      async (cases, near_percent) => {
        const events = cases.flatMap((seconds, i) =>
          seconds.flatMap((second, at) =>
            [...Array(second.accepted + second.throttled).keys()].map((n) =>
              event({
                event_time: start + at,
                caller_account_id: String(100000000000 + i),
                outcome: n < second.throttled ? 'throttled' : 'success',
              }),
            ),
          ),
        );
        const expected = cases.flatMap((seconds, i) =>
          bruteForce(String(100000000000 + i), seconds, near_percent),
        );
        const result = await withEvents(events, (engine) =>
          suspectedThrottling.execute(
            { near_percent, seconds_min: 3, limit: 10_000 },
            { engine, config },
          ),
        );
        const rows = result.rows.map((row) => suspectedThrottling.row.parse(row));
        const order = (a: Record<string, unknown>, b: Record<string, unknown>) =>
          `${a['caller_account_id']}${a['started_at']}` <
          `${b['caller_account_id']}${b['started_at']}`
            ? -1
            : 1;
        rows.sort(order);
        expected.sort(order);
        expect(rows).toHaveLength(expected.length);
        rows.forEach((row, i) => expect(row).toMatchObject(expected[i]!));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});
