import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  defaultKeyPolicy,
  parseKeyPolicy,
  type KeyPolicy,
} from '../../../analytics/investigation/key-policy.ts';
import policyChanges from '../../../analytics/investigation/policy-changes.ts';
import { policyDifference } from '../../../analytics/investigation/policy-difference.ts';
import { policyFindings } from '../../../analytics/investigation/policy-verdict.ts';
import { configSchema } from '../../../core/config.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const own = new Set(['111111111111', '222222222222']);
const root = {
  Sid: 'root',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111111111111:root' },
  Action: 'kms:*',
  Resource: '*',
};
const policy = (...statements: object[]): KeyPolicy =>
  parseKeyPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }))!;
const allow = (principal: unknown, condition?: object, more: object = {}) => ({
  Sid: 's',
  Effect: 'Allow',
  Principal: principal,
  Action: 'kms:Decrypt',
  Resource: '*',
  ...(condition ? { Condition: condition } : {}),
  ...more,
});
const verdicts = (statement: object, before: KeyPolicy | null = null) =>
  policyFindings(policy(root, statement), '111111111111', own, before).map((f) => f.verdict);

describe('the verdict', () => {
  test.each<[string, object, string[]]>([
    ['everyone', allow('*'), ['public']],
    ['everyone, as a list', allow({ AWS: ['*'] }), ['public']],
    [
      'everyone but one',
      { ...allow(undefined), NotPrincipal: { AWS: '111111111111' } },
      ['public'],
    ],
    [
      'everyone of the own account',
      allow('*', { StringEquals: { 'kms:CallerAccount': '111111111111' } }),
      [],
    ],
    [
      'everyone of the organisation',
      allow('*', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
      [],
    ],
    [
      'everyone of a foreign account',
      allow('*', { StringEquals: { 'kms:CallerAccount': '999999999999' } }),
      ['foreign_account'],
    ],
    [
      'everyone through a service',
      allow('*', { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } }),
      ['public'],
    ],
    [
      'a condition that a missing key meets',
      allow('*', { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }),
      ['public'],
    ],
    [
      'a negated condition',
      allow('*', { StringNotEquals: { 'kms:CallerAccount': '111111111111' } }),
      ['public'],
    ],
    [
      'a pattern of any account',
      allow('*', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/app' } }),
      ['public'],
    ],
    ['a foreign role', allow({ AWS: 'arn:aws:iam::999999999999:role/x' }), ['foreign_account']],
    ['a foreign account id', allow({ AWS: ['111111111111', '999999999999'] }), ['foreign_account']],
    ['another own account', allow({ AWS: 'arn:aws:iam::222222222222:root' }), []],
    ['a service', allow({ Service: 'logs.amazonaws.com' }), []],
    ['a denial of everyone', allow('*', undefined, { Effect: 'Deny' }), []],
  ])('of %s', (_, statement, expected) => {
    expect(verdicts(statement)).toEqual(expected);
  });

  test('of a policy that shuts the account out depends on what was before', () => {
    const shut = policy(allow({ AWS: 'arn:aws:iam::111111111111:role/x' }));
    const of = (before: KeyPolicy | null) =>
      policyFindings(shut, '111111111111', own, before).map((f) => f.verdict);
    expect(of(policy(root))).toEqual(['root_removed']);
    expect(of(defaultKeyPolicy('111111111111'))).toEqual(['root_removed']);
    expect(of(null)).toEqual(['no_root_access']);
  });
});

describe('the difference', () => {
  test('names what was added to and removed from a statement of the same Sid', () => {
    const before = policy(root, allow({ AWS: 'arn:aws:iam::111111111111:role/a' }));
    const after = policy(root, {
      ...allow(
        { AWS: 'arn:aws:iam::111111111111:role/b' },
        { Bool: { 'aws:SecureTransport': true } },
      ),
      Action: ['kms:Decrypt', 'kms:Encrypt'],
    });
    expect(policyDifference(before, after)).toEqual([
      'statement "s": principal arn:aws:iam::111111111111:role/b added; principal arn:aws:iam::111111111111:role/a removed; action kms:Encrypt added; condition when aws:SecureTransport Bool true added',
    ]);
  });

  test('names whole statements', () => {
    expect(policyDifference(policy(root), policy(allow('*')))).toEqual([
      'added: statement "s" that lets everyone (*) call kms:Decrypt',
      'removed: statement "root" that lets arn:aws:iam::111111111111:root do everything (kms:*)',
    ]);
  });

  test('is nothing for a policy and itself, in whatever order its lists stand', () => {
    const texts = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 });
    const statements = fc.array(
      fc.record({ Sid: fc.constantFrom('x', 'y'), AWS: texts, Action: texts }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(statements, (list) => {
        const build = (order: (values: string[]) => string[]) =>
          policy(
            ...list.map((s) => ({
              Sid: s.Sid,
              Effect: 'Allow',
              Principal: { AWS: order([...s.AWS]) },
              Action: order([...s.Action]),
              Resource: '*',
            })),
          );
        expect(
          policyDifference(
            build((v) => v),
            build((v) => v.reverse()),
          ),
        ).toEqual([]);
      }),
    );
  });
});

