import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/snapshot-theft.ts';
import { event } from '../../support/events.ts';
import { day, findings, foreign, many } from '../../support/findings.ts';
import { relatedEvent } from '../../support/related.ts';

const share = (item: object, more: object = {}) =>
  relatedEvent({
    event_source: 'ec2.amazonaws.com',
    event_name: 'ModifySnapshotAttribute',
    resource_arn: 'arn:snap',
    request_parameters: JSON.stringify({ createVolumePermission: { add: { items: [item] } } }),
    ...more,
  });
const volume = (i: number, more: object = {}) =>
  event({
    at: day(2, i),
    context_kind: 'ebs',
    resource_arn: 'vol-1',
    caller_account_id: foreign,
    principal_arn: 'theirs',
    ...more,
  });

test('fires on a snapshot shared with a foreign account or everyone', async () => {
  const related = share({ userId: foreign });
  expect(await findings(rule, [event()], {}, [related, related])).toMatchObject([
    {
      rule_id: 'KMS-13',
      severity: 'high',
      finding: `arn:snap shared with ${foreign}`,
      evidence_event_ids: [related.event_id],
    },
  ]);
  expect(await findings(rule, [event()], {}, [share({ group: 'all' })])).toMatchObject([
    { finding: 'arn:snap shared with everyone' },
  ]);
});

test('fires on a foreign account that uses the key of own volumes', async () => {
  const events = many(3, (i) => volume(i, i === 0 ? { operation: 'ReEncrypt' } : {}));
  expect(await findings(rule, events)).toMatchObject([
    { severity: 'critical', events: 3, account_id: foreign },
  ]);
});

test('is silent on shares with own accounts, refused ones, own use, and foreign keys', async () => {
  const related = [
    share({ userId: '111111111111' }),
    share({ userId: foreign }, { error_code: 'x' }),
    share({}),
    relatedEvent({ event_name: 'ModifySnapshotAttribute', request_parameters: 'null' }),
  ];
  const events = [
    volume(0, { caller_account_id: '111111111111' }),
    volume(1, { key_account_id: foreign }),
    volume(2, { outcome: 'denied' }),
    volume(3, { context_kind: 's3' }),
  ];
  expect(await findings(rule, events, {}, related)).toEqual([]);
});
