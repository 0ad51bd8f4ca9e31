import { expect, test } from 'vitest';
import rule from '../../../analytics/detections/mass-decrypt.ts';
import detections from '../../../analytics/detections/detections.ts';
import { openDatabase } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import { event, store } from '../../support/events.ts';
import { day, findings, many, ownConfig } from '../../support/findings.ts';

const read = (at: string, i: number, more: object = {}) =>
  event({
    at,
    context_kind: 's3',
    s3_bucket: 'docs',
    resource_arn: `arn:aws:s3:::docs/${i}`,
    ...more,
  });
const hour = (number: number, objects: number, more: object = {}) =>
  many(objects, (i) => read(day(number, i % 3600), i, more));

test('fires on far more different objects in an hour than ever before', async () => {
  const events = [...hour(1, 20), ...hour(2, 10), ...hour(4, 100), ...hour(4, 100)];
  expect(await findings(rule, events)).toMatchObject([
    {
      rule_id: 'KMS-06',
      severity: 'high',
      first_at: day(4),
      events: 200,
      finding:
        '100 different objects decrypted in 100 seconds by 200 calls, of bucket docs; the threshold is 100, and at most 20 were decrypted in any hour before',
    },
  ]);
});

test('fires on fewer secrets', async () => {
  const secrets = many(20, (i) =>
    read(day(4, i), i, { context_kind: 'secretsmanager', s3_bucket: null }),
  );
  expect(await findings(rule, [...hour(1, 1), ...secrets])).toHaveLength(1);
  expect(await findings(rule, [...hour(1, 1), ...secrets.slice(1)])).toEqual([]);
});

test('the first hours of a log are not judged, and listed where they pass the threshold', async () => {
  const attack = many(566, (i) => read(day(1, i % 19), i));
  expect(await findings(rule, attack)).toMatchObject([
    {
      verdict: 'not_judged',
      severity: 'high',
      events: 566,
      finding:
        'not judged: 0 of 24 hours of history; 566 different objects decrypted in 19 seconds by 566 calls, of bucket docs; the threshold is 100, and at most 0 were decrypted in any hour before',
    },
  ]);
  // Three covered hours before it.
  const late = [read(day(1, -3 * 3600), 1), ...attack];
  expect((await findings(rule, late))[0]).toMatchObject({ verdict: 'not_judged' });
  expect(String((await findings(rule, late))[0]!['finding'])).toContain('3 of 24 hours of history');
  // Below the threshold the account is listed, with nothing that was seen.
  expect(
    await findings(
      rule,
      many(50, (i) => read(day(1, i), i)),
    ),
  ).toMatchObject([
    {
      verdict: 'not_judged',
      severity: 'low',
      events: 0,
      finding: 'not judged: 1 of 24 hours of history in account 111111111111',
    },
  ]);
});

test('another account’s older log is no history', async () => {
  const old = event({
    at: day(1, -30 * 86_400),
    account_id: '222222222222',
    caller_account_id: '222222222222',
  });
  const attack = many(566, (i) => read(day(1, i % 19), i));
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  await store(database, [old]);
  await store(database, attack);
  const rows = (await rule.execute({}, { engine, config: ownConfig })).rows;
  expect(rows.map((row) => [row['account_id'], row['verdict'], row['events']])).toEqual([
    ['111111111111', 'not_judged', 566],
    ['222222222222', 'not_judged', 0],
  ]);
  const { notes } = await detections.execute({}, { engine, config: ownConfig });
  expect(notes.join(' ')).toContain('1 of them is over an absolute threshold');
  engine.close();
  database.close();
});

test('23 covered hours before are too few, 24 are enough', async () => {
  const verdict = async (hours: number) =>
    (
      await findings(rule, [
        read(day(1, -hours * 3600), 1),
        ...many(200, (i) => read(day(1, i), i)),
      ])
    ).map((row) => row['verdict']);
  expect(await verdict(23)).toEqual(['not_judged']);
  expect(await verdict(24)).toEqual(['found']);
});

test('is silent on a usual peak, and on one object read often', async () => {
  // The first hour is not judged; the fourth day is, and is usual.
  const usual = await findings(rule, [...hour(1, 101), ...hour(4, 400)]);
  expect(usual.map((row) => [row['verdict'], row['first_at']])).toEqual([['not_judged', day(1)]]);
  expect(await findings(rule, [...hour(1, 1), ...many(500, (i) => read(day(4, i), 1))])).toEqual(
    [],
  );
  expect(await findings(rule, hour(1, 500), { baseline_hours: 0 })).toHaveLength(1);
  const denied = hour(4, 500, { outcome: 'denied' });
  expect(await findings(rule, [...hour(1, 1), ...denied])).toEqual([]);
});

test('the past counts also from before the range; what lies before the range is not reported', async () => {
  const events = [...hour(1, 1), ...hour(3, 150), ...hour(5, 160)];
  expect(await findings(rule, events)).toHaveLength(1);
  expect(await findings(rule, events, { from: day(4) })).toEqual([]);
});
