import { expect, test } from 'vitest';
import keyLifecycle from '../../../analytics/investigation/key-lifecycle.ts';
import { lifecycleWords } from '../../../analytics/investigation/lifecycle-words.ts';
import { event, plainEvent } from '../../support/events.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const key = plainEvent.key_arn!;

test.each<[string, object | null, string]>([
  [
    'CreateKey',
    { keySpec: 'RSA_2048', origin: 'EXTERNAL', multiRegion: true },
    'created: RSA_2048, origin EXTERNAL, multi-Region',
  ],
  ['CreateKey', null, 'created'],
  ['ScheduleKeyDeletion', { pendingWindowInDays: 7 }, 'deletion scheduled, waiting 7 days'],
  ['ScheduleKeyDeletion', {}, 'deletion scheduled, waiting 30 days (the default)'],
  [
    'ImportKeyMaterial',
    { expirationModel: 'KEY_MATERIAL_EXPIRES', validTo: 'Oct 7, 2026' },
    'key material imported: expires Oct 7, 2026',
  ],
  [
    'ImportKeyMaterial',
    { expirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' },
    'key material imported: never expires',
  ],
  ['ReplicateKey', { replicaRegion: 'sa-east-1' }, 'replicated: to sa-east-1'],
  ['UpdateAlias', { aliasName: 'alias/a', targetKeyId: 'k' }, 'alias moved: alias/a, to key k'],
  [
    'PutKeyPolicy',
    { bypassPolicyLockoutSafetyCheck: true },
    'policy set, the lock-out check bypassed',
  ],
  ['DisableKey', null, 'disabled'],
])('%s in words', (operation, request, words) => {
  expect(lifecycleWords(operation, request && JSON.stringify(request), null)).toBe(words);
});

test('lists changes of a key in order, by whomever, and nothing else', async () => {
  const change = (at: string, operation: string, more: object = {}) =>
    event({ at, operation, operation_class: 'management', ...more });
  const events = [
    change('2026-10-01T00:00:00Z', 'CreateKey'),
    change('2026-10-02T00:00:00Z', 'DisableKey', { outcome: 'denied' }),
    change('2026-10-03T00:00:00Z', 'RotateKey', {
      event_type: 'AwsServiceEvent',
      principal_arn: 'unknown',
    }),
    change('2026-10-04T00:00:00Z', 'CreateAlias', {
      request_parameters: JSON.stringify({ aliasName: 'alias/a', targetKeyId: key }),
    }),
    change('2026-10-05T00:00:00Z', 'DisableKey', { key_arn: `${key}f` }),
    event({ at: '2026-10-05T00:00:00Z' }),
  ];
  const { rows } = await runAnalysis(keyLifecycle, events, { key: 'alias/a' });
  expect(pick(rows, 'changed_at', 'operation', 'outcome', 'by_kms')).toEqual([
    ['2026-10-01T00:00:00Z', 'CreateKey', 'success', false],
    ['2026-10-02T00:00:00Z', 'DisableKey', 'denied', false],
    ['2026-10-03T00:00:00Z', 'RotateKey', 'success', true],
    ['2026-10-04T00:00:00Z', 'CreateAlias', 'success', false],
  ]);
  expect((await runAnalysis(keyLifecycle, events)).rows).toHaveLength(5);
});

test('hostile alias names come back as text', async () => {
  for (const text of hostileTexts) {
    expect(lifecycleWords('DeleteAlias', JSON.stringify({ aliasName: text }), null)).toBe(
      `alias deleted: ${text}`,
    );
    expect(lifecycleWords(text, text, text)).toBe(text);
  }
});
