import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  attemptsWithJitter,
  backOffShape,
  gapsOf,
  retryChains,
} from '../../../analytics/capacity/retry-chains.ts';
import retryStorms from '../../../analytics/capacity/retry-storms.ts';
import { defaultConfig } from '../../../core/config.ts';
import { epochSeconds, isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';
import { groupBy } from '../../support/small-trails.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;

interface Call {
  account: string;
  second: number;
  principal: string;
  operation: string;
  key: string | null;
  context: string | null;
  throttled: boolean;
}

const call = fc.record({
  account: fc.constant(''),
  second: fc.integer({ min: 0, max: 60 }),
  principal: fc.constantFrom('a', 'b'),
  operation: fc.constantFrom('Decrypt', 'Encrypt'),
  key: fc.constantFrom('k', null),
  context: fc.constantFrom('{"a":"1"}', null),
  throttled: fc.boolean(),
});

function bruteForce(calls: readonly Call[], within: number, least: number) {
  const rows: string[] = [];
  const groups = groupBy(calls, (c) =>
    [c.account, c.principal, c.operation, c.context ?? c.key, c.context].join('|'),
  );
  for (const mine of groups.values()) {
    const order = [...mine].sort(
      (a, b) => a.second - b.second || Number(b.throttled) - Number(a.throttled),
    );
    const refusedAt = order.filter((c) => c.throttled).map((c) => c.second);
    /** Whether the log has a key for the run of refusals that holds this second. */
    const keyed = (second: number) => {
      let from = second;
      let to = second;
      for (const at of refusedAt.toReversed()) if (at <= from && from - at <= within) from = at;
      for (const at of refusedAt) if (at >= to && at - to <= within) to = at;
      return order.some((c) => c.key !== null && c.second >= from && c.second <= to + within);
    };
    for (let i = 0; i < order.length;) {
      if (!order[i]!.throttled) {
        i++;
        continue;
      }
      let end = i;
      while (
        order[end]!.throttled &&
        order[end + 1] &&
        order[end + 1]!.second - order[end]!.second <= within
      ) {
        end++;
      }
      if (end - i + 1 >= least) {
        const peak = Math.max(
          ...[...groupBy(order.slice(i, end + 1), (c) => String(c.second)).values()].map(
            (same) => same.length,
          ),
        );
        rows.push(
          [
            [mine[0]!.account, mine[0]!.principal, mine[0]!.operation].join('|'),
            keyed(order[i]!.second) ? 'k' : null,
            mine[0]!.context,
            isoSeconds(start + order[i]!.second),
            isoSeconds(start + order[end]!.second),
            end - i + 1,
            !order[end]!.throttled,
            peak,
          ].join('|'),
        );
      }
      i = end + 1;
    }
  }
  return rows.sort();
}

test('storms equal a plain walk over arrays', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(call, { minLength: 1, maxLength: 40 }), { minLength: 20, maxLength: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 2, max: 5 }),
      async (cases, within_seconds, attempts_min) => {
        const calls: Call[] = cases.flatMap((one, i) =>
          one.map((c) => ({ ...c, account: String(100000000000 + i) })),
        );
        const events = calls.map((c) =>
          event({
            event_time: start + c.second,
            caller_account_id: c.account,
            principal_arn: c.principal,
            operation: c.operation,
            key_arn: c.key,
            encryption_context: c.context,
            outcome: c.throttled ? 'throttled' : 'success',
          }),
        );
        const result = await withEvents(events, (engine) =>
          retryStorms.execute(
            { within_seconds, attempts_min, limit: 10_000 },
            { engine, config: defaultConfig },
          ),
        );
        const rows = result.rows.map((raw) => {
          const row = retryStorms.row.parse(raw) as Record<string, unknown>;
          expect(row['duration_seconds']).toBe(
            epochSeconds(String(row['ended_at'])) - epochSeconds(String(row['started_at'])),
          );
          return [
            'caller_account_id',
            'principal_arn',
            'operation',
            'key_name',
            'encryption_context',
            'started_at',
            'ended_at',
            'attempts',
            'succeeded',
            'attempts_per_second_peak',
          ]
            .map((name) => row[name])
            .join('|');
        });
        expect(rows.sort()).toEqual(bruteForce(calls, within_seconds, attempts_min));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('the shape of the pauses', () => {
  expect(backOffShape([0, 0, 1, 0, 1, 2])).toBe('none');
  expect(backOffShape([5, 5, 5])).toBe('fixed');
  expect(backOffShape([5, 6, 5])).toBe('fixed');
  expect(backOffShape([1, 2, 4, 8])).toBe('exponential');
  expect(backOffShape([1, 1, 2, 4])).toBe('exponential');
  expect(backOffShape([7, 2, 9])).toBe('irregular');
  expect(backOffShape([])).toBe('irregular');
});

test('attempts that full jitter needs: pauses of 0.5, 1, 2, 4, 8, then 10 seconds', () => {
  const jitter = { base_seconds: 1, cap_seconds: 20 };
  expect(attemptsWithJitter(0, jitter)).toBe(1);
  expect(attemptsWithJitter(0.5, jitter)).toBe(2);
  expect(attemptsWithJitter(11, jitter)).toBe(6);
  expect(attemptsWithJitter(15.5, jitter)).toBe(6);
  expect(attemptsWithJitter(25.5, jitter)).toBe(7);
  expect(attemptsWithJitter(35.5, jitter)).toBe(8);
});

test('a chain ends with the first attempt that got through, or when the next comes too late', () => {
  const attempts = [
    { second: 0, throttled: true },
    { second: 2, throttled: false },
    { second: 3, throttled: false },
    { second: 4, throttled: true },
    { second: 30, throttled: true },
  ];
  const chains = retryChains(attempts, 20);
  expect(chains.map((c) => [c.attempts.length, c.succeeded])).toEqual([
    [2, true],
    [1, false],
    [1, false],
  ]);
  expect(gapsOf(chains[0]!.attempts)).toEqual([2]);
});
