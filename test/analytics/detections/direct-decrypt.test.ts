import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/direct-decrypt.ts';
import { event } from '../../support/events.ts';
import { day, findings, many } from '../../support/findings.ts';

const secret = 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:hr-Aa1Bb2';
const direct = (i: number, more: object = {}) =>
  event({ at: day(2, i), context_kind: 'secretsmanager', resource_arn: secret, ...more });

test.each(['secretsmanager', 'ssm', 'ebs', 's3'])(
  'fires on data of %s without the service',
  async (context_kind) => {
    const events = many(3, (i) => direct(i, { context_kind }));
    expect(await findings(rule, events)).toMatchObject([
      {
        rule_id: 'KMS-07',
        severity: 'high',
        events: 3,
        evidence_event_ids: events.map((e) => e.event_id),
      },
    ]);
  },
);

test('is silent through the service, on own contexts, on EC2 itself, and on refused calls', async () => {
  const events = [
    direct(0, { is_direct: false, via_service: 'secretsmanager.amazonaws.com' }),
    direct(1, { context_kind: 'other' }),
    direct(2, { context_kind: 'lambda' }),
    direct(3, {
      context_kind: 'ebs',
      principal_arn: 'arn:aws:iam::111111111111:role/aws:ec2-infrastructure',
    }),
    direct(4, { caller_source: 'ec2.amazonaws.com' }),
    direct(5, { outcome: 'denied' }),
    direct(6, { operation: 'GenerateDataKey' }),
  ];
  expect(await findings(rule, events)).toEqual([]);
});
