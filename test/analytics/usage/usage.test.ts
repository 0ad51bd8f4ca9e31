import fc from 'fast-check';
import { expect, test } from 'vitest';
import keyUsage from '../../../analytics/usage/key-usage.ts';
import principalUsage from '../../../analytics/usage/principal-usage.ts';
import serviceUsage from '../../../analytics/usage/service-usage.ts';
import { defaultConfig } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;

const call = fc.record({
  event_time: fc.integer({ min: start, max: start + 3 }),
  key_arn: fc.constantFrom('key-1', 'key-2', null),
  principal_arn: fc.constantFrom('role-1', 'role-2'),
  via_service: fc.constantFrom('s3.amazonaws.com', null),
  outcome: fc.constantFrom('success', 'throttled', 'denied', 'failed', 'dry_run'),
  operation: fc.constantFrom('Decrypt', 'Encrypt'),
  resource_arn: fc.constantFrom('r1', 'r2', null),
  event_type: fc.constantFrom('AwsApiCall', 'AwsServiceEvent'),
});

/** The columns that all three have, by plain loops. */
function expectedRow(events: KmsEvent[]) {
  const counted = events.filter((e) => e.event_type === 'AwsApiCall');
  const seconds = new Map<number, number>();
  for (const e of counted) seconds.set(e.event_time, (seconds.get(e.event_time) ?? 0) + 1);
  const peak = Math.max(0, ...seconds.values());
  const peakSeconds = [...seconds].filter(([, n]) => n === peak).map(([s]) => s);
  const of = (...outcomes: string[]) => counted.filter((e) => outcomes.includes(e.outcome)).length;
  const times = events.map((e) => e.event_time);
  return {
    calls: counted.length,
    cryptographic_calls: counted.length,
    throttled_calls: of('throttled'),
    denied_calls: of('denied'),
    failed_calls: of('failed', 'dry_run'),
    operations: new Set(events.map((e) => e.operation)).size,
    calls_per_second_peak: peak,
    peak_at: peak > 0 ? isoSeconds(Math.min(...peakSeconds)) : null,
    active_seconds: seconds.size,
    first_used_at: isoSeconds(Math.min(...times)),
    last_used_at: isoSeconds(Math.max(...times)),
  };
}

test('usage by key, principal and service equals plain loops, and each sums to the same calls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 30 }), async (calls) => {
      const events = calls.map((c) => event(c as Partial<KmsEvent>));
      await withEvents(events, async (engine) => {
        const context = { engine, config: defaultConfig };
        const sums: number[] = [];
        for (const [analysis, column, group] of [
          [keyUsage, 'key', (e: KmsEvent) => e.key_arn ?? '(unresolved)'],
          [principalUsage, 'principal', (e: KmsEvent) => e.principal_arn],
          [serviceUsage, 'service', (e: KmsEvent) => e.via_service ?? '(direct)'],
        ] as const) {
          const counting = analysis === serviceUsage ? {} : { count_resources: 'true' };
          const { rows } = await analysis.execute(counting, context);
          const names = new Set(events.map(group));
          expect(new Set(rows.map((row) => row[column]))).toEqual(names);
          for (const row of rows) {
            analysis.row.parse(row);
            const mine = events.filter((e) => group(e) === row[column]);
            expect(row).toMatchObject(expectedRow(mine));
            const resources = new Set(mine.flatMap((e) => e.resource_arn ?? [])).size;
            if (analysis !== serviceUsage) expect(row['resources'] ?? 0).toBe(resources);
          }
          sums.push(rows.reduce((sum, row) => sum + Number(row['calls']), 0));
        }
        expect(new Set(sums)).toEqual(
          new Set([events.filter((e) => e.event_type === 'AwsApiCall').length]),
        );
      });
    }),
    { numRuns: 25 },
  );
});
