import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analysis } from '../../analytics/analysis.ts';
import { analyses } from '../../analytics/registry.ts';
import { defaultConfig } from '../../core/config.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { demoDatabase, type DemoDatabase } from '../support/demo-database.ts';

type Row = Record<string, unknown>;

const filters = ['from', 'to', 'account', 'region', 'key', 'principal'];

/** What an analysis cannot be narrowed by, and why. */
const without: Readonly<Record<string, readonly string[]>> = {
  // Quotas are of an account and Region: a part of the load has no utilisation of its own.
  'quota-contributors': ['key', 'principal'],
  'quota-forecast': ['key', 'principal'],
  'quota-forecast-days': ['key', 'principal'],
  'quota-request': ['key', 'principal'],
  'quota-utilisation': ['key', 'principal'],
  'suspected-throttling': ['key', 'principal'],
  'throttle-contributors': ['key', 'principal'],
  'throttle-hotspots': ['key', 'principal'],
  // A burst is of a key beside all calls of the second.
  'hot-keys': ['key', 'principal'],
  // Bills, keys, files and names are not of a caller.
  bill: ['key', 'principal'],
  'cloudtrail-cost': ['key', 'principal'],
  'cost-reconciliation': ['account', 'key', 'principal'],
  'key-cost': ['key', 'principal'],
  // A rule a row, and what it could judge.
  'detection-rules': ['key', 'principal'],
  coverage: ['key', 'principal'],
  'unread-objects': filters,
  names: filters,
  'alias-history': ['from', 'to', 'principal'],
  // Two ranges of their own.
  'before-after': ['from', 'to'],
  // Requesters share bucket keys with each other: a part of them replays another bucket.
  'bucket-key-savings': ['principal'],
  'bucket-rewrite-curve': ['principal'],
};

let demo: DemoDatabase;
let database: Database;
let engine: DuckDbEngine;
let registry: ReadonlyMap<string, Analysis>;

beforeAll(async () => {
  demo = await demoDatabase(1);
  registry = await analyses();
  database = await openDatabase(demo.database, { readOnly: true });
  engine = new DuckDbEngine(database);
});
afterAll(() => {
  engine.close();
  database.close();
  demo.remove();
});

const rowsOf = async (name: string, params: Row = {}) =>
  (await registry.get(name)!.execute(params, { engine, config: defaultConfig })).rows;
const sum = (rows: readonly Row[], column: string) =>
  rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
const distinct = async (column: string) =>
  (
    await engine.rows(
      `SELECT DISTINCT ${column} AS value FROM kms_events WHERE ${column} IS NOT NULL`,
    )
  ).map((row) => String(row['value']));

test('every analysis over events takes every filter, but for those that say why', () => {
  for (const analysis of registry.values()) {
    const lacking = filters.filter((name) => !(name in analysis.params.shape));
    expect([analysis.name, lacking]).toEqual([analysis.name, without[analysis.name] ?? []]);
  }
});

test('the parts of each filter add up to the whole', async () => {
  const whole = sum(await rowsOf('log-totals'), 'calls');
  for (const [filter, column] of [
    ['account', 'caller_account_id'],
    ['region', 'region'],
    ['principal', 'principal_arn'],
  ] as const) {
    let parts = 0;
    for (const value of await distinct(column)) {
      parts += sum(await rowsOf('log-totals', { [filter]: value }), 'calls');
    }
    expect([filter, parts]).toEqual([filter, whole]);
  }
  // Keys: what no key can be named for is the rest.
  const usage = await rowsOf('key-usage', { limit: 10_000 });
  expect(sum(usage, 'calls')).toBe(whole);
  const named = usage.filter((row) => String(row['key']).startsWith('arn:'));
  for (const row of [...named.slice(0, 6), ...named.slice(-6)]) {
    const params = { key: row['key'] };
    expect([params, sum(await rowsOf('log-totals', params), 'calls')]).toEqual([
      params,
      row['calls'],
    ]);
    expect([params, sum(await rowsOf('key-usage', params), 'calls')]).toEqual([
      params,
      row['calls'],
    ]);
  }
});

test('a principal on a key is the same number in every answer', async () => {
  const pairs = (await rowsOf('access-matrix', { limit: 10_000 })).filter((row) =>
    String(row['key']).startsWith('arn:'),
  );
  // The busiest, those with denials, and some of the rest.
  const denied = pairs.filter((row) => Number(row['denied_calls']) > 0);
  const chosen = new Map(
    [...pairs.slice(0, 5), ...denied.slice(0, 5), ...pairs.slice(-5)].map((row) => [
      `${String(row['principal_arn'])} ${String(row['key'])}`,
      { principal: row['principal_arn'], key: row['key'] },
    ]),
  );
  expect(chosen.size).toBeGreaterThan(8);
  for (const pair of chosen.values()) {
    const calls = async (name: string, more: Row = {}) =>
      sum(
        (await rowsOf(name, { ...pair, ...more, limit: 10_000 })).filter(
          (row) => (row['event_source'] ?? 'kms.amazonaws.com') === 'kms.amazonaws.com',
        ),
        'calls',
      );
    const expected = await calls('access-matrix');
    // ReEncrypt to the key is in the timelines, which list its destination too.
    const asDestination = sum(
      (await rowsOf('blast-radius', { ...pair, limit: 100_000 })).filter(
        (row) => row['kind'] === 'destination_key' && row['name'] === pair.key,
      ),
      'calls',
    );
    expect([pair, await calls('key-usage')]).toEqual([pair, expected]);
    expect([pair, await calls('principal-usage')]).toEqual([pair, expected]);
    const ofKey = await calls('key-timeline');
    expect([pair, ofKey]).toEqual([pair, expected + asDestination]);
    expect([pair, await calls('principal-timeline')]).toEqual([pair, ofKey]);
  }
});

test('detections of a principal and of a key are those among all', async () => {
  const all = (await rowsOf('detections')).filter((row) => Number(row['events']) > 0);
  for (const [filter, column] of [
    ['principal', 'principal_arn'],
    ['key', 'key'],
  ] as const) {
    const values = [...new Set(all.map((row) => row[column]))].filter((value) => value !== null);
    expect(values.length).toBeGreaterThan(3);
    for (const value of values.slice(0, 4)) {
      const found = await rowsOf('detections', { [filter]: value });
      for (const row of found) expect(all).toContainEqual(row);
      const expected = all.filter((row) => row[column] === value);
      expect(found).toEqual(expect.arrayContaining(expected));
      if (filter === 'principal') expect(found).toEqual(expected);
    }
  }
});
