import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import bucketKeySavings, {
  type BucketSavingRow,
} from '../../analytics/finops/bucket-key-savings.ts';
import dataKeyCacheSavings, {
  type CacheSavingRow,
} from '../../analytics/finops/data-key-cache-savings.ts';
import findings, { type FindingRow } from '../../analytics/finops/findings.ts';
import serviceLevers, { type ServiceLeverRow } from '../../analytics/finops/service-levers.ts';
import { analyses } from '../../analytics/registry.ts';
import { generateDemoTrail } from '../../demo/generate.ts';
import type { DemoTruth, SituationTruths } from '../../demo/truth.ts';
import { defaultConfig } from '../../core/config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-demo-finops-'));
let truth: SituationTruths;
let database: Database;
let engine: DuckDbEngine;

async function load(name: string, cleanOnly: boolean): Promise<[DemoTruth, Database]> {
  const trail = path.join(scratch, name);
  const planted = await generateDemoTrail(trail, { seed: 7, cleanOnly });
  const opened = await openDatabase(':memory:');
  await ingest(opened, [await openSource(trail, {})], { workers: 1 });
  return [planted, opened];
}

beforeAll(async () => {
  const [planted, opened] = await load('planted', false);
  truth = planted.situations as SituationTruths;
  database = opened;
  engine = new DuckDbEngine(database);
});
afterAll(() => {
  engine.close();
  database.close();
  rmSync(scratch, { recursive: true });
});

const context = () => ({ engine, config: defaultConfig });
const widths = [60, 300, 900, 3600] as const;

describe('the planted levers come out with the planted numbers', () => {
  const band = async (bucket: string) =>
    (await bucketKeySavings.execute({ bucket, band: true }, context())).rows as BucketSavingRow[];
  const at = (rows: BucketSavingRow[], window_seconds: number, requester: string) =>
    rows.find((row) => row.window_seconds === window_seconds && row.requester === requester)!;

  test('a bucket without bucket keys, for each T and requester', async () => {
    const t = truth.bucket_without_bucket_keys;
    const rows = await band(t.bucket);
    for (const width of widths) {
      expect(at(rows, width, 'role')).toMatchObject({
        bucket_state: 'off',
        key_arn: t.key_arn,
        calls: t.calls_before,
        writes: t.writes_before,
        reads_written: t.reads_of_written_before,
        reads_older: t.reads_of_older_before,
        writes_after: t.writes_after_by_role[width],
        reads_written_after: t.reads_of_written_after_by_role[width],
        reads_older_after_high: t.reads_of_older_after_pessimistic[width],
        reads_older_after_low: t.reads_of_older_after_optimistic[width],
      });
      expect(at(rows, width, 'session')).toMatchObject({
        writes_after: t.writes_after_by_session[width],
        reads_written_after: t.reads_of_written_after_by_session[width],
      });
    }
  });

  test('buckets with the switch on, mixed, and fanned out over sessions', async () => {
    const on = truth.bucket_with_bucket_keys;
    expect(await band(on.bucket)).toMatchObject([
      { scope: 'bucket_key_on', bucket_state: 'on', writes: on.writes, saved_calls_day_one: null },
    ]);
    const mixed = truth.mixed_bucket;
    const rows = await band(mixed.bucket);
    expect(rows.find((row) => row.scope === 'bucket_key_on')).toMatchObject({
      bucket_state: 'mixed',
      writes: mixed.bucket_key_writes,
    });
    for (const width of widths) {
      expect(at(rows, width, 'role')).toMatchObject({
        reads_older: mixed.object_reads,
        objects_older: mixed.objects_read,
        reads_older_after_high: mixed.reads_after_pessimistic[width],
        reads_older_after_low: mixed.reads_after_optimistic[width],
      });
    }
    const fan = truth.session_fan_out;
    const fanned = await band(fan.bucket);
    for (const width of widths) {
      expect(at(fanned, width, 'role').writes_after).toBe(fan.writes_after_by_role[width]);
      expect(at(fanned, width, 'session').writes_after).toBe(fan.writes_after_by_session[width]);
    }
  });

  test('the Encryption SDK application, for each maxAge', async () => {
    const t = truth.encryption_sdk;
    for (const max_age_seconds of [60, 300, 3600] as const) {
      for (const [max_messages, after] of [
        [4_294_967_296, t.encrypt_calls_after],
        [100, t.encrypt_calls_after_100_messages],
      ] as const) {
        const result = await dataKeyCacheSavings.execute(
          { principal: t.principal_arn, max_age_seconds, max_messages },
          context(),
        );
        expect(result.rows as CacheSavingRow[]).toMatchObject([
          { calls: t.encrypt_calls_before, calls_after: after[max_age_seconds] },
        ]);
      }
    }
    for (const max_age_seconds of [60, 300] as const) {
      const result = await dataKeyCacheSavings.execute(
        { principal: t.reader_principal_arn, max_age_seconds },
        context(),
      );
      expect(result.rows as CacheSavingRow[]).toMatchObject([
        { calls: t.decrypt_calls_before, calls_after: t.decrypt_calls_after[max_age_seconds] },
      ]);
    }
  });

  test('queue, table, secret, parameter, branch key and cold starts', async () => {
    const levers = async (params = {}) =>
      (await serviceLevers.execute(params, context())).rows as ServiceLeverRow[];
    const sum = (rows: ServiceLeverRow[], lever: string, resource: string) => {
      const mine = rows.filter((row) => row.lever === lever && row.resource === resource);
      return [
        mine.reduce((all, row) => all + row.calls, 0),
        mine.reduce((all, row) => all + row.calls_after_high, 0),
      ];
    };
    const hour = await levers({ branch_key_seconds: 3600 });
    const { sqs_reuse: queue, dynamodb_thrash: table } = truth;
    expect(sum(hour, 'sqs_reuse', queue.queue_arn)).toEqual([
      queue.calls_before,
      queue.calls_after_3600,
    ]);
    expect(queue.saved_share_3600).toBeCloseTo(0.917, 3);
    const tableRow = hour.find((row) => row.principal_arn === table.principal_arn)!;
    expect([tableRow.calls, tableRow.calls_after_high]).toEqual([
      table.calls_before,
      table.calls_after,
    ]);
    const short = await levers({ cache_seconds: 300, branch_key_seconds: 900 });
    const { secret_reader: secret, parameter_reader: parameter } = truth;
    const branch = truth.short_branch_key_cache;
    expect(sum(hour, 'secret_cache', secret.secret_arn)).toEqual([360, secret.calls_after[3600]]);
    expect(sum(short, 'secret_cache', secret.secret_arn)).toEqual([360, secret.calls_after[300]]);
    expect(sum(short, 'parameter_cache', parameter.parameter_arn)).toEqual([
      parameter.calls_before,
      parameter.calls_after[300],
    ]);
    expect(sum(short, 'branch_key_cache', branch.branch_key_id)).toEqual([
      branch.calls_before,
      branch.calls_after[900],
    ]);
    expect(sum(hour, 'branch_key_cache', branch.branch_key_id)[1]).toBe(branch.calls_after[3600]);
    const cold = truth.lambda_cold_starts;
    expect(sum(hour, 'lambda_cold_starts', cold.function_arn)).toEqual([
      cold.cold_starts,
      cold.cold_starts,
    ]);
  });
});

