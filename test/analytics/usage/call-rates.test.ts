import fc from 'fast-check';
import { expect, test } from 'vitest';
import callRates from '../../../analytics/usage/call-rates.ts';
import { defaultConfig } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

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

test('from per-second counts come the same rates as from the events, also of calls charged twice', async () => {
  const call = fc.record({
    event_time: fc.integer({ min: start, max: start + 90 }),
    caller_account_id: fc.constantFrom('111111111111', '222222222222'),
    region: fc.constantFrom('eu-central-1', 'us-east-1'),
    outcome: fc.constantFrom('success', 'throttled', 'denied', 'failed'),
    kind: fc.constantFrom('plain', 'store', 'replicate', 'primary', 'create'),
  });
  const kinds: Record<string, Partial<KmsEvent>> = {
    plain: {},
    store: { custom_key_store_id: 'cks-1', store_quota_id: 'custom_key_store_xks' },
    replicate: {
      operation: 'ReplicateKey',
      quota_id: 'op_ReplicateKey',
      second_region: 'us-east-1',
    },
    primary: {
      operation: 'UpdatePrimaryRegion',
      quota_id: 'op_UpdatePrimaryRegion',
      second_region: 'us-east-1',
    },
    create: { operation: 'CreateKey', quota_id: 'op_CreateKey' },
  };
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), async (calls) => {
      const events = calls.map(({ kind, ...made }) =>
        event({ ...made, ...kinds[kind] } as Partial<KmsEvent>),
      );
      await withEvents(events, async (engine) => {
        for (const [by, group] of [
          ['none', () => '(all)'],
          ['account', (c: (typeof calls)[number]) => c.caller_account_id],
          ['region', (c: (typeof calls)[number]) => c.region],
        ] as const) {
          const ask = async (more: Record<string, string>) =>
            (
              await callRates.execute(
                { bin: 'minute', by, ...more },
                { engine, config: defaultConfig },
              )
            ).rows.map((row) => callRates.row.parse(row));
          const rows = await ask({});
          const expected = new Map<string, number>();
          for (const c of calls) {
            const bin = start + Math.floor((c.event_time - start) / 60) * 60;
            const name = `${isoSeconds(bin)} ${group(c)}`;
            expected.set(name, (expected.get(name) ?? 0) + 1);
          }
          const found = rows.map((row) => [
            `${row['bin_from']} ${row['group_name']}`,
            row['calls'],
          ]);
          expect(new Map(found as [string, number][])).toEqual(expected);
          // One principal makes all calls: narrowing to it changes the way, not the rows.
          expect(await ask({ principal: events[0]!.principal_arn })).toEqual(rows);
          const from = isoSeconds(start + 20);
          const to = isoSeconds(start + 70);
          const narrow = { from, to, account: '111111111111', region: 'us-east-1' };
          const principal = events[0]!.principal_arn;
          expect(await ask({ ...narrow, principal })).toEqual(await ask(narrow));
        }
      });
    }),
    { numRuns: 20 },
  );
});
