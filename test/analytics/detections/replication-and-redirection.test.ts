import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/replication-and-redirection.ts';
import { event } from '../../support/events.ts';
import { day, findings, key } from '../../support/findings.ts';
import { pick } from '../../support/run-analysis.ts';

const replicate = (operation: string, request: object) =>
  event({ at: day(3), operation, request_parameters: JSON.stringify(request) });
const alias = (at: string, operation: string, target: string) =>
  event({
    at,
    operation,
    key_arn: target,
    request_parameters: JSON.stringify({ aliasName: 'alias/pay', targetKeyId: target }),
  });
const other = key.replace(/1$/, '2');

test('fires on a copy to a Region that the account does not use', async () => {
  const used = event({ at: day(1), region: 'sa-east-1' });
  for (const call of [
    replicate('ReplicateKey', { replicaRegion: 'sa-east-1' }),
    replicate('UpdatePrimaryRegion', { primaryRegion: 'sa-east-1' }),
  ]) {
    expect(await findings(rule, [call])).toMatchObject([{ rule_id: 'KMS-11', severity: 'high' }]);
    expect(await findings(rule, [used, call])).toEqual([]);
  }
});

test('fires on a moved alias, with both keys, and on rotation turned off', async () => {
  const rows = await findings(rule, [
    alias(day(1), 'CreateAlias', key),
    alias(day(2), 'UpdateAlias', other),
    event({ at: day(3), operation: 'DisableKeyRotation' }),
  ]);
  expect(pick(rows, 'severity', 'finding')).toEqual([
    ['medium', `alias/pay moved from ${key} to ${other}`],
    ['low', 'automatic rotation turned off'],
  ]);
});

test('is silent on new aliases, rotation turned on, and refused calls', async () => {
  const events = [
    alias(day(1), 'CreateAlias', key),
    event({ at: day(3), operation: 'EnableKeyRotation' }),
    { ...alias(day(2), 'UpdateAlias', other), outcome: 'denied' as const },
  ];
  expect(await findings(rule, events)).toEqual([]);
});
