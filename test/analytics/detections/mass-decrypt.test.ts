import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/mass-decrypt.ts';
import { event } from '../../support/events.ts';
import { day, findings, many } from '../../support/findings.ts';

const read = (at: string, i: number, more: object = {}) =>
  event({
    at,
    context_kind: 's3',
    s3_bucket: 'docs',
    resource_arn: `arn:aws:s3:::docs/${i}`,
    ...more,
  });
const hour = (number: number, objects: number, more: object = {}) =>
  many(objects, (i) => read(day(number, i % 3600), i, more));

test('fires on far more different objects in an hour than ever before', async () => {
  const events = [...hour(1, 20), ...hour(2, 10), ...hour(4, 100), ...hour(4, 100)];
  expect(await findings(rule, events)).toMatchObject([
    {
      rule_id: 'KMS-06',
      severity: 'high',
      first_at: day(4),
      events: 200,
      finding:
        '100 different objects decrypted in an hour by 200 calls, of bucket docs; at most 20 in any hour before',
    },
  ]);
});

test('fires on fewer secrets', async () => {
  const secrets = many(20, (i) =>
    read(day(4, i), i, { context_kind: 'secretsmanager', s3_bucket: null }),
  );
  expect(await findings(rule, [...hour(1, 1), ...secrets])).toHaveLength(1);
  expect(await findings(rule, [...hour(1, 1), ...secrets.slice(1)])).toEqual([]);
});

test('is silent on a usual peak, on one object read often, and in the first hours of a log', async () => {
  expect(await findings(rule, [...hour(1, 101), ...hour(4, 400)])).toEqual([]);
  expect(await findings(rule, [...hour(1, 1), ...many(500, (i) => read(day(4, i), 1))])).toEqual(
    [],
  );
  expect(await findings(rule, hour(1, 500))).toEqual([]);
  expect(await findings(rule, hour(1, 500), { baseline_hours: 0 })).toHaveLength(1);
  const denied = hour(4, 500, { outcome: 'denied' });
  expect(await findings(rule, [...hour(1, 1), ...denied])).toEqual([]);
});

test('the past counts also from before the range; what lies before the range is not reported', async () => {
  const events = [...hour(1, 1), ...hour(3, 150), ...hour(5, 160)];
  expect(await findings(rule, events)).toHaveLength(1);
  expect(await findings(rule, events, { from: day(4) })).toEqual([]);
});
