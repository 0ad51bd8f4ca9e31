import fc from 'fast-check';
import { expect, test } from 'vitest';
import throttleHotspots from '../../../analytics/capacity/throttle-hotspots.ts';
import { configSchema } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { withEvents } from '../../support/events.ts';
import {
  eventsOf,
  groupBy,
  separated,
  smallCalls,
  type SmallCall,
} from '../../support/small-trails.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const config = configSchema.parse({ quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 4 }] });

function bruteForce(calls: readonly SmallCall[], include: boolean) {
  const charges = calls
    .filter((c) => include || !c.aws_service)
    .flatMap((c) => [
      { ...c, store: null },
      ...(c.store ? [{ ...c, quota_id: 'custom_key_store_xks' }] : []),
    ]);
  const rows: Record<string, unknown>[] = [];
  for (const mine of groupBy(charges, (c) =>
    [c.account, c.region, c.quota_id, c.store].join('|'),
  ).values()) {
    const { account, region, quota_id, store } = mine[0]!;
    const throttledAt = [...new Set(mine.filter((c) => c.throttled).map((c) => c.second))];
    throttledAt.sort((a, b) => a - b);
    let burst: number[] = [];
    for (const [i, second] of throttledAt.entries()) {
      burst.push(second);
      const next = throttledAt[i + 1];
      if (next !== undefined && next - second <= 5) continue;
      const [first, last] = [burst[0]!, burst.at(-1)!];
      const inside = mine.filter((c) => c.second >= first && c.second <= last);
      const perSecond = [...groupBy(inside, (c) => String(c.second)).values()];
      const accepted_peak = Math.max(
        ...perSecond.map((calls) => calls.filter((c) => !c.throttled).length),
      );
      const limit =
        quota_id === 'crypto_symmetric' ? 4 : quota_id === 'unknown' ? null : store ? 1800 : 1000;
      rows.push({
        caller_account_id: account,
        region,
        quota_id,
        custom_key_store_id: store,
        started_at: isoSeconds(first),
        ended_at: isoSeconds(last),
        duration_seconds: last - first + 1,
        throttled_seconds: burst.length,
        throttled_calls: inside.filter((c) => c.throttled).length,
        offered_calls: inside.length,
        accepted_calls: inside.filter((c) => !c.throttled).length,
        error_share: inside.filter((c) => c.throttled).length / inside.length,
        offered_peak: Math.max(...perSecond.map((calls) => calls.length)),
        accepted_peak,
        limit_per_second: limit,
        accepted_peak_percent: limit === null ? null : (100 * accepted_peak) / limit,
      });
      burst = [];
    }
  }
  return rows;
}

const key = (row: Record<string, unknown>) =>
  ['caller_account_id', 'region', 'quota_id', 'custom_key_store_id', 'started_at']
    .map((name) => row[name])
    .join('|');

test('bursts equal a plain walk over arrays', async () => {
  const trail = smallCalls({
    start,
    span_seconds: 60,
    quotas: ['crypto_symmetric', 'crypto_symmetric', 'crypto_rsa', 'unknown'],
    calls_max: 60,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trail, { minLength: 20, maxLength: 20 }),
      fc.boolean(),
      async (cases, include_aws_service) => {
        const calls = separated(cases);
        const expected = calls.flatMap((one) => bruteForce(one, include_aws_service));
        const result = await withEvents(eventsOf(calls.flat()), (engine) =>
          throttleHotspots.execute({ include_aws_service, limit: 10_000 }, { engine, config }),
        );
        const rows = result.rows.map((row) => throttleHotspots.row.parse(row));
        const order = (a: Record<string, unknown>, b: Record<string, unknown>) =>
          key(a) < key(b) ? -1 : 1;
        expect(rows.sort(order)).toEqual(expected.sort(order));
        expect(result.notes.join(' ')).toMatch(/lower bound/);
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('the worst burst comes first, and the limit says when others were cut off', async () => {
  const calls = [0, 20, 21, 40].map((second) => ({
    second: start + second,
    account: '111111111111',
    region: 'eu-central-1',
    quota_id: 'crypto_symmetric',
    store: null,
    principal: 'a',
    aws_service: false,
    throttled: true,
  }));
  const result = await withEvents(eventsOf(calls), (engine) =>
    throttleHotspots.execute({ limit: 2 }, { engine, config }),
  );
  expect(result.truncated).toBe(true);
  expect(result.rows.map((row) => [row['started_at'], row['throttled_calls']])).toEqual([
    ['2026-10-05T12:00:20Z', 2],
    ['2026-10-05T12:00:00Z', 1],
  ]);
});
