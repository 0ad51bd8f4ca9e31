import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/first-use.ts';
import { event } from '../../support/events.ts';
import { day, findings, foreign, key } from '../../support/findings.ts';
import { pick } from '../../support/run-analysis.ts';

const old = event({ at: day(1) });

test('fires on a new Region, address and foreign account of what is long known', async () => {
  const region = event({ at: day(9), region: 'sa-east-1' });
  expect(pick(await findings(rule, [old, region]), 'severity', 'finding')).toEqual([
    ['low', `${old.principal_arn} (known since ${day(1)}) first used Region sa-east-1`],
  ]);
  const address = event({ at: day(15), source_ip: '203.0.113.1' });
  expect(pick(await findings(rule, [old, address]), 'evidence_event_ids')).toEqual([
    [[address.event_id]],
  ]);
  const account = event({ at: day(9), caller_account_id: foreign, principal_arn: 'p' });
  expect(pick(await findings(rule, [old, account]), 'severity', 'finding')).toEqual([
    ['high', `key ${key} (known since ${day(1)}) first used by foreign account ${foreign}`],
  ]);
});

test('is silent on new principals, young ones, many addresses, and new keys unless asked', async () => {
  expect(
    await findings(rule, [
      old,
      event({ at: day(9), principal_arn: 'p', region: 'sa-east-1', source_ip: '192.0.2.9' }),
    ]),
  ).toEqual([]);
  // After four days nothing is known long enough to be judged, and the account is listed so.
  const young = [old, event({ at: day(5), region: 'sa-east-1' })];
  expect(pick(await findings(rule, young), 'verdict', 'events', 'finding')).toEqual([
    ['not_judged', 0, 'not judged: 97 of 168 hours of history in account 111111111111'],
  ]);
  const addresses = [1, 2, 3].map((n) => event({ at: day(n), source_ip: `198.51.100.${n}` }));
  expect(
    await findings(rule, [old, ...addresses, event({ at: day(15), source_ip: '203.0.113.1' })]),
  ).toEqual([]);
  const linked = {
    principal_arn: 'arn:aws:iam::111111111111:role/aws-service-role/autoscaling.amazonaws.com/x',
  };
  expect(
    await findings(rule, [
      event({ at: day(1), ...linked }),
      event({ at: day(9), region: 'sa-east-1', ...linked }),
    ]),
  ).toEqual([]);
  const fresh = event({ at: day(9), key_arn: 'k2' });
  expect(await findings(rule, [old, fresh])).toEqual([]);
  expect(await findings(rule, [old, fresh], { keys: 'true' })).toHaveLength(1);
});
