import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/key-destruction.ts';
import { event } from '../../support/events.ts';
import { day, findings } from '../../support/findings.ts';
import { pick } from '../../support/run-analysis.ts';

const operations = [
  'ScheduleKeyDeletion',
  'DisableKey',
  'DeleteImportedKeyMaterial',
  'DisconnectCustomKeyStore',
];

test('fires on each way to take a key away, worse when it was in use', async () => {
  const use = event({ at: day(1) });
  for (const operation of operations) {
    const change = event({
      at: day(3),
      operation,
      request_parameters: '{"pendingWindowInDays":7}',
    });
    const [found, ...others] = await findings(rule, [use, change]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      rule_id: 'KMS-01',
      severity: 'critical',
      evidence_event_ids: [change.event_id],
    });
    const [unused] = await findings(rule, [change]);
    expect(unused).toMatchObject({ severity: 'high' });
  }
});

test('tells the use before, the failures after and the undoing', async () => {
  const rows = await findings(rule, [
    event({ at: day(1), principal_arn: 'a' }),
    event({ at: day(2), principal_arn: 'b' }),
    event({ at: day(3), operation: 'DisableKey' }),
    event({ at: day(3, 5), outcome: 'failed', error_code: 'DisabledException' }),
    event({ at: day(4), operation: 'EnableKey' }),
  ]);
  expect(pick(rows, 'severity', 'finding')).toEqual([
    [
      'high',
      `DisableKey; 2 successful calls by 2 principals in the 30 days before; 1 call failed since because of it; undone at ${day(4)}`,
    ],
  ]);
});

test('is silent on refused attempts, on KMS itself, and outside the range', async () => {
  const events = [
    event({ at: day(3), operation: 'DisableKey', outcome: 'denied' }),
    event({ at: day(3), operation: 'DisableKey', principal_type: 'AWSService' }),
    event({ at: day(3), operation: 'EnableKey' }),
  ];
  expect(await findings(rule, events)).toEqual([]);
  const old = [event({ at: day(1), operation: 'DisableKey' })];
  expect(await findings(rule, old, { from: day(2) })).toEqual([]);
});
