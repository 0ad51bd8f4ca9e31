import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/reconnaissance.ts';
import { event } from '../../support/events.ts';
import { day, findings, many } from '../../support/findings.ts';

const ask = (i: number, more: object = {}) =>
  event({
    at: day(2, i),
    operation: 'GetKeyPolicy',
    operation_class: 'management_read',
    key_arn: `k${i}`,
    ...more,
  });
const refused = { outcome: 'denied', error_code: 'AccessDenied' };

test('fires on a sweep that meets refusals', async () => {
  const events = many(12, (i) => ask(i, i < 5 ? refused : {}));
  expect(await findings(rule, events)).toMatchObject([
    {
      rule_id: 'KMS-10',
      events: 12,
      finding:
        'asked for the policy, grants or description of 12 keys, denied 5 times; from 192.0.2.1',
    },
  ]);
});

test('fires on a spray over keys that are known only as typed', async () => {
  const events = many(10, (i) =>
    event({
      at: day(2, i),
      key_arn: null,
      key_ref: `k${i}`,
      outcome: 'denied',
      error_code: 'AccessDeniedException',
    }),
  );
  expect(await findings(rule, events)).toMatchObject([{ events: 10 }]);
  expect(await findings(rule, events.slice(1))).toEqual([]);
});

test('is silent on a permitted sweep, few keys, one key asked often, and AWS Config', async () => {
  expect(
    await findings(
      rule,
      many(40, (i) => ask(i)),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(9, (i) => ask(i, refused)),
    ),
  ).toEqual([]);
  expect(
    await findings(
      rule,
      many(50, (i) => ask(i, { ...refused, key_arn: 'k' })),
    ),
  ).toEqual([]);
  const config = { ...refused, session_name: 'LambdaDescribeHandlerSession', operation: 'Decrypt' };
  expect(
    await findings(
      rule,
      many(50, (i) => ask(i, config)),
    ),
  ).toEqual([]);
});
