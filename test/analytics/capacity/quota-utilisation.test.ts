import fc from 'fast-check';
import { expect, test } from 'vitest';
import quotaUtilisation from '../../../analytics/capacity/quota-utilisation.ts';
import { configSchema, defaultConfig } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';
import {
  eventsOf,
  groupBy,
  separated,
  smallCalls,
  type SmallCall,
} from '../../support/small-trails.ts';

// The RSA_3072 and RSA_4096 key pair quotas rose at midnight: 0.5 to 4, 0.1 to 1 calls a second.
const midnight = Date.parse('2023-05-20T00:00:00Z') / 1000;
const config = configSchema.parse({
  quotaOverrides: [
    { quota_id: 'crypto_symmetric', value: 3 },
    { quota_id: 'custom_key_store_xks', value: 2, region: 'us-east-1' },
    { quota_id: 'op_CreateGrant', value: 0.3 },
  ],
});

/** limit, window and the date since when, written out by hand from quotas.json. */
function valueOf(quota: string, region: string, second: number) {
  const late = second >= midnight;
  const since = late ? '2023-05-20' : null;
  if (quota === 'crypto_symmetric') return { limit: 3, width: 1, calls: 3, from: null };
  if (quota === 'op_CreateGrant') return { limit: 0.3, width: 10, calls: 3, from: null };
  if (quota === 'custom_key_store_xks') {
    const limit = region === 'us-east-1' ? 2 : 1800;
    return { limit, width: 1, calls: limit, from: null };
  }
  if (quota === 'gdkp_rsa_3072') {
    return late
      ? { limit: 4, width: 1, calls: 4, from: since }
      : { limit: 0.5, width: 2, calls: 1, from: null };
  }
  if (quota === 'gdkp_rsa_4096') {
    return late
      ? { limit: 1, width: 1, calls: 1, from: since }
      : { limit: 0.1, width: 10, calls: 1, from: null };
  }
  return { limit: null, width: 1, calls: null, from: null };
}

const rank = (counts: number[], part: number) => {
  const sorted = [...counts].sort((a, b) => a - b);
  return sorted.find(
    (count) => sorted.filter((other) => other <= count).length * 1000 >= part * sorted.length,
  );
};

function bruteForce(calls: readonly SmallCall[], include: boolean) {
  const charges = calls
    .filter((call) => include || !call.aws_service)
    .flatMap((call) => [
      { ...call, store: null },
      ...(call.store
        ? [{ ...call, quota_id: 'custom_key_store_xks', account: 'all', store: call.store }]
        : []),
    ]);
  const series = groupBy(charges, (c) => {
    const value = valueOf(c.quota_id, c.region, c.second);
    return [c.account, c.region, c.quota_id, c.store, value.limit, value.from].join('|');
  });
  return [...series.values()].map((mine) => {
    const { account, region, quota_id, store } = mine[0]!;
    const value = valueOf(quota_id, region, mine[0]!.second);
    const starts = [...new Set(mine.map((c) => c.second))].sort((a, b) => a - b);
    const within = (from: number, width: number) =>
      mine.filter((c) => c.second >= from && c.second < from + width);
    const accepted = starts.map((s) => within(s, value.width).filter((c) => !c.throttled).length);
    const offered = starts.map((s) => within(s, value.width).length);
    const threes = starts.map((s) => within(s, 3).filter((c) => !c.throttled).length);
    const peak = Math.max(...accepted);
    const offeredPeak = Math.max(...offered);
    const three = value.width > 1 ? null : Math.max(...threes);
    const atLeast = (percent: number) =>
      value.calls === null
        ? null
        : accepted.filter((n) => n * 100 >= percent * value.calls!).length;
    const week = groupBy(
      mine.filter((c) => !c.throttled),
      (c) =>
        String(
          new Date(c.second * 1000).getUTCDay() * 24 + new Date(c.second * 1000).getUTCHours(),
        ),
    );
    const busiest = Math.max(0, ...[...week.values()].map((hour) => hour.length));
    return {
      caller_account_id: store ? null : account,
      region,
      quota_id,
      custom_key_store_id: store,
      limit_per_second: value.limit,
      window_seconds: value.width,
      limit_calls: value.calls,
      accepted_peak: peak,
      accepted_peak_at: isoSeconds(starts[accepted.indexOf(peak)]!),
      offered_peak: offeredPeak,
      offered_peak_at: isoSeconds(starts[offered.indexOf(offeredPeak)]!),
      utilisation_peak_percent: value.calls === null ? null : (100 * peak) / value.calls,
      demand_peak_percent: value.calls === null ? null : (100 * offeredPeak) / value.calls,
      accepted_3s_peak: three,
      accepted_3s_peak_at: three === null ? null : isoSeconds(starts[threes.indexOf(three)]!),
      accepted_p99: rank(accepted, 990),
      accepted_p999: rank(accepted, 999),
      offered_p99: rank(offered, 990),
      offered_p999: rank(offered, 999),
      seconds_50_percent: atLeast(50),
      seconds_80_percent: atLeast(80),
      seconds_100_percent: atLeast(100),
      seconds_over: value.calls === null ? null : accepted.filter((n) => n > value.calls!).length,
      active_seconds: starts.length,
      offered_calls: mine.length,
      throttled_calls: mine.filter((c) => c.throttled).length,
      busiest_hour_calls: busiest,
      first_at: isoSeconds(starts[0]!),
      last_at: isoSeconds(starts.at(-1)!),
    };
  });
}

