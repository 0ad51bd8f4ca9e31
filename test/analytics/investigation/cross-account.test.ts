import { expect, test } from 'vitest';
import crossAccount from '../../../analytics/investigation/cross-account.ts';
import { configSchema } from '../../../core/config.ts';
import { event, plainEvent } from '../../support/events.ts';
import { pick, runAnalysis } from '../../support/run-analysis.ts';

const config = configSchema.parse({ ownAccounts: ['111111111111', '222222222222'] });
const foreign = '999999999999';
const key = plainEvent.key_arn!;

test('calls in both directions, each action once, and what opens the way', async () => {
  const events = [
    // One action, logged in both accounts: counted once.
    event({
      at: '2026-10-01T00:00:00Z',
      caller_account_id: '222222222222',
      account_id: '222222222222',
      shared_event_id: 'aaaaaaaa-0000-0000-0000-000000000001',
    }),
    event({
      at: '2026-10-01T00:00:00Z',
      caller_account_id: '222222222222',
      shared_event_id: 'aaaaaaaa-0000-0000-0000-000000000001',
    }),
    event({ at: '2026-10-02T00:00:00Z', caller_account_id: foreign, principal_arn: 'theirs' }),
    event({
      at: '2026-10-03T00:00:00Z',
      key_account_id: foreign,
      key_arn: 'their-key',
      outcome: 'denied',
    }),
    event({ at: '2026-10-03T00:00:00Z' }),
    event({
      at: '2026-10-04T00:00:00Z',
      operation: 'CreateGrant',
      principal_arn: 'admin',
      request_parameters: JSON.stringify({
        granteePrincipal: `arn:aws:iam::${foreign}:role/r`,
        operations: ['Decrypt'],
      }),
      response_elements: JSON.stringify({ grantId: 'g1' }),
    }),
    event({
      at: '2026-10-05T00:00:00Z',
      operation: 'PutKeyPolicy',
      principal_arn: 'admin',
      request_parameters: JSON.stringify({
        policy: JSON.stringify({
          Statement: [
            {
              Sid: 'x',
              Effect: 'Allow',
              Principal: { AWS: foreign },
              Action: 'kms:*',
              Resource: '*',
            },
          ],
        }),
      }),
    }),
  ];
  const { rows } = await runAnalysis(crossAccount, events, {}, { config });
  expect(
    pick(
      rows,
      'kind',
      'direction',
      'caller_account_id',
      'key',
      'calls',
      'denied_calls',
      'last_at',
    ).sort(),
  ).toEqual([
    ['calls', 'incoming', foreign, key, 1, 0, '2026-10-02T00:00:00Z'],
    ['calls', 'internal', '222222222222', key, 1, 0, '2026-10-01T00:00:00Z'],
    ['calls', 'outgoing', '111111111111', 'their-key', 1, 1, '2026-10-03T00:00:00Z'],
    ['grant', 'incoming', foreign, key, 0, 0, null],
    ['policy', 'incoming', foreign, key, 0, 0, null],
  ]);
  expect(rows.find((r) => r['kind'] === 'grant')?.['detail']).toBe(
    'grant g1 by admin allows Decrypt (open)',
  );
  const late = await runAnalysis(
    crossAccount,
    events,
    { from: '2026-10-03', direction: 'incoming' },
    { config },
  );
  expect(pick(late.rows, 'kind')).toEqual([['grant'], ['policy']]);
});

test('without configuration the accounts whose trails were read are own', async () => {
  const { rows, notes } = await runAnalysis(crossAccount, [
    event({ key_account_id: foreign, key_arn: 'k' }),
  ]);
  expect(pick(rows, 'direction')).toEqual([['outgoing']]);
  expect(notes.join(' ')).toContain('those whose trails were read: 111111111111');
});
