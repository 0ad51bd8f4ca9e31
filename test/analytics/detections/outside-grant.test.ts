import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/outside-grant.ts';
import { event } from '../../support/events.ts';
import { day, findings, foreign } from '../../support/findings.ts';

const grant = (request: object, more: object = {}) =>
  event({
    at: day(2),
    operation: 'CreateGrant',
    request_parameters: JSON.stringify(request),
    ...more,
  });
const theirs = `arn:aws:iam::${foreign}:role/r`;

test('fires on a foreign grantee or retirer, and follows its use', async () => {
  const made = grant({ granteePrincipal: theirs, operations: ['Decrypt', 'CreateGrant'] });
  const [found] = await findings(rule, [made]);
  expect(found).toMatchObject({ severity: 'high', evidence_event_ids: [made.event_id] });
  expect(found!['finding']).toBe(
    `grant to ${theirs}; allows Decrypt, CreateGrant without constraint; the grantee may grant further`,
  );
  const used = event({ at: day(3), caller_account_id: foreign });
  expect(await findings(rule, [made, used])).toMatchObject([{ severity: 'critical' }]);
  const retirer = grant({
    granteePrincipal: 'arn:aws:iam::111111111111:role/r',
    retiringPrincipal: theirs,
    operations: [],
  });
  expect(await findings(rule, [retirer])).toHaveLength(1);
});

test('is silent on grants within the account, to services, and on refused ones', async () => {
  const events = [
    grant({ granteePrincipal: 'arn:aws:iam::111111111111:role/r', operations: ['CreateGrant'] }),
    grant({ granteePrincipal: 'dynamodb.eu-central-1.amazonaws.com', operations: ['Decrypt'] }),
    grant({ granteePrincipal: theirs, operations: ['Decrypt'] }, { outcome: 'denied' }),
    grant({}),
  ];
  expect(await findings(rule, events)).toEqual([]);
});
