import { expect, test } from 'vitest';
import { evaluate, openEvaluation } from '../../alerts/rules.ts';
import { alertsSchema, type AlertRule } from '../../core/alert-config.ts';
import { configSchema } from '../../core/config.ts';
import { event, store, withEvents } from '../support/events.ts';
import type { KmsEvent } from '../../store/relations.ts';

const account = '111122223333';
const rule = (parts: Record<string, unknown>): AlertRule =>
  alertsSchema.parse({ rules: [{ name: 'r', ...parts }] }).rules[0]!;
const config = configSchema.parse({
  quotaOverrides: [{ quota_id: 'crypto_symmetric', value: 100 }],
  names: { accounts: [{ account_id: account, name: 'prod' }] },
});

/** `n` symmetric calls in one second. */
const calls = (at: string, n: number, more: Partial<KmsEvent> = {}): KmsEvent[] =>
  Array.from({ length: n }, () =>
    event({
      at,
      account_id: account,
      caller_account_id: account,
      region: 'eu-west-1',
      operation: 'Decrypt',
      quota_id: 'crypto_symmetric',
      ...more,
    }),
  );

async function found(
  events: KmsEvent[],
  parts: Record<string, unknown>,
  now = '2026-10-20T00:00:00Z',
) {
  return withEvents(events, async (engine) => {
    const evaluation = await openEvaluation({ engine, config }, new Date(now));
    return evaluate(rule(parts), evaluation);
  });
}

test('a quota that was used to 80 % within the hour, and not one that was before it', async () => {
  const events = [
    ...calls('2026-10-10T10:00:00Z', 99),
    ...calls('2026-10-10T12:00:00Z', 80),
    ...calls('2026-10-10T12:30:00Z', 1),
  ];
  const situations = await found(events, { kind: 'quota' });
  expect(situations).toMatchObject([
    {
      severity: 'warning',
      since: '2026-10-10T12:00:00Z',
      labels: { account, region: 'eu-west-1', quota: 'crypto_symmetric' },
    },
  ]);
  expect(situations[0]!.summary).toContain(
    `of prod (${account}) in eu-west-1 was used to 80 % at 2026-10-10T12:00:00Z: 80 calls of 100 allowed.`,
  );
  expect(await found(events, { kind: 'quota', percent: 81 })).toEqual([]);
  const full = [...events, ...calls('2026-10-10T12:10:00Z', 100)];
  expect(await found(full, { kind: 'quota' })).toMatchObject([{ severity: 'critical' }]);
});

test('a quota of one call a second raises no alert for a single call', async () => {
  const single = calls('2026-10-10T12:00:00Z', 1, {
    operation: 'ScheduleKeyDeletion',
    quota_id: 'op_GetParametersForImport',
  });
  expect(await found(single, { kind: 'quota' })).toEqual([]);
});

test('a throttle burst, once for each burst', async () => {
  const refused = { outcome: 'throttled' as const, error_code: 'ThrottlingException' };
  const events = [
    ...calls('2026-10-10T12:00:00Z', 3, refused),
    ...calls('2026-10-10T12:00:03Z', 2, refused),
    ...calls('2026-10-10T12:20:00Z', 1, refused),
    ...calls('2026-10-10T12:30:00Z', 1),
  ];
  const situations = await found(events, { kind: 'throttling' });
  expect(new Set(situations.map(({ id }) => id)).size).toBe(2);
  const [first] = situations.filter(({ since }) => since === '2026-10-10T12:00:00Z');
  expect(first!.summary).toMatch(
    /^At least 5 calls against .* from 2026-10-10T12:00:00Z to 2026-10-10T12:00:03Z\.$/,
  );
  expect(await found(events, { kind: 'throttling', calls_min: 2 })).toHaveLength(1);
});

test('more calls than on the same weekday a week before', async () => {
  const day = (n: number, hour: string) => `2026-10-${String(n).padStart(2, '0')}T${hour}`;
  const events = [
    ...calls(day(6, '08:00:00Z'), 100),
    ...calls(day(13, '09:00:00Z'), 160),
    ...calls(day(14, '00:10:00Z'), 1),
  ];
  const situations = await found(events, { kind: 'change', calls_min: 100 });
  expect(situations.map(({ summary }) => summary)).toEqual([
    `prod (${account}) made 160 calls on 2026-10-13, 60 % more than the 100 calls a week before.`,
  ]);
  expect(await found(events, { kind: 'change', calls_min: 100, rise_percent: 61 })).toEqual([]);
  expect(await found(events, { kind: 'change', calls_min: 161 })).toEqual([]);
});

test('a trail that fell silent', async () => {
  const events = calls('2026-10-10T12:00:00Z', 1);
  await withEvents(events, async (engine, database) => {
    await store(database, calls('2026-10-10T12:00:00Z', 1, { region: 'us-east-1' }));
    // The objects of these tests were last modified at the epoch.
    const evaluation = await openEvaluation({ engine, config }, new Date('1970-01-01T02:00:00Z'));
    expect(await evaluate(rule({ kind: 'delivery', silent_for: '3h' }), evaluation)).toEqual([]);
    const situations = await evaluate(rule({ kind: 'delivery', silent_for: '1h' }), evaluation);
    expect(situations.map(({ summary }) => summary)).toEqual(
      ['eu-west-1', 'us-east-1'].map(
        (region) =>
          `No log of prod (${account}) in ${region} was delivered since 1970-01-01T00:00:00Z: calls since then are not known.`,
      ),
    );
  });
});

test('a finding of the detections above a severity', async () => {
  const destroyed = calls('2026-10-10T12:00:00Z', 1, {
    operation: 'ScheduleKeyDeletion',
    operation_class: 'management',
    quota_id: 'op_ScheduleKeyDeletion',
    key_arn: `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    request_parameters: '{"pendingWindowInDays":7}',
  });
  const situations = await found(destroyed, { kind: 'detection', severity: 'medium' });
  expect(situations.length).toBeGreaterThan(0);
  expect(situations[0]!.summary).toMatch(/^KMS-\d+ \((medium|high|critical)\): /);
  const later = [...destroyed, ...calls('2026-10-19T12:00:00Z', 1)];
  expect(await found(later, { kind: 'detection', severity: 'medium' })).toEqual([]);
});
