import fc from 'fast-check';
import { expect, test } from 'vitest';
import hotKeys from '../../../analytics/capacity/hot-keys.ts';
import { defaultConfig } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, withEvents } from '../../support/events.ts';
import { groupBy } from '../../support/small-trails.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;
const call = fc.record({
  second: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 300 })),
  key: fc.constantFrom('x', 'y'),
  operation: fc.constantFrom('Decrypt', 'Decrypt', 'CreateGrant', 'DescribeKey'),
  throttled: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
  aws_service: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});
const limits = { changes_min: 2, burst_min: 3, burst_factor: 10 };

test('hot keys equal a plain count over arrays', async () => {
  const trail = fc.array(call, { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trail, { minLength: 20, maxLength: 20 }),
      fc.boolean(),
      async (cases, include_aws_service) => {
        const calls = cases.flatMap((one, i) =>
          one.map((c) => ({ ...c, key: `${c.key}-${i}`, at: start + c.second })),
        );
        const events = calls.map((c) =>
          event({
            event_time: c.at,
            key_arn: c.key,
            operation: c.operation,
            operation_class:
              c.operation === 'CreateGrant'
                ? 'grant'
                : c.operation === 'DescribeKey'
                  ? 'management_read'
                  : 'cryptographic',
            read_only: c.operation !== 'CreateGrant',
            quota_id: c.operation === 'Decrypt' ? 'crypto_symmetric' : `op_${c.operation}`,
            outcome: c.throttled ? 'throttled' : 'success',
            principal_type: c.aws_service ? 'AWSService' : 'AssumedRole',
          }),
        );
        const mine = calls.filter((c) => include_aws_service || !c.aws_service);
        const expected = [...groupBy(mine, (c) => c.key)].flatMap(([key_name, own]) => {
          const changes = own.filter((c) => c.operation === 'CreateGrant');
          const peakOf = (list: typeof own) => {
            const seconds = [...groupBy(list, (c) => String(c.at))].map(
              ([at, same]) => [Number(at), same.length] as const,
            );
            return seconds.reduce(
              (best, second) =>
                second[1] > best[1] || (second[1] === best[1] && second[0] < best[0])
                  ? second
                  : best,
              [Number.MAX_SAFE_INTEGER, 0] as readonly [number, number],
            );
          };
          const byQuota = [...groupBy(own, (c) => c.operation).values()].map(peakOf);
          const [burstAt, burst] = byQuota.reduce((a, b) =>
            b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a,
          );
          const [changeAt, change] = peakOf(changes);
          const times = own.map((c) => c.at);
          const span = Math.max(60, Math.max(...times) - Math.min(...times) + 1);
          const factor = (burst * span) / own.length;
          const isBurst = burst >= limits.burst_min && factor >= limits.burst_factor;
          if (!isBurst && change < limits.changes_min) return [];
          return [
            {
              key_name,
              calls: own.length,
              throttled_calls: own.filter((c) => c.throttled).length,
              calls_peak: burst >= limits.burst_min ? burst : null,
              calls_peak_at: burst >= limits.burst_min ? isoSeconds(burstAt) : null,
              state_changes: changes.length,
              state_changes_peak: change >= limits.changes_min ? change : null,
              state_changes_peak_at: change >= limits.changes_min ? isoSeconds(changeAt) : null,
              state_changes_throttled: changes.filter((c) => c.throttled).length,
              stands_out_by_changes: change >= limits.changes_min,
              stands_out_by_burst: isBurst,
            },
          ];
        });
        const result = await withEvents(events, (engine) =>
          hotKeys.execute(
            { ...limits, include_aws_service, limit: 10_000 },
            { engine, config: defaultConfig },
          ),
        );
        const rows = result.rows.map((row) => hotKeys.row.parse(row) as Record<string, unknown>);
        rows.sort((a, b) => (String(a['key_name']) < String(b['key_name']) ? -1 : 1));
        expected.sort((a, b) => (a.key_name < b.key_name ? -1 : 1));
        expect(rows.map((row) => row['key_name'])).toEqual(expected.map((row) => row.key_name));
        rows.forEach((row, i) => expect(row).toMatchObject(expected[i]!));
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});
