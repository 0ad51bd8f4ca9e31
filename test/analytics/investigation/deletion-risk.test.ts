import { expect, test } from 'vitest';
import deletionRisk from '../../../analytics/investigation/deletion-risk.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, plainEvent } from '../../support/events.ts';
import { runAnalysis } from '../../support/run-analysis.ts';

const key = plainEvent.key_arn!;
const change = (at: string, operation: string, more: Partial<KmsEvent> = {}) =>
  event({ at, operation, operation_class: 'management', principal_arn: 'admin', ...more });
const failed = (at: string, error_code: string, more: Partial<KmsEvent> = {}) =>
  event({ at, outcome: 'failed', error_code, principal_arn: 'app', ...more });

test('a key scheduled for deletion while in use: who used it, days left, what failed', async () => {
  const events = [
    event({ at: '2026-08-01T00:00:00Z', principal_arn: 'long ago' }),
    event({ at: '2026-09-20T00:00:00Z', principal_arn: 'batch', via_service: 's3.amazonaws.com' }),
    event({ at: '2026-09-30T00:00:00Z', principal_arn: 'app' }),
    event({ at: '2026-09-30T12:00:00Z', outcome: 'denied', principal_arn: 'nobody' }),
    change('2026-10-01T00:00:00Z', 'ScheduleKeyDeletion', {
      request_parameters: JSON.stringify({ pendingWindowInDays: 7 }),
    }),
    failed('2026-10-01T00:00:05Z', 'KMSInvalidStateException'),
    failed('2026-10-02T00:00:00Z', 'KMSInvalidStateException', { principal_arn: 'batch' }),
    failed('2026-10-02T00:00:00Z', 'ThrottlingException'),
    failed('2026-10-03T12:00:00Z', 'DisabledException', { key_arn: `${key}f` }),
    event({ at: '2026-10-03T12:00:00Z', key_arn: `${key}f` }),
  ];
  const { rows } = await runAnalysis(deletionRisk, events);
  expect(rows).toEqual([
    {
      key,
      account_id: '111111111111',
      region: 'eu-central-1',
      change: 'ScheduleKeyDeletion',
      changed_at: '2026-10-01T00:00:00Z',
      changed_by: 'admin',
      state: 'pending deletion',
      days_left: 4.5,
      deletes_at: '2026-10-08T00:00:00Z',
      undone_at: null,
      calls_before: 2,
      principals_before: 2,
      services_before: 1,
      last_used_at: '2026-09-30T00:00:00Z',
      last_used_by: 'app',
      failures_after: 2,
      principals_failing: 2,
      first_failure_at: '2026-10-01T00:00:05Z',
      last_failure_at: '2026-10-02T00:00:00Z',
      event_id: events[4]!.event_id,
    },
  ]);
});

test('states: undone, disabled, deleted, without material; failures end with the undoing', async () => {
  const other = (n: number) => ({ key_arn: `${key}${n}` });
  const events = [
    change('2026-10-01T00:00:00Z', 'DisableKey', other(1)),
    failed('2026-10-01T00:01:00Z', 'DisabledException', other(1)),
    change('2026-10-01T01:00:00Z', 'EnableKey', other(1)),
    failed('2026-10-02T00:00:00Z', 'DisabledException', other(1)),
    change('2026-10-03T00:00:00Z', 'DisableKey', other(1)),
    change('2026-10-04T00:00:00Z', 'ScheduleKeyDeletion', other(2)),
    change('2026-10-05T00:00:00Z', 'DeleteImportedKeyMaterial', other(3)),
    change('2026-10-06T00:00:00Z', 'DisableKey', { ...other(4), outcome: 'denied' }),
  ];
  const { rows } = await runAnalysis(deletionRisk, events, { to: '2026-12-01' });
  expect(rows.map((r) => [r['change'], r['state'], r['failures_after'], r['days_left']])).toEqual([
    ['DisableKey', 'undone', 1, null],
    ['DisableKey', 'disabled', 0, null],
    ['ScheduleKeyDeletion', 'deleted', 0, 0],
    ['DeleteImportedKeyMaterial', 'no material', 0, null],
  ]);
});

test('failures that typed an alias count for the key that the alias meant', async () => {
  const blind = { key_arn: null, key_ref: 'alias/app' };
  const events = [
    change('2026-09-01T00:00:00Z', 'CreateAlias', {
      request_parameters: JSON.stringify({ aliasName: 'alias/app', targetKeyId: key }),
    }),
    change('2026-10-01T00:00:00Z', 'DisableKey'),
    failed('2026-10-01T00:01:00Z', 'DisabledException', blind),
    change('2026-10-01T00:02:00Z', 'UpdateAlias', {
      request_parameters: JSON.stringify({ aliasName: 'alias/app', targetKeyId: `${key}9` }),
    }),
    failed('2026-10-01T00:03:00Z', 'DisabledException', blind),
  ];
  const { rows } = await runAnalysis(deletionRisk, events);
  expect(rows.map((r) => r['failures_after'])).toEqual([1]);
});
