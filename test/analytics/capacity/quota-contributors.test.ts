import fc from 'fast-check';
import { expect, test } from 'vitest';
import quotaContributors from '../../../analytics/capacity/quota-contributors.ts';
import throttleContributors, {
  throttleRoles,
} from '../../../analytics/capacity/throttle-contributors.ts';
import { defaultConfig } from '../../../core/config.ts';
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
const trail = smallCalls({
  start,
  span_seconds: 12,
  quotas: ['crypto_symmetric', 'crypto_symmetric', 'crypto_rsa'],
});
const cases = fc.array(trail, { minLength: 20, maxLength: 20 });

/** The charges of one quota, as the definitions say: a store's calls count in both. */
function charges(calls: readonly SmallCall[], include: boolean): SmallCall[] {
  return calls
    .filter((c) => include || !c.aws_service)
    .flatMap((c) => [
      { ...c, store: null },
      ...(c.store ? [{ ...c, quota_id: 'custom_key_store_xks' }] : []),
    ]);
}

const top_seconds = 3;

function bruteTop(mine: readonly SmallCall[]) {
  const scope = (c: SmallCall) => [c.account, c.region].join('|');
  const seconds = [...groupBy(mine, (c) => `${scope(c)}|${c.second}`).values()]
    .sort(
      (a, b) =>
        b.length - a.length ||
        a[0]!.second - b[0]!.second ||
        (scope(a[0]!) < scope(b[0]!) ? -1 : 1),
    )
    .slice(0, top_seconds);
  return [...groupBy(seconds, (calls) => scope(calls[0]!)).values()].flatMap((chosen) => {
    const all = chosen.flat();
    return [...groupBy(all, (c) => c.principal)].map(([group_name, own]) => ({
      caller_account_id: own[0]!.account,
      region: own[0]!.region,
      custom_key_store_id: own[0]!.store,
      group_name,
      calls: own.length,
      share: own.length / all.length,
      calls_at_peak: chosen[0]!.filter((c) => c.principal === group_name).length,
      share_at_peak:
        chosen[0]!.filter((c) => c.principal === group_name).length / chosen[0]!.length,
      active_seconds: new Set(own.map((c) => c.second)).size,
      top_seconds: chosen.length,
    }));
  });
}

const byName = (a: Record<string, unknown>, b: Record<string, unknown>) =>
  `${a['caller_account_id']}|${a['region']}|${a['group_name']}` <
  `${b['caller_account_id']}|${b['region']}|${b['group_name']}`
    ? -1
    : 1;

test('contributors equal a plain count in the busiest seconds', async () => {
  await fc.assert(
    fc.asyncProperty(
      cases,
      fc.constantFrom('accepted', 'offered'),
      fc.boolean(),
      fc.constantFrom('crypto_symmetric', 'custom_key_store_xks'),
      async (trails, load, include_aws_service, quota) => {
        const all = separated(trails);
        await withEvents(eventsOf(all.flat()), async (engine) => {
          for (const calls of all) {
            const account = calls[0]!.account;
            const mine = charges(calls, include_aws_service).filter(
              (c) =>
                c.account === account &&
                c.quota_id === quota &&
                (load === 'offered' || !c.throttled),
            );
            const result = await quotaContributors.execute(
              { account, quota, load, include_aws_service, top_seconds },
              { engine, config: defaultConfig },
            );
            const rows = result.rows.map((row) => quotaContributors.row.parse(row));
            expect(rows.sort(byName)).toEqual(bruteTop(mine).sort(byName));
          }
        });
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test('the roles in each burst equal a plain count', async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.boolean(), async (trails, include_aws_service) => {
      const all = separated(trails);
      await withEvents(eventsOf(all.flat()), async (engine) => {
        for (const calls of all) {
          const { account, region } = calls[0]!;
          const mine = charges(calls, include_aws_service).filter(
            (c) =>
              c.account === account && c.region === region && c.quota_id === 'crypto_symmetric',
          );
          const refused = mine.filter((c) => c.throttled).map((c) => c.second);
          const context = { engine, config: defaultConfig };
          const params = { account, region, quota: 'crypto_symmetric', include_aws_service };
          // A gap of more than five seconds splits a burst; in this test only the whole one is told.
          const sorted = [...new Set(refused)].sort((a, b) => a - b);
          if (sorted.some((s, i) => i > 0 && s - sorted[i - 1]! > 5)) continue;
          const result = await throttleContributors.execute(params, context);
          const inside = mine.filter((c) => c.second >= sorted[0]! && c.second <= sorted.at(-1)!);
          const accepted = inside.filter((c) => !c.throttled).length;
          const expected = [...groupBy(inside, (c) => c.principal)].map(([group_name, own]) => ({
            group_name,
            started_at: isoSeconds(sorted[0]!),
            ended_at: isoSeconds(sorted.at(-1)!),
            accepted_calls: own.filter((c) => !c.throttled).length,
            accepted_share: accepted === 0 ? 0 : own.filter((c) => !c.throttled).length / accepted,
            throttled_calls: own.filter((c) => c.throttled).length,
            throttled_share: own.filter((c) => c.throttled).length / refused.length,
          }));
          expect(result.rows).toHaveLength(expected.length);
          for (const row of expected) {
            const found = result.rows.find((r) => r['group_name'] === row.group_name);
            expect(throttleContributors.row.parse(found)).toMatchObject(row);
            const only = row.accepted_calls === 0;
            expect(found!['role'] === 'only_victim').toBe(only);
          }
        }
      });
    }),
    { numRuns: 10, endOnFailure: true },
  );
});

test('culprits are the largest consumers that make up half', () => {
  const roles = (pairs: [number, number][]) =>
    throttleRoles(
      pairs.map(([accepted_calls, throttled_calls]) => ({ accepted_calls, throttled_calls })),
    );
  expect(
    roles([
      [176, 30],
      [5, 3],
      [5, 0],
      [0, 5],
    ]),
  ).toEqual(['culprit', 'victim', 'consumer', 'only_victim']);
  expect(
    roles([
      [4, 0],
      [3, 1],
      [3, 1],
    ]),
  ).toEqual(['culprit', 'culprit', 'victim']);
  expect(roles([[0, 2]])).toEqual(['only_victim']);
});
