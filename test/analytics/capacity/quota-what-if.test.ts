import fc from 'fast-check';
import { expect, test } from 'vitest';
import quotaWhatIf from '../../../analytics/capacity/quota-what-if.ts';
import { configSchema } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const config = configSchema.parse({ quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 4 }] });

interface Call {
  account: string;
  region: string;
  second: number;
  principal: string;
  write: boolean;
  object: string | null;
  throttled: boolean;
}

const call = fc.record({
  account: fc.constant(''),
  region: fc.constantFrom('eu-central-1', 'eu-central-1', 'us-east-1'),
  second: fc.integer({ min: 0, max: 25 }),
  principal: fc.constantFrom('a', 'b'),
  write: fc.boolean(),
  object: fc.constantFrom('o1', 'o2', null),
  throttled: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});

const contextOf = (c: Call) => (c.object ? `{"aws:s3:arn":"arn:aws:s3:::b/${c.object}"}` : null);

/** The chosen calls that still reach KMS: cached for T seconds, never extended. */
function afterCache(chosen: readonly Call[], width: number): Call[] {
  const order = chosen.toSorted((a, b) => a.second - b.second || Number(b.write) - Number(a.write));
  return order.filter((c, i) => {
    if (c.throttled || c.object === null) return true;
    let opened = Number.NEGATIVE_INFINITY;
    for (const earlier of order.slice(0, i + 1)) {
      const alike =
        !earlier.throttled &&
        earlier.write === c.write &&
        earlier.principal === c.principal &&
        earlier.object === c.object;
      if (!alike || earlier.second < opened + width) {
        if (earlier === c) return false;
        continue;
      }
      opened = earlier.second;
      if (earlier === c) return true;
    }
    return true;
  });
}

/** Bucket keys from the first day on, said once more in plain loops. */
function afterBucketKeys(chosen: readonly Call[], width: number): Call[] {
  const order = chosen.toSorted((a, b) => a.second - b.second || Number(b.write) - Number(a.write));
  const windows: { writer: string; from: number }[] = [];
  const written: { object: string; window: number }[] = [];
  const reads: { window: number; reader: string; from: number }[] = [];
  return order.filter((c) => {
    if (c.throttled || c.object === null) return true;
    if (c.write) {
      let window = windows.findIndex(
        (w) => w.writer === c.principal && c.second >= w.from && c.second < w.from + width,
      );
      const fresh = window < 0;
      if (fresh) window = windows.push({ writer: c.principal, from: c.second }) - 1;
      written.push({ object: c.object, window });
      return fresh;
    }
    const last = written.findLast((w) => w.object === c.object);
    if (!last) return true;
    const open = reads.some(
      (r) =>
        r.window === last.window &&
        r.reader === c.principal &&
        c.second >= r.from &&
        c.second < r.from + width,
    );
    if (!open) reads.push({ window: last.window, reader: c.principal, from: c.second });
    return !open;
  });
}

function figures(loads: Map<number, number>, limit: number) {
  const seconds = [...loads].filter(([, n]) => n > 0).sort((a, b) => a[0] - b[0]);
  const counts = seconds.map(([, n]) => n).sort((a, b) => a - b);
  const most = counts.at(-1) ?? 0;
  const first = seconds.find(([, n]) => n === most);
  return {
    calls: counts.reduce((a, b) => a + b, 0),
    peak: Math.ceil(most),
    at: first ? isoSeconds(start + first[0]) : null,
    p999: Math.ceil(counts[Math.ceil(0.999 * counts.length) - 1] ?? 0),
    at80: counts.filter((n) => n >= 0.8 * limit).length,
    at100: counts.filter((n) => n >= limit).length,
  };
}

function add(loads: Map<number, number>, calls: readonly Call[], factor = 1): Map<number, number> {
  for (const c of calls) loads.set(c.second, (loads.get(c.second) ?? 0) + factor);
  return loads;
}