test('texts that are no policy are null, never an error', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"Statement":1}',
    '{"Statement":[{"Effect":"Maybe"}]}',
    ...hostileTexts,
  ]) {
    expect(parseKeyPolicy(text)).toBeNull();
  }
});

describe('policy-changes', () => {
  const put = (at: string, document: object | string | null, more: object = {}) =>
    event({
      at,
      operation: 'PutKeyPolicy',
      operation_class: 'management',
      request_parameters: JSON.stringify({
        keyId: plainEvent.key_arn,
        ...(document === null
          ? {}
          : { policy: typeof document === 'string' ? document : JSON.stringify(document) }),
        ...more,
      }),
    });
  const document = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
  const config = configSchema.parse({ ownAccounts: [...own] });

  test('compares each policy with the last one that held, also from before the range', async () => {
    const events = [
      event({ at: '2026-10-01T00:00:00Z', operation: 'CreateKey', request_parameters: '{}' }),
      put('2026-10-02T00:00:00Z', document(root, allow('*'))),
      {
        ...put('2026-10-03T00:00:00Z', document()),
        outcome: 'denied' as const,
        error_code: 'AccessDenied',
      },
      put('2026-10-04T00:00:00Z', document(root), { bypassPolicyLockoutSafetyCheck: true }),
      put('2026-10-05T00:00:00Z', null),
      put('2026-10-06T00:00:00Z', 'no policy'),
    ];
    const { rows } = await runAnalysis(policyChanges, events, { from: '2026-10-02' }, { config });
    expect(pick(rows, 'changed_at', 'verdict', 'difference')).toEqual([
      [
        '2026-10-02T00:00:00Z',
        'public',
        'added: statement "root" that lets arn:aws:iam::111111111111:root do everything (kms:*). added: statement "s" that lets everyone (*) call kms:Decrypt. removed: statement "Enable IAM User Permissions" that lets arn:aws:iam::111111111111:root do everything (kms:*)',
      ],
      [
        '2026-10-03T00:00:00Z',
        'root_removed',
        'removed: statement "root" that lets arn:aws:iam::111111111111:root do everything (kms:*). removed: statement "s" that lets everyone (*) call kms:Decrypt',
      ],
      [
        '2026-10-04T00:00:00Z',
        'lockout_bypass',
        'removed: statement "s" that lets everyone (*) call kms:Decrypt',
      ],
      [
        '2026-10-05T00:00:00Z',
        'none',
        'the record does not hold the policy (requests over 100 KB are left out)',
      ],
      ['2026-10-06T00:00:00Z', 'none', 'the policy text is no policy document'],
    ]);
    const judged = await runAnalysis(policyChanges, events, { with_verdict: 'true' }, { config });
    expect(judged.rows).toHaveLength(3);
  });

  test('hostile text in a policy comes back as text', async () => {
    for (const text of hostileTexts) {
      const events = [put('2026-10-02T00:00:00Z', document({ ...allow('*'), Sid: text }))];
      const { rows } = await runAnalysis(policyChanges, events, {}, { config });
      expect(rows[0]!['verdict_detail']).toContain(`statement "${text}" lets everyone`);
    }
  });
});
