import fc from 'fast-check';
import { expect, test } from 'vitest';
import deniedAccess from '../../../analytics/investigation/denied-access.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;

const call = fc.record({
  second: fc.integer({ min: 0, max: 100 }),
  principal: fc.constantFrom('p1', 'p2'),
  key: fc.constantFrom('k1', 'k2', null),
  operation: fc.constantFrom('Decrypt', 'Encrypt'),
  error: fc.constantFrom('AccessDenied', 'AccessDeniedException', null),
  source: fc.constantFrom('192.0.2.1', '192.0.2.2'),
});

test('equals counts over plain arrays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
      const groups = new Map<string, typeof calls>();
      for (const c of calls.filter((c) => c.error !== null)) {
        const group = JSON.stringify([c.principal, c.key, c.operation, c.error]);
        groups.set(group, [...(groups.get(group) ?? []), c]);
      }
      const expected = [...groups].map(([group, mine]) => {
        const [principal, key, operation, error] = JSON.parse(group) as string[];
        const seconds = mine.map((c) => c.second);
        const first = Math.min(...seconds);
        const ok = calls.filter(
          (c) =>
            c.error === null &&
            c.principal === principal &&
            c.key === key &&
            key !== null &&
            c.operation === operation,
        );
        const after = ok.map((c) => c.second).filter((second) => second >= first);
        return [
          principal,
          key,
          operation,
          error,
          mine.length,
          isoSeconds(start + first),
          isoSeconds(start + Math.max(...seconds)),
          new Set(mine.map((c) => c.source)).size,
          ok.length,
          after.length > 0 ? isoSeconds(start + Math.min(...after)) : null,
        ];
      });
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          principal_arn: c.principal,
          key_arn: c.key,
          operation: c.operation,
          error_code: c.error,
          outcome: c.error ? 'denied' : 'success',
          caller_source: c.source,
        }),
      );
      const { rows } = await runAnalysis(deniedAccess, events);
      const got = pick(
        rows,
        'principal_arn',
        'key',
        'operation',
        'error_code',
        'denied_calls',
        'first_at',
        'last_at',
        'sources',
        'successful_calls',
        'first_success_after_at',
      );
      const order = (a: unknown[], b: unknown[]) =>
        JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
      expect(got.sort(order)).toEqual(expected.sort(order));
    }),
    { numRuns: 25 },
  );
});

test('messages that quote hostile input come back as the same text', async () => {
  for (const text of hostileTexts) {
    const { rows } = await runAnalysis(deniedAccess, [
      event({
        outcome: 'denied',
        error_code: 'AccessDenied',
        error_message: text,
        key_arn: null,
        key_ref: text,
      }),
    ]);
    expect(pick(rows, 'error_message', 'key')).toEqual([[text, text]]);
  }
});

test('a denial by an endpoint policy is shown, marked, and is no call', async () => {
  const denied = { outcome: 'denied' as const, error_code: 'VpceAccessDenied' };
  const { rows } = await runAnalysis(deniedAccess, [
    event({ ...denied, event_type: 'AwsVpceEvent', event_time: start + 5 }),
    event({ event_type: 'AwsVpceEvent', event_time: start + 6 }),
    event({ event_time: start + 9 }),
    event({ outcome: 'denied', error_code: 'AccessDenied', event_time: start + 7 }),
  ]);
  expect(
    pick(
      rows,
      'denied_by',
      'error_code',
      'denied_calls',
      'endpoint_denials',
      'first_success_after_at',
    ).sort(),
  ).toEqual([
    ['kms', 'AccessDenied', 1, 0, isoSeconds(start + 9)],
    ['vpc_endpoint_policy', 'VpceAccessDenied', 0, 1, isoSeconds(start + 9)],
  ]);
});
