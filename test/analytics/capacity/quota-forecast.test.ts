import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dailyLoads, isoDay } from '../../../analytics/capacity/daily-loads.ts';
import quotaForecast from '../../../analytics/capacity/quota-forecast.ts';
import quotaForecastDays from '../../../analytics/capacity/quota-forecast-days.ts';
import { configSchema } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';
import { eventsOf, groupBy, separated, smallCalls } from '../../support/small-trails.ts';

const day0 = Date.parse('2026-10-05T00:00:00Z') / 1000;
const config = configSchema.parse({
  quotaOverrides: [
    { quota_id: 'crypto_symmetric', value: 400 },
    { quota_id: 'op_CreateGrant', value: 0.1 },
  ],
});

test('days equal a plain count: peak, 99.9th percentile, in windows for small quotas', async () => {
  const trail = smallCalls({
    start: day0 + 86_400 - 15,
    span_seconds: 30,
    quotas: ['crypto_symmetric', 'op_CreateGrant'],
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trail, { minLength: 20, maxLength: 20 }),
      fc.constantFrom('accepted' as const, 'offered' as const),
      fc.boolean(),
      async (cases, load, include_aws_service) => {
        const all = separated(cases);
        const loads = await withEvents(eventsOf(all.flat()), (engine) =>
          dailyLoads(quotaForecast.sqlText, { load, include_aws_service }, { engine, config }),
        );
        const charges = all
          .flat()
          .filter((c) => include_aws_service || !c.aws_service)
          .flatMap((c) => [
            { ...c, store: null },
            ...(c.store ? [{ ...c, quota_id: 'custom_key_store_xks', account: 'all' }] : []),
          ]);
        const groups = groupBy(charges, (c) =>
          [c.account, c.region, c.quota_id, c.store].join('|'),
        );
        expect(loads).toHaveLength(groups.size);
        for (const found of loads) {
          const account = found.custom_key_store_id ? 'all' : found.caller_account_id;
          const mine = groups.get(
            [account, found.region, found.quota_id, found.custom_key_store_id].join('|'),
          )!;
          const width = found.quota_id === 'op_CreateGrant' ? 10 : 1;
          const starts = [...new Set(mine.map((c) => c.second))].sort((a, b) => a - b);
          const bins = starts.map((start) => ({
            start,
            calls: mine.filter(
              (c) =>
                c.second >= start &&
                c.second < start + width &&
                (load === 'offered' || !c.throttled),
            ).length,
          }));
          const expected = [...groupBy(bins, (bin) => isoSeconds(bin.start).slice(0, 10))].map(
            ([day, of]) => {
              const counts = of.map((bin) => bin.calls).sort((a, b) => a - b);
              const most = counts.at(-1)!;
              return {
                day,
                peak: most,
                peak_at: isoSeconds(of.find((bin) => bin.calls === most)!.start),
                p999: counts[Math.ceil(0.999 * counts.length) - 1]!,
              };
            },
          );
          expect(found.days.map((d) => ({ ...d, day: isoDay(d.day) }))).toEqual(expected);
          expect(found.window?.window_seconds).toBe(width);
        }
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

/** A batch that needs a tenth of the demo's calls: 18 on day 0, then more, fewer at weekends. */
const growing = (days: number) =>
  Array.from({ length: days }, (_, day) => {
    const calls = 18 + day - (day % 7 >= 5 ? 6 : 0);
    return Array.from({ length: calls }, () => event({ event_time: day0 + day * 86_400 + 7_200 }));
  }).flat();

test('a growing load: the days on which it reaches 80 and 100 percent, and the back-test', async () => {
  const small = configSchema.parse({
    quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 60 }],
  });
  const [row] = await withEvents(growing(28), async (engine) => {
    return (await quotaForecast.execute({}, { engine, config: small })).rows;
  });
  // 18 + d = 48 on day 30 and 60 on day 42 (day % 7 = 2 and 0: no weekend).
  expect(quotaForecast.row.parse(row)).toMatchObject({
    status: 'forecast',
    days_of_history: 28,
    calls_most: 43,
    calls_most_on: '2026-10-30',
    reached_80_percent_on: null,
    expected_80_percent_on: '2026-11-04',
    expected_100_percent_on: '2026-11-16',
    earliest_100_percent_on: '2026-11-16',
    latest_100_percent_on: '2026-11-16',
    backtest_days: 7,
    backtest_coverage: 1,
  });
  expect(row!['growth_calls_per_day']).toBeCloseTo(1, 9);
  expect(row!['backtest_error_median_calls']).toBeCloseTo(0, 9);
});

test('less than fourteen days are not enough, and it says so', async () => {
  const result = await withEvents(growing(13), (engine) =>
    quotaForecast.execute({}, { engine, config }),
  );
  expect(result.rows).toMatchObject([
    { status: 'not_enough_history', days_of_history: 13, expected_100_percent_on: null },
  ]);
  expect(result.notes.join(' ')).toMatch(/Not enough history for 1 of 1 loads/);
});

test('the series goes on beyond its last day with what is expected and its band', async () => {
  const result = await withEvents(growing(21), (engine) =>
    quotaForecastDays.execute({ horizon_days: 7 }, { engine, config }),
  );
  const rows = result.rows.map(
    (row) => quotaForecastDays.row.parse(row) as Record<string, unknown>,
  );
  expect(rows).toHaveLength(28);
  expect(rows[20]).toMatchObject({ day: '2026-10-25', calls: 32, limit_calls: 400 });
  expect(rows[21]).toMatchObject({ day: '2026-10-26', calls: null, peak_at: null });
  expect(rows[21]!['expected_calls']).toBeCloseTo(39, 9);
  expect(rows[27]!['expected_low']).toBeCloseTo(39, 9);
});
