import fc from 'fast-check';
import { expect, test } from 'vitest';
import firstSeen from '../../../analytics/investigation/first-seen.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, plainEvent } from '../../support/events.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;

const call = fc.record({
  second: fc.integer({ min: 0, max: 100 }),
  principal: fc.constantFrom('p1', 'p2', 'p3'),
  key: fc.constantFrom('k1', 'k2', null),
  region: fc.constantFrom('r1', 'r2'),
  account: fc.constantFrom('a1', 'a2'),
  ip: fc.constantFrom('192.0.2.1', '192.0.2.2', null),
});

test('new pairs equal a set difference over plain arrays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 30 }), async (calls) => {
      const pairs = (c: (typeof calls)[number]) =>
        [
          ['principal_key', c.principal, c.key],
          ['principal_region', c.principal, c.region],
          ['principal_source', c.principal, c.ip],
          ['key_account', c.key, c.account],
        ].filter((pair) => !pair.includes(null));
      const old = new Set(calls.filter((c) => c.second < 50).flatMap((c) => pairs(c).map(String)));
      const oldSubjects = new Set(
        calls.filter((c) => c.second < 50).flatMap((c) => [`p ${c.principal}`, `k ${c.key}`]),
      );
      const fresh = new Map<string, number>();
      for (const c of calls.filter((c) => c.second >= 50)) {
        for (const pair of pairs(c)) {
          if (!old.has(String(pair))) fresh.set(String(pair), (fresh.get(String(pair)) ?? 0) + 1);
        }
      }
      const expected = [...fresh].map(([pair, n]) => {
        const [kind, subject] = pair.split(',');
        return `${pair},${n},${!oldSubjects.has(`${kind === 'key_account' ? 'k' : 'p'} ${subject}`)}`;
      });
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          principal_arn: c.principal,
          key_arn: c.key,
          region: c.region,
          caller_account_id: c.account,
          source_ip: c.ip,
        }),
      );
      const { rows } = await runAnalysis(firstSeen, events, { from: isoSeconds(start + 50) });
      const got = pick(rows, 'kind', 'subject', 'object', 'calls', 'subject_is_new').map(String);
      expect(got.sort()).toEqual(expected.sort());
    }),
    { numRuns: 20 },
  );
});

test('by default the last day is judged against all before, and an empty baseline judges nothing', async () => {
  const events = [
    event({ at: '2026-10-01T00:00:00Z', principal_arn: 'p1' }),
    event({ at: '2026-10-05T00:00:00Z', principal_arn: 'p1' }),
    event({ at: '2026-10-05T00:00:00Z', principal_arn: 'p2' }),
  ];
  const { rows, notes } = await runAnalysis(firstSeen, events);
  expect(new Set(rows.map((r) => r['subject']))).toEqual(new Set(['p2']));
  expect(notes[0]).toBe(
    'Baseline: 2026-10-01T00:00:00Z to a day before the last event of each account.',
  );
  // 72 hours of history: p2 is new. With none, all is not judged.
  expect(pick(rows, 'verdict', 'baseline_hours', 'baseline_to')[0]).toEqual([
    'new',
    72,
    '2026-10-04T00:00:00Z',
  ]);
  const all = await runAnalysis(firstSeen, events, { from: '2026-10-01' });
  expect(new Set(all.rows.map((r) => r['verdict']))).toEqual(new Set(['not_judged']));
  expect(all.notes.join(' ')).toContain(
    'Not judged: 7 pairs of 1 account whose log covers fewer than 24 hours of the baseline.',
  );
});
