import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/foreign-key-encryption.ts';
import { event } from '../../support/events.ts';
import { day, findings, foreign, many } from '../../support/findings.ts';

const write = (i: number, more: object = {}) =>
  event({
    at: day(2, i),
    operation: 'GenerateDataKey',
    key_account_id: foreign,
    key_arn: 'their-key',
    context_kind: 's3',
    s3_bucket: 'contracts',
    resource_arn: `arn:aws:s3:::contracts/${i}`,
    ...more,
  });

test('fires when an own principal writes with a foreign key', async () => {
  const events = many(25, (i) => write(i));
  expect(await findings(rule, events)).toMatchObject([
    {
      rule_id: 'KMS-05',
      severity: 'critical',
      events: 25,
      key: 'their-key',
      finding: `25 data keys of a key in foreign account ${foreign} generated for bucket contracts`,
      evidence_event_ids: events.slice(0, 20).map((e) => e.event_id),
    },
  ]);
});

test('is silent on reads, own keys, foreign callers, few calls and refused ones', async () => {
  expect(
    await findings(
      rule,
      many(25, (i) => write(i, { operation: 'Decrypt' })),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(25, (i) => write(i, { key_account_id: '111111111111' })),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(25, (i) => write(i, { caller_account_id: foreign })),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(25, (i) => write(i, { outcome: 'denied' })),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(4, (i) => write(i)),
    ),
  ).toEqual([]);
});
