import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/lock-out-policy.ts';
import { event } from '../../support/events.ts';
import { day, findings, foreign } from '../../support/findings.ts';
import { pick } from '../../support/run-analysis.ts';

const root = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111111111111:root' },
  Action: 'kms:*',
  Resource: '*',
};
const open = (AWS: string) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action: 'kms:Encrypt',
  Resource: '*',
});
const put = (statements: object[], more: object = {}, at = day(2)) =>
  event({
    at,
    operation: 'PutKeyPolicy',
    request_parameters: JSON.stringify({
      policy: JSON.stringify({ Statement: statements }),
      ...more,
    }),
  });

test.each<[string, object[], object, string]>([
  ['everyone', [root, open('*')], {}, 'critical'],
  ['a foreign account', [root, open(foreign)], {}, 'high'],
  ['a bypassed check', [root], { bypassPolicyLockoutSafetyCheck: true }, 'high'],
  ['an owner shut out', [open('arn:aws:iam::111111111111:role/x')], {}, 'medium'],
])('fires on %s', async (_, statements, more, severity) => {
  const rows = await findings(rule, [put(statements, more)]);
  expect(pick(rows, 'rule_id', 'severity')).toEqual([['KMS-02', severity]]);
});

test('is silent on ordinary policies, unless asked for every change', async () => {
  const events = [put([root]), put([root, open('arn:aws:iam::111111111111:role/x')], {}, day(3))];
  expect(await findings(rule, events)).toEqual([]);
  const all = await findings(rule, events, { any_change: 'true', from: day(3) });
  expect(pick(all, 'first_at', 'severity')).toEqual([[day(3), 'low']]);
  expect(await findings(rule, [{ ...put([root, open('*')]), outcome: 'denied' as const }])).toEqual(
    [],
  );
});