test('every second is computed again: factor, move, levers, new limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(call, { minLength: 1, maxLength: 40 }), { minLength: 10, maxLength: 10 }),
      fc.record({
        load: fc.constantFrom('offered', 'accepted'),
        principal: fc.constantFrom('a', undefined),
        factor: fc.constantFrom(0, 0.5, 1, 2),
        lever: fc.constantFrom('none', 'data_key_cache', 'bucket_keys'),
        window_seconds: fc.integer({ min: 1, max: 12 }),
        to_region: fc.constantFrom(undefined, 'us-east-1'),
        new_limit: fc.constantFrom(undefined, 2),
      }),
      async (cases, change) => {
        const all = cases.map((calls, i) =>
          calls.map((c) => ({ ...c, account: String(100000000000 + i) })),
        );
        const events = all.flat().map((c) =>
          event({
            event_time: start + c.second,
            caller_account_id: c.account,
            region: c.region,
            principal_arn: c.principal,
            operation: c.write ? 'GenerateDataKey' : 'Decrypt',
            encryption_context: contextOf(c),
            context_kind: c.object ? 's3' : 'none',
            s3_bucket: c.object ? 'b' : null,
            s3_context_is_bucket: c.object ? false : null,
            resource_arn: c.object,
            outcome: c.throttled ? 'throttled' : 'success',
          }),
        );
        await withEvents(events, async (engine) => {
          for (const calls of all) {
            const account = calls[0]!.account;
            const result = await quotaWhatIf.execute(
              { ...change, account, region: 'eu-central-1', headroom_percent: 50 },
              { engine, config },
            );
            const inLoad = calls.filter((c) => change.load === 'offered' || !c.throttled);
            const own = inLoad.filter((c) => c.region === 'eu-central-1');
            const chosen = own.filter((c) => !change.principal || c.principal === change.principal);
            const others = own.filter((c) => !chosen.includes(c));
            const left =
              change.lever === 'none'
                ? chosen
                : change.lever === 'bucket_keys'
                  ? afterBucketKeys(chosen, change.window_seconds)
                  : afterCache(chosen, change.window_seconds);
            const there = inLoad.filter((c) => c.region === 'us-east-1');
            const limit = change.new_limit ?? 4;
            const expected = [
              {
                side: 'source',
                before: figures(add(new Map(), own), 4),
                after: figures(
                  change.to_region
                    ? add(new Map(), others)
                    : add(add(new Map(), others), left, change.factor),
                  limit,
                ),
              },
              ...(change.to_region
                ? [
                    {
                      side: 'destination',
                      before: figures(add(new Map(), there), 4),
                      after: figures(add(add(new Map(), there), left, change.factor), limit),
                    },
                  ]
                : []),
            ].map(({ side, before, after }) => ({
              side,
              limit_before: 4,
              limit_after: limit,
              chosen_calls: chosen.length,
              chosen_calls_left: left.length,
              calls_before: before.calls,
              calls_after: after.calls,
              peak_before: before.peak,
              peak_before_at: before.at,
              peak_after: after.peak,
              peak_after_at: after.at,
              p999_before: before.p999,
              p999_after: after.p999,
              seconds_80_percent_before: before.at80,
              seconds_80_percent_after: after.at80,
              seconds_100_percent_before: before.at100,
              seconds_100_percent_after: after.at100,
              quota_to_request: Math.ceil(after.peak * 1.5),
              request_needed: Math.ceil(after.peak * 1.5) > limit,
            }));
            const rows = result.rows.map((r) => quotaWhatIf.row.parse(r));
            expect(rows).toHaveLength(expected.length);
            rows.forEach((r, i) => expect(r).toMatchObject(expected[i]!));
          }
        });
      },
    ),
    { numRuns: 20, endOnFailure: true },
  );
});

test('without account and Region the load nearest to its quota is taken', async () => {
  const events = [
    event({ region: 'us-east-1' }),
    event({ region: 'eu-north-1' }),
    event({ region: 'eu-north-1' }),
  ];
  const { rows } = await withEvents(events, (engine) =>
    quotaWhatIf.execute({ factor: 3 }, { engine, config }),
  );
  expect(rows).toMatchObject([
    {
      region: 'eu-north-1',
      peak_before: 2,
      peak_after: 6,
      percent_after: 150,
      quota_to_request: 8,
    },
  ]);
});
