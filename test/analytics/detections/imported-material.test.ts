import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/imported-material.ts';
import { event } from '../../support/events.ts';
import { day, findings, many } from '../../support/findings.ts';
import { pick } from '../../support/run-analysis.ts';

const importing = event({
  at: day(2),
  operation: 'ImportKeyMaterial',
  request_parameters: JSON.stringify({ expirationModel: 'KEY_MATERIAL_EXPIRES', validTo: day(3) }),
});
const write = (i: number, at = day(2, 60 + i)) =>
  event({
    at,
    operation: 'GenerateDataKey',
    context_kind: 's3',
    s3_bucket: 'backups',
    resource_arn: `arn:aws:s3:::backups/${i}`,
  });

test('fires on an import, critical when it was written with and the material goes', async () => {
  const deletion = event({ at: day(2, 300), operation: 'DeleteImportedKeyMaterial' });
  const rows = await findings(rule, [importing, ...many(20, (i) => write(i)), deletion]);
  expect(pick(rows, 'rule_id', 'severity', 'events', 'evidence_event_ids')).toEqual([
    ['KMS-04', 'critical', 2, [importing.event_id, deletion.event_id]],
  ]);
  expect(rows[0]!['finding']).toContain(
    '20 data keys generated within 24 hours of an import for bucket backups',
  );
  expect(pick(await findings(rule, [importing, ...many(19, (i) => write(i))]), 'severity')).toEqual(
    [['medium']],
  );
  expect(pick(await findings(rule, [deletion]), 'severity')).toEqual([['medium']]);
});

test('writes before the import or long after it do not count; refused imports are no finding', async () => {
  const others = [...many(30, (i) => write(i, day(1))), ...many(30, (i) => write(i, day(5)))];
  expect(pick(await findings(rule, [importing, ...others]), 'severity')).toEqual([['medium']]);
  expect(await findings(rule, [{ ...importing, outcome: 'failed' as const }, ...others])).toEqual(
    [],
  );
});
