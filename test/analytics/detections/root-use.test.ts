import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/root-use.ts';
import { event } from '../../support/events.ts';
import { day, findings } from '../../support/findings.ts';

const root = (at: string) =>
  event({
    at,
    principal_type: 'Root',
    principal_arn: 'arn:aws:iam::111111111111:root',
    caller_arn: 'arn:aws:iam::111111111111:root',
    operation: 'ListKeys',
  });
const change = event({
  at: day(2),
  console_session: true,
  read_only: false,
  operation: 'PutKeyPolicy',
});

test('fires on root, a day at a time', async () => {
  const rows = await findings(rule, [root(day(1)), root(day(1, 60)), root(day(2))]);
  expect(rows).toMatchObject([
    { rule_id: 'KMS-09', severity: 'medium', events: 2, first_at: day(1) },
    { events: 1, first_at: day(2) },
  ]);
});

test('is silent on roles; on console changes unless asked; on console reads always', async () => {
  const events = [event(), change, event({ console_session: true, read_only: true })];
  expect(await findings(rule, events)).toEqual([]);
  expect(await findings(rule, events, { console_changes: 'true' })).toMatchObject([
    { severity: 'low', evidence_event_ids: [change.event_id] },
  ]);
});