describe('findings', () => {
  test('are the planted ones and no others', async () => {
    const { rows } = await findings.execute({}, context());
    const found = (rows as FindingRow[]).map((row) => `${row.finding} ${row.resource}`);
    const table = truth.dynamodb_thrash;
    const queue = `sqs_reuse ${truth.sqs_reuse.queue_arn}`;
    expect(found.sort()).toEqual(
      [
        `bucket_key_off ${truth.bucket_without_bucket_keys.bucket}`,
        `bucket_objects_older ${truth.bucket_without_bucket_keys.bucket}`,
        `bucket_objects_older ${truth.mixed_bucket.bucket}`,
        `bucket_key_off ${truth.session_fan_out.bucket}`,
        // The attacker's own writes are 240 calls of a bucket without a bucket key, too.
        `bucket_key_off ${truth.ransomware.bucket}`,
        `data_key_cache ${truth.encryption_sdk.key_arn}`,
        `branch_key_cache ${truth.short_branch_key_cache.branch_key_id}`,
        `dynamodb_connections arn:aws:dynamodb:${table.region}:${table.account_id}:table/${table.table}`,
        queue,
        queue,
        `secret_cache ${truth.secret_reader.secret_arn}`,
        `parameter_cache ${truth.parameter_reader.parameter_arn}`,
        `lambda_cold_starts ${truth.lambda_cold_starts.function_arn}`,
        `idle_key ${truth.idle_key.key_arn}`,
        ...(rows as FindingRow[])
          .filter((row) => row.finding === 'trail_copies')
          .map((row) => `trail_copies ${row.resource}`),
      ].sort(),
    );
    const copies = (rows as FindingRow[]).filter((row) => row.finding === 'trail_copies');
    expect(copies.map((row) => [row.account_id, row.region])).toEqual([
      [truth.second_trail.account_id, truth.second_trail.region],
    ]);
  });

  test('each names a command that gives its numbers, and its flags are those of the analysis', async () => {
    const { rows } = await findings.execute({}, context());
    const all = await analyses();
    for (const row of rows as FindingRow[]) {
      const words = [...row.query.matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
      expect(words.slice(0, 2)).toEqual(['keymeter', 'run']);
      const analysis = all.get(words[2]!)!;
      const params: Record<string, string> = {};
      for (let i = 3; i < words.length; i += 2) {
        params[words[i]!.replace(/^--/, '').replaceAll('-', '_')] = words[i + 1]!;
      }
      expect(Object.keys(analysis.params.shape)).toEqual(
        expect.arrayContaining(Object.keys(params)),
      );
      const answer = await analysis.execute(params, context());
      expect(answer.rows.length, row.query).toBeGreaterThan(0);
    }
  });

  test('the clean trail has none', async () => {
    const [, clean] = await load('clean', true);
    const reader = new DuckDbEngine(clean);
    const { rows } = await findings.execute({}, { engine: reader, config: defaultConfig });
    expect(rows).toEqual([]);
    reader.close();
    clean.close();
  });
});
