import fc from 'fast-check';
import { expect, test } from 'vitest';
import accessMatrix from '../../../analytics/investigation/access-matrix.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, plainEvent } from '../../support/events.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;

const call = fc.record({
  second: fc.integer({ min: 0, max: 100 }),
  principal: fc.constantFrom('p1', 'p2'),
  key: fc.constantFrom('k1', 'k2'),
  operation: fc.constantFrom('Decrypt', 'ReEncrypt', 'Encrypt', 'PutKeyPolicy'),
  outcome: fc.constantFrom('success', 'denied', 'throttled'),
  counted: fc.boolean(),
});

test('equals counts over plain arrays', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
      const events = calls.map((c) =>
        event({
          event_time: start + c.second,
          principal_arn: c.principal,
          key_arn: c.key,
          operation: c.operation,
          operation_class: c.operation === 'PutKeyPolicy' ? 'management' : 'cryptographic',
          read_only: c.operation !== 'PutKeyPolicy',
          outcome: c.outcome as 'success',
          event_type: c.counted ? 'AwsApiCall' : 'AwsServiceEvent',
        }),
      );
      const expected: unknown[][] = [];
      for (const principal of ['p1', 'p2']) {
        for (const key of ['k1', 'k2']) {
          const all = calls.filter((c) => c.principal === principal && c.key === key);
          if (all.length === 0) continue;
          const counted = all.filter((c) => c.counted);
          const of = (keep: (c: (typeof calls)[number]) => boolean) => counted.filter(keep).length;
          expected.push([
            principal,
            key,
            isoSeconds(start + Math.min(...all.map((c) => c.second))),
            isoSeconds(start + Math.max(...all.map((c) => c.second))),
            counted.length,
            of((c) => c.outcome === 'success'),
            of((c) => c.outcome === 'denied'),
            of((c) => c.outcome === 'throttled'),
            of((c) => c.operation === 'Decrypt' || c.operation === 'ReEncrypt'),
            of((c) => c.operation === 'PutKeyPolicy'),
          ]);
        }
      }
      const { rows } = await runAnalysis(accessMatrix, events);
      const got = pick(
        rows,
        'principal_arn',
        'key',
        'first_at',
        'last_at',
        'calls',
        'successful_calls',
        'denied_calls',
        'throttled_calls',
        'decrypt_calls',
        'change_calls',
      );
      expect(got.sort()).toEqual(expected.sort());
    }),
    { numRuns: 20 },
  );
});

test('an unresolved alias shows the key that it meant during all of its use', async () => {
  const key = plainEvent.key_arn!;
  const change = (second: number) =>
    event({
      event_time: start + second,
      operation: 'UpdateAlias',
      key_arn: null,
      request_parameters: JSON.stringify({ aliasName: 'alias/a', targetKeyId: key.split('/')[1] }),
    });
  const denied = (second: number) =>
    event({ event_time: start + second, outcome: 'denied', key_arn: null, key_ref: 'alias/a' });
  const meant = async (events: Parameters<typeof runAnalysis>[1]) => {
    const { rows } = await runAnalysis(accessMatrix, events);
    return rows.find((r) => r['key'] === 'alias/a')?.['alias_key_arn'];
  };
  expect(await meant([change(0), denied(1), denied(2)])).toBe(key);
  expect(await meant([denied(0), change(1), denied(2)])).toBeNull();
});
