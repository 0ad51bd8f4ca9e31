import fc from 'fast-check';
import { expect, test } from 'vitest';
import blastRadius from '../../../analytics/investigation/blast-radius.ts';
import deniedAccess from '../../../analytics/investigation/denied-access.ts';
import keyTimeline from '../../../analytics/investigation/key-timeline.ts';
import principalTimeline from '../../../analytics/investigation/principal-timeline.ts';
import callRates from '../../../analytics/usage/call-rates.ts';
import keyUsage from '../../../analytics/usage/key-usage.ts';
import principalUsage from '../../../analytics/usage/principal-usage.ts';
import serviceUsage from '../../../analytics/usage/service-usage.ts';
import { defaultConfig } from '../../../core/config.ts';
import accessMatrix from '../../../analytics/investigation/access-matrix.ts';
import { isoSeconds } from '../../../core/time.ts';
import { event, plainEvent, withEvents } from '../../support/events.ts';
import { pick, runAnalysis, type Row } from '../../support/run-analysis.ts';

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

test('a call that typed an alias belongs to the key that it meant then, in every answer', async () => {
  const key = plainEvent.key_arn!;
  const second_key = 'arn:aws:kms:eu-central-1:111111111111:key/second';
  const change = (second: number, arn: string) =>
    event({
      event_time: start + second,
      operation: 'UpdateAlias',
      operation_class: 'management',
      key_arn: null,
      request_parameters: JSON.stringify({ aliasName: 'alias/a', targetKeyId: arn }),
    });
  const denied = (second: number, ref = 'alias/a') =>
    event({ event_time: start + second, outcome: 'denied', key_arn: null, key_ref: ref });
  const events = [
    denied(0),
    change(1, key),
    denied(2),
    denied(3),
    denied(4, `arn:aws:kms:eu-central-1:111111111111:alias/a`),
    denied(5, 'alias/other'),
    change(6, second_key),
    denied(7),
    event({ event_time: start + 8 }),
    event({ event_time: start + 9, outcome: 'denied' }),
  ];
  await withEvents(events, async (engine) => {
    const context = { engine, config: defaultConfig };
    const answer = async (analysis: typeof accessMatrix, params: Row, column = 'denied_calls') =>
      (await analysis.execute(params, context)).rows
        .filter(
          (row) => params['key'] === undefined || row['key'] === undefined || row['key'] === key,
        )
        .reduce((sum, row) => sum + Number(row[column] ?? 0), 0);
    // Three by alias, one by its own ARN.
    expect(await answer(accessMatrix, { key })).toBe(4);
    expect(await answer(accessMatrix, { key: 'alias/a', to: isoSeconds(start + 6) })).toBe(3);
    expect(await answer(deniedAccess, { key })).toBe(4);
    expect(await answer(keyUsage, { key })).toBe(4);
    expect(await answer(principalUsage, { key })).toBe(4);
    expect(await answer(serviceUsage, { key })).toBe(4);
    expect(await answer(callRates, { key, by: 'none' }, 'calls')).toBe(5);
    expect(await answer(keyTimeline, { key, outcome: 'denied' }, 'calls')).toBe(4);
    const { principal_arn: principal } = plainEvent;
    expect(await answer(keyTimeline, { key, principal, outcome: 'denied' }, 'calls')).toBe(4);
    expect(await answer(keyTimeline, { key, principal: 'nobody' }, 'calls')).toBe(0);
    expect(await answer(principalTimeline, { principal, key, outcome: 'denied' }, 'calls')).toBe(4);
    const reached = (await blastRadius.execute({ principal, key }, context)).rows;
    expect(reached.find((row) => row['kind'] === 'key')).toMatchObject({
      name: key,
      denied_calls: 4,
    });
    // Without a filter each key has its own, and what was typed before the alias was set stays as it is.
    const usage = (await keyUsage.execute({}, context)).rows;
    expect(Object.fromEntries(usage.map((row) => [row['key'], row['denied_calls']]))).toEqual({
      [key]: 4,
      [second_key]: 1,
      'alias/a': 1,
      'alias/other': 1,
      '(unresolved)': 0,
    });
  });
});
