import { expect, test } from 'vitest';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { event, store, withEvents } from '../support/events.ts';

test('an event comes back column by column', async () => {
  const planted = event({
    at: '2026-10-05T12:00:01Z',
    request_id: 'not a uuid',
    user_agent: 'naïve — "quoted"',
    encryption_context: '{"a":"b"}',
    console_session: true,
  });
  await withEvents([planted], async (engine) => {
    const rows = await engine.rows('SELECT * FROM kms_events');
    const { event_time, ...columns } = planted;
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      ...columns,
      counted: true,
      event_time: '2026-10-05T12:00:01Z',
    });
    expect(rows[0]!['action_id']).toBe(planted.event_id);
    expect(event_time).toBe(Date.parse('2026-10-05T12:00:01Z') / 1000);
    expect(
      await engine.rows('SELECT operation, count(*) AS n FROM kms_events GROUP BY operation'),
    ).toEqual([{ operation: 'Decrypt', n: 1 }]);
  });
});

test('parameters of every type bind, null included', async () => {
  await withEvents([event({ at: '2026-10-05T12:00:00Z' })], async (engine) => {
    const rows = await engine.rows(
      `SELECT count(*) AS n FROM kms_events WHERE event_time >= $from
       AND (CAST($account AS VARCHAR) IS NULL OR account_id = $account)
       AND ($regions IS NULL OR region IN (SELECT unnest(CAST($regions AS VARCHAR[]))))`,
      { from: new Date('2026-10-05T12:00:00Z'), account: null, regions: ['eu-central-1'] },
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});

test('a duplicate changes nothing, and the per-second counts equal the sums of the charges', async () => {
  const rows = [
    event({ at: '2026-10-05T12:00:00Z' }),
    event({ at: '2026-10-05T12:00:00Z', outcome: 'throttled', error_code: 'ThrottlingException' }),
    event({ at: '2026-10-05T12:00:01Z', outcome: 'denied', error_code: 'AccessDenied' }),
    event({ operation: 'ReplicateKey', quota_id: 'op_ReplicateKey', second_region: 'us-east-1' }),
    event({ custom_key_store_id: 'cks-1', store_quota_id: 'custom_key_store_xks' }),
    event({ event_type: 'AwsServiceEvent', quota_id: null }),
    event({ principal_type: 'AWSService', principal_arn: 'cloudtrail.amazonaws.com' }),
    event({
      principal_type: 'AWSService',
      outcome: 'throttled',
      error_code: 'ThrottlingException',
    }),
  ];
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  await store(database, rows);
  const perSecond = 'SELECT * EXCLUDE (scope_no) FROM calls_per_second ORDER BY ALL';
  const before = await engine.rows(perSecond);
  await store(database, rows);
  expect(await engine.rows('SELECT count(*) AS n FROM kms_events')).toEqual([{ n: 8 }]);
  expect(await engine.rows(perSecond)).toEqual(before);
  expect(
    await engine.rows(`SELECT count(*) AS n FROM calls_per_second AS c JOIN quota_scopes AS q
      ON q.scope_no = c.scope_no AND q.caller_account_id = c.caller_account_id AND q.region = c.region
        AND q.quota_id = c.quota_id AND q.custom_key_store_id IS NOT DISTINCT FROM c.custom_key_store_id`),
  ).toEqual([{ n: before.length }]);
  const sums = await engine.rows(`
    SELECT event_time AS second, caller_account_id, region, quota_id, custom_key_store_id,
      sum(units) AS offered, coalesce(sum(units) FILTER (WHERE outcome = 'throttled'), 0) AS throttled,
      coalesce(sum(units) FILTER (WHERE outcome = 'denied'), 0) AS denied,
      coalesce(sum(units) FILTER (WHERE outcome IN ('failed', 'dry_run')), 0) AS failed,
      coalesce(sum(units) FILTER (WHERE principal_type = 'AWSService'), 0) AS aws_service_offered,
      coalesce(sum(units) FILTER (WHERE principal_type = 'AWSService' AND outcome = 'throttled'), 0) AS aws_service_throttled
    FROM quota_charges GROUP BY ALL ORDER BY ALL`);
  expect(sums).toEqual(before);
  const shared =
    'event_time, caller_account_id, region, quota_id, custom_key_store_id, units, outcome, principal_type';
  expect(await engine.rows(`SELECT ${shared} FROM charged_calls ORDER BY ALL`)).toEqual(
    await engine.rows(`SELECT ${shared} FROM quota_charges ORDER BY ALL`),
  );
  expect(
    await engine.rows(
      "SELECT operation, region FROM charged_calls WHERE quota_id = 'op_CreateKey' AND units = 2",
    ),
  ).toEqual([{ operation: 'ReplicateKey', region: 'us-east-1' }]);
  // 5 units of symmetric at 12:00:00 and one denied a second later, 1 ReplicateKey, 2 CreateKey, 1 store.
  expect(before.reduce((sum, row) => sum + Number(row['offered']), 0)).toBe(10);
  expect(before.reduce((sum, row) => sum + Number(row['aws_service_offered']), 0)).toBe(2);
  expect(before.reduce((sum, row) => sum + Number(row['aws_service_throttled']), 0)).toBe(1);
  engine.close();
  database.close();
});

test('of two copies of an action the caller copy counts, in either order of arrival', async () => {
  const shared_event_id = '11111111-2222-3333-4444-555555555555';
  const owner = event({
    shared_event_id,
    account_id: '222222222222',
    event_id: 'aaaaaaaa-0000-0000-0000-000000000000',
  });
  const caller = event({ shared_event_id, event_id: 'bbbbbbbb-0000-0000-0000-000000000000' });
  for (const order of [
    [owner, caller],
    [caller, owner],
  ]) {
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    for (const row of order) await store(database, [row]);
    expect(await engine.rows('SELECT event_id FROM kms_events WHERE counted')).toEqual([
      { event_id: caller.event_id },
    ]);
    expect(await engine.rows('SELECT sum(offered) AS n FROM calls_per_second')).toEqual([{ n: 1 }]);
    engine.close();
    database.close();
  }
});