const key = (row: Record<string, unknown>) =>
  ['caller_account_id', 'region', 'quota_id', 'custom_key_store_id', 'limit_per_second']
    .map((name) => row[name])
    .join('|');

test('equals a plain count over arrays: peaks, percentiles, windows, stores, changed defaults', async () => {
  const trail = smallCalls({
    start: midnight - 20,
    span_seconds: 40,
    quotas: ['crypto_symmetric', 'gdkp_rsa_3072', 'gdkp_rsa_4096', 'op_CreateGrant', 'unknown'],
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trail, { minLength: 20, maxLength: 20 }),
      fc.boolean(),
      async (cases, include_aws_service) => {
        const calls = separated(cases);
        const expected = calls
          .flatMap((one) => bruteForce(one, include_aws_service))
          .sort((a, b) => (key(a) < key(b) ? -1 : 1));
        const rows = await withEvents(eventsOf(calls.flat()), async (engine) => {
          const result = await quotaUtilisation.execute(
            { include_aws_service, detail_percent: 0, limit: 10_000 },
            { engine, config },
          );
          return result.rows.map((row) => quotaUtilisation.row.parse(row));
        });
        rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
        expect(rows).toHaveLength(expected.length);
        rows.forEach((row, i) => expect(row).toMatchObject(expected[i]!));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('a trail of 2020 is held against the defaults of 2020, and one of today against those of today', async () => {
  const at = (year: string, quota_id: string, region: string) =>
    event({ at: `${year}-10-05T12:00:00Z`, quota_id, region });
  const events = [
    at('2020', 'crypto_symmetric', 'us-east-1'),
    at('2020', 'crypto_symmetric', 'eu-central-1'),
    at('2020', 'crypto_symmetric', 'eu-north-1'),
    at('2020', 'crypto_rsa', 'us-east-1'),
    at('2020', 'crypto_ecc_sm2', 'us-east-1'),
    at('2026', 'crypto_symmetric', 'us-east-1'),
    at('2026', 'crypto_symmetric', 'eu-central-1'),
    at('2026', 'crypto_symmetric', 'eu-north-1'),
    at('2026', 'crypto_rsa', 'us-east-1'),
    at('2024', 'crypto_ecc_sm2', 'us-east-1'),
  ];
  const rows = await withEvents(events, async (engine) => {
    return (await quotaUtilisation.execute({}, { engine, config: defaultConfig })).rows;
  });
  const values = rows.map((row) =>
    [
      row['first_at'],
      row['quota_id'],
      row['region'],
      row['limit_per_second'],
      row['limit_from'],
      row['limit_uncertain'],
    ]
      .join(' ')
      .replace('-10-05T12:00:00Z', ''),
  );
  expect(values.sort()).toEqual([
    '2020 crypto_ecc_sm2 us-east-1 300  false',
    '2020 crypto_rsa us-east-1 500  false',
    '2020 crypto_symmetric eu-central-1 10000 2019-12-10 false',
    '2020 crypto_symmetric eu-north-1 5500 2019-12-10 false',
    '2020 crypto_symmetric us-east-1 30000 2019-12-10 false',
    '2024 crypto_ecc_sm2 us-east-1 1000 2023-05-20 true',
    '2026 crypto_rsa us-east-1 1000 2023-05-20 false',
    '2026 crypto_symmetric eu-central-1 20000 2023-05-20 false',
    '2026 crypto_symmetric eu-north-1 10000 2023-05-20 false',
    '2026 crypto_symmetric us-east-1 100000 2023-05-20 false',
  ]);
});

test('the caller pays for a cross-account call, and two copies of it count once', async () => {
  const shared_event_id = '11111111-2222-3333-4444-555555555555';
  const copy = (account_id: string) => event({ shared_event_id, account_id });
  const rows = await withEvents([copy('999999999999'), copy('111111111111')], async (engine) => {
    return (await quotaUtilisation.execute({}, { engine, config: defaultConfig })).rows;
  });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ caller_account_id: '111111111111', offered_calls: 1 });
});

test('the busiest hour of the week is named, and the range is half-open', async () => {
  // 2026-10-05 is a Monday.
  const events = ['2026-10-05T12:00:00Z', '2026-10-05T13:00:00Z', '2026-10-05T13:00:01Z'].map(
    (at) => event({ at }),
  );
  const run = (raw: unknown) =>
    withEvents(events, async (engine) => {
      return (await quotaUtilisation.execute(raw, { engine, config: defaultConfig })).rows;
    });
  expect(await run({})).toMatchObject([{ busiest_hour_of_week: null, accepted_3s_peak: null }]);
  expect(await run({ detail_percent: 0 })).toMatchObject([
    { busiest_hour_of_week: 'Mon 13:00', busiest_hour_calls: 2, accepted_3s_peak: 2 },
  ]);
  expect(await run({ from: '2026-10-05T13:00:00Z', to: '2026-10-05T13:00:01Z' })).toMatchObject([
    { offered_calls: 1, first_at: '2026-10-05T13:00:00Z' },
  ]);
  expect(await run({ from: '2027-01-01' })).toEqual([]);
});
