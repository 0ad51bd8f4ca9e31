import { expect, test } from 'vitest';
import keyCost, { type KeyCostRow } from '../../../analytics/finops/key-cost.ts';
import { parseKeyInventory } from '../../../analytics/finops/key-inventory.ts';
import { configSchema, defaultConfig, type Config } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-01T00:00:00Z') / 1000;
const arn = (id: string, account = '111111111111') =>
  `arn:aws:kms:eu-central-1:${account}:key/${id}`;
const on = (day: number, id: string, changes: Partial<KmsEvent> = {}) =>
  event({ event_time: start + day * 86_400, key_arn: arn(id), ...changes });

async function keys(events: KmsEvent[], params = {}, config: Config = defaultConfig) {
  return withEvents(events, async (engine) => {
    const result = await keyCost.execute(params, { engine, config });
    const rows = result.rows.map((row) => keyCost.row.parse(row) as KeyCostRow);
    return new Map(rows.map((row) => [row.key_arn.split('/').at(-1)!, row]));
  });
}

test('kinds and charges are read from events, by hand', async () => {
  const management = { operation_class: 'management' };
  const rows = await keys([
    on(0, 'plain'),
    on(39, 'plain', { principal_arn: 'p2', via_service: 's3.amazonaws.com' }),
    on(40, 'plain', { principal_arn: 'p2', via_service: 's3.amazonaws.com' }),
    on(1, 'managed', { key_ref: 'alias/aws/sqs' }),
    on(1, 'mrk-one'),
    on(1, 'mrk-two', { ...management, operation: 'ReplicateKey' }),
    on(1, 'stored', { custom_key_store_id: 'cks-1' }),
    on(1, 'brought', { ...management, operation: 'ImportKeyMaterial' }),
    on(1, 'doomed', { ...management, operation: 'ScheduleKeyDeletion' }),
    on(1, 'saved', { ...management, operation: 'ScheduleKeyDeletion' }),
    on(2, 'saved', { ...management, operation: 'CancelKeyDeletion' }),
    ...[3, 4, 5].map((day) =>
      on(day, 'turned', { operation: 'RotateKey', event_type: 'AwsServiceEvent', quota_id: null }),
    ),
    on(1, 'guessed', { outcome: 'denied', error_code: 'AccessDenied' }),
    on(1, 'served', { is_direct: false, via_service: 's3.amazonaws.com' }),
    on(1, 'other', { key_arn: arn('other', '999999999999') }),
    on(1, 'plain', { operation: 'ReEncrypt', destination_key_arn: arn('target') }),
  ]);
  const shown = [...rows].map(([id, row]) => [
    id,
    row.kind,
    row.kind_basis,
    row.charge_usd_monthly,
    row.rotation_surcharge_usd_monthly,
  ]);
  expect(shown.sort()).toEqual([
    ['brought', 'imported', 'events', 1, 0],
    ['doomed', 'customer', 'events', 0, 0],
    ['guessed', 'unproven', 'events', null, null],
    ['managed', 'aws_managed', 'events', 0, 0],
    ['mrk-one', 'multi_region', 'events', 1, 0],
    ['mrk-two', 'multi_region_primary', 'events', 1, 0],
    ['other', 'foreign', 'events', null, null],
    ['plain', 'customer', 'events', 1, 0],
    ['saved', 'customer', 'events', 1, 0],
    // Only a service used it: AWS may manage it, and then it is free.
    ['served', 'customer', 'assumed', 0, 0],
    ['stored', 'custom_store', 'events', 1, 0],
    ['target', 'customer', 'events', 1, 0],
    ['turned', 'customer', 'events', 1, 2],
  ]);
  expect(rows.get('plain')).toMatchObject({
    uses: 4,
    uses_first_half: 2,
    uses_second_half: 2,
    users_count: 2,
    users: 'arn:aws:iam::111111111111:role/app (2); p2 via s3.amazonaws.com (2)',
    last_use_at: '2026-11-10T00:00:00Z',
    idle_state: 'in_use',
  });
  expect(rows.get('target')!.uses).toBe(1);
  expect(rows.get('served')!.charge_high_usd_monthly).toBe(1);
  expect(rows.get('plain')!.charge_high_usd_monthly).toBe(1);
});

test('a key is idle only where the window is covered', async () => {
  const covered = await keys([on(0, 'old'), on(40, 'new')]);
  // One object spans the forty days: all hours are covered.
  expect(covered.get('old')!.idle_state).toBe('idle_candidate');
  expect(covered.get('new')!.idle_state).toBe('in_use');
  const created = { operation: 'CreateKey', operation_class: 'management' };
  const fresh = await keys([on(0, 'x'), on(20, 'fresh', created), on(40, 'y')]);
  expect(fresh.get('fresh')!.idle_state).toBe('new');
  const short = await keys([on(0, 'old'), on(2, 'new')], { idle_days: 30 });
  expect(short.get('old')!.idle_state).toBe('in_use');
  const management = { operation: 'DescribeKey', operation_class: 'management_read' };
  const uncovered = await keys([on(0, 'looked-at', management), on(2, 'new')], { idle_days: 30 });
  expect(uncovered.get('looked-at')!.idle_state).toBe('coverage_missing');
});

test('the inventory of the AWS CLI decides, and brings keys without events', async () => {
  const inventory = parseKeyInventory(
    [
      { KeyMetadata: { Arn: arn('silent'), KeyManager: 'CUSTOMER', KeyState: 'Disabled' } },
      { Keys: [{ KeyId: 'listed', KeyArn: arn('listed') }] },
      { Arn: arn('plain'), KeyManager: 'AWS' },
      {
        Arn: arn('mrk-one'),
        KeyManager: 'CUSTOMER',
        MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA' },
        Rotations: 1,
      },
      { Arn: arn('gone'), KeyManager: 'CUSTOMER', KeyState: 'PendingDeletion', Rotations: 5 },
      { Arn: arn('turned'), KeyManager: 'CUSTOMER', KeyState: 'Enabled', Rotations: 5 },
    ]
      .map((value) => JSON.stringify(value))
      .join('\n'),
  );
  const config = configSchema.parse({ keyInventory: inventory });
  const rows = await keys([on(0, 'plain'), on(40, 'mrk-one')], {}, config);
  const shown = [...rows].map(([id, row]) => [
    id,
    row.kind,
    (row.charge_usd_monthly ?? 0) + (row.rotation_surcharge_usd_monthly ?? 0),
    row.idle_state,
  ]);
  expect(shown.sort()).toEqual([
    ['gone', 'customer', 0, 'idle_candidate'],
    // The list of keys does not name the manager: free if AWS manages it, else a dollar.
    ['listed', 'customer', 0, 'idle_candidate'],
    ['mrk-one', 'multi_region_replica', 2, 'in_use'],
    ['plain', 'aws_managed', 0, 'idle_candidate'],
    ['silent', 'customer', 1, 'idle_candidate'],
    ['turned', 'customer', 3, 'idle_candidate'],
  ]);
  expect(() => parseKeyInventory('{"Nothing": 1}')).toThrow();
});

test('the busiest eight users are named, and how many more there are', async () => {
  const events = Array.from({ length: 10 }, (_, user) =>
    Array.from({ length: user + 1 }, () => on(0, 'shared', { principal_arn: `p${user}` })),
  ).flat();
  const row = (await keys(events)).get('shared')!;
  expect(row.users).toBe(
    'p9 (10); p8 (9); p7 (8); p6 (7); p5 (6); p4 (5); p3 (4); p2 (3); and 2 more',
  );
  expect(row).toMatchObject({ users_count: 10, uses: 55 });
});
