import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  GrantUses,
  grantsOf,
  type Grant,
  type GrantUse,
} from '../../../analytics/investigation/grant-history.ts';
import grants from '../../../analytics/investigation/grants.ts';
import { configSchema } from '../../../core/config.ts';
import { isoSeconds } from '../../../core/time.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const start = plainEvent.event_time;
const key = plainEvent.key_arn!;
const role = 'arn:aws:iam::999999999999:role/reader';

function grantCall(second: number, operation: string, more: Partial<KmsEvent> = {}): KmsEvent {
  return event({
    event_time: start + second,
    operation,
    operation_class: 'grant',
    principal_arn: 'admin',
    ...more,
  });
}
const create = (second: number, grantId: string, more: object = {}) =>
  grantCall(second, 'CreateGrant', {
    request_parameters: JSON.stringify({
      keyId: key,
      granteePrincipal: role,
      operations: ['Decrypt', 'ReEncryptFrom'],
      ...more,
    }),
    response_elements: JSON.stringify({ grantId }),
  });
const end = (second: number, operation: string, grantId: string) =>
  grantCall(second, operation, { request_parameters: JSON.stringify({ keyId: key, grantId }) });
const use = (second: number, operation = 'Decrypt', principal_arn = role) =>
  event({ event_time: start + second, operation, principal_arn });

test('a grant lives from its creation to its end and counts the calls that it covers', async () => {
  const events = [
    use(5),
    create(10, 'g1', { constraints: { encryptionContextSubset: { a: 'b' } } }),
    use(15),
    use(16, 'ReEncrypt'),
    use(17, 'Encrypt'),
    use(18, 'Decrypt', 'someone else'),
    end(20, 'RevokeGrant', 'g1'),
    use(25),
    create(30, 'g2'),
    create(31, 'g2'),
    end(40, 'RetireGrant', 'g0'),
    create(50, 'g3', {
      granteePrincipal: 'dynamodb.eu-central-1.amazonaws.com',
      operations: ['Decrypt'],
    }),
    { ...use(55), principal_arn: 'dynamodb.amazonaws.com' },
    { ...create(60, 'g4'), outcome: 'denied' as const },
  ];
  const config = configSchema.parse({ ownAccounts: ['111111111111'] });
  const { rows } = await runAnalysis(grants, events, {}, { config });
  const at = (second: number) => isoSeconds(start + second);
  expect(
    pick(
      rows,
      'grant_id',
      'status',
      'created_at',
      'ended_at',
      'calls',
      'first_used_at',
      'last_used_at',
      'foreign',
    ),
  ).toEqual([
    ['g1', 'revoked', at(10), at(20), 2, at(15), at(16), true],
    ['g2', 'open', at(30), null, 0, null, null, true],
    ['g0', 'retired', null, at(40), 0, null, null, false],
    ['g3', 'open', at(50), null, 1, at(55), at(55), false],
  ]);
  expect(rows[0]).toMatchObject({
    grantee: role,
    operations: 'Decrypt, ReEncryptFrom',
    constraints: '{"encryptionContextSubset":{"a":"b"}}',
    used_by: role,
    created_by: 'admin',
    ended_by: 'admin',
  });
  const open = await runAnalysis(grants, events, { status: 'open', from: isoSeconds(start + 35) });
  expect(pick(open.rows, 'grant_id')).toEqual([['g2'], ['g3']]);
});

test('use of many grants equals a scan over all uses', () => {
  const second = fc.integer({ min: 0, max: 60 }).map((s) => isoSeconds(start + s));
  const uses = fc.array(
    fc.record({
      key: fc.constantFrom('k1', 'k2'),
      principal_arn: fc.constantFrom('p1', 'p2'),
      operation: fc.constantFrom('Decrypt', 'Encrypt'),
      used_at: second,
      calls: fc.integer({ min: 1, max: 5 }),
    }),
    { maxLength: 40 },
  );
  const grant = fc.record({
    key: fc.constantFrom('k1', 'k2'),
    grantee: fc.constantFrom('p1', 'p2'),
    operations: fc.subarray(['Decrypt', 'Encrypt']),
    created_at: fc.option(second),
    ended_at: fc.option(second),
  });
  fc.assert(
    fc.property(uses, fc.array(grant, { maxLength: 5 }), fc.option(second), (list, mine, from) => {
      const all = list.map((u): GrantUse => ({
        ...u,
        caller_arn: null,
        via_service: null,
        caller_account_id: null,
      }));
      const found = new GrantUses(all);
      for (const g of mine) {
        const covered = all.filter(
          (u) =>
            u.key === g.key &&
            u.principal_arn === g.grantee &&
            g.operations.includes(u.operation) &&
            u.used_at >= (g.created_at ?? '') &&
            u.used_at >= (from ?? '') &&
            (g.ended_at === null || u.used_at <= g.ended_at),
        );
        const of = found.of(g as Grant, from);
        expect(of.calls).toBe(covered.reduce((sum, u) => sum + u.calls, 0));
        expect(of.first_used_at).toBe(covered.map((u) => u.used_at).sort()[0] ?? null);
      }
    }),
  );
});

test('hostile grant requests are read as text', () => {
  for (const text of hostileTexts) {
    const call = {
      happened_at: 't',
      event_id: 'e',
      operation: 'CreateGrant',
      principal_arn: 'p',
      region: null,
      key: text,
      key_account_id: null,
      grant_id: text,
      grantee: text,
      retiring_principal: text,
      request_parameters: text,
    };
    expect(grantsOf([call])[0]).toMatchObject({
      key: text,
      grant_id: text,
      grantee: text,
      operations: [],
    });
  }
});
