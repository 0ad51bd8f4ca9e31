import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analysis } from '../../analytics/analysis.ts';
import hotKeys from '../../analytics/capacity/hot-keys.ts';
import quotaContributors from '../../analytics/capacity/quota-contributors.ts';
import quotaForecast from '../../analytics/capacity/quota-forecast.ts';
import quotaRequest from '../../analytics/capacity/quota-request.ts';
import quotaUtilisation from '../../analytics/capacity/quota-utilisation.ts';
import quotaWhatIf from '../../analytics/capacity/quota-what-if.ts';
import retryStorms from '../../analytics/capacity/retry-storms.ts';
import suspectedThrottling from '../../analytics/capacity/suspected-throttling.ts';
import throttleContributors from '../../analytics/capacity/throttle-contributors.ts';
import throttleHotspots from '../../analytics/capacity/throttle-hotspots.ts';
import { demoBurstChart } from '../../demo/burst-chart.ts';
import { generateDemoTrail } from '../../demo/generate.ts';
import type { SituationTruths } from '../../demo/truth.ts';
import { configSchema, type Config } from '../../core/config.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

const scratch = mkdtempSync(join(tmpdir(), 'keymeter-demo-capacity-'));
let truth: SituationTruths;
let config: Config;
let database: Database;
let engine: DuckDbEngine;

beforeAll(async () => {
  const directory = join(scratch, 'trail');
  const whole = await generateDemoTrail(directory, { seed: 5 });
  truth = whole.situations as SituationTruths;
  config = configSchema.parse({ quotaOverrides: whole.quota_overrides });
  database = await openDatabase(join(scratch, 'demo.duckdb'));
  await ingest(database, [await openSource(directory, {})], { workers: 2 });
  engine = new DuckDbEngine(database);
});
afterAll(() => {
  engine.close();
  database.close();
  rmSync(scratch, { recursive: true });
});

async function run(analysis: Analysis, params: Record<string, unknown> = {}) {
  const { rows } = await analysis.execute(params, { engine, config });
  return rows.map((row) => analysis.row.strict().parse(row));
}

/** The filters of a situation's account, Region and quota. */
const place = (t: { account_id: string; region: string; quota_id: string }) => ({
  account: t.account_id,
  region: t.region,
  quota: t.quota_id,
});

describe('the planted situations are found with the planted numbers', () => {
  it('near_quota: peak, three seconds, seconds at 50, 80 and 100 percent', async () => {
    for (const t of [truth.near_quota_key_pairs, truth.near_quota_override]) {
      const range = { from: t.started_at, to: new Date(Date.parse(t.started_at) + 60_000) };
      const rows = await run(quotaUtilisation, { ...place(t), ...range });
      expect(rows).toMatchObject([
        {
          limit_per_second: t.quota_calls_per_second,
          accepted_peak: t.peak_calls,
          accepted_peak_at: t.peak_at,
          utilisation_peak_percent: t.peak_percent_of_quota,
          accepted_3s_peak: t.three_second_calls_max,
          seconds_50_percent: t.seconds_at_50_percent,
          seconds_80_percent: t.seconds_at_80_percent,
          seconds_100_percent: t.seconds_at_100_percent,
          offered_calls: t.calls,
          active_seconds: t.calls_by_second.length,
        },
      ]);
    }
  });

  it('one_second_bursts: 80 % of the quota in a second, 4 a second over the minute', async () => {
    const t = truth.one_second_bursts;
    const rows = await run(quotaUtilisation, place(t));
    expect(rows).toMatchObject([
      {
        accepted_peak: t.calls_each,
        accepted_peak_at: t.bursts_at[0],
        utilisation_peak_percent: t.peak_percent_of_quota,
        accepted_3s_peak: t.calls_each,
        seconds_80_percent: t.bursts_at.length,
      },
    ]);
    const [top] = await run(quotaContributors, { ...place(t), top_seconds: t.bursts_at.length });
    expect(top).toMatchObject({
      group_name: t.principal_arn,
      share: 1,
      calls: t.calls_each * t.bursts_at.length,
    });
  });

  it('one_second_bursts: the chart of docs/capacity.md is of this trail', async () => {
    const drawn = await demoBurstChart(engine, truth.one_second_bursts);
    expect(drawn).toContain('By the minute: at most 4 calls/s, 1.3 % of the quota');
    expect(drawn).toContain('By the second: at most 240 calls/s, 80 % of the quota');
    const file = new URL('../../docs/img/one-second-burst.svg', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(drawn);
  });

  it('throttle_storm: one burst, one culprit, three that are only victims', async () => {
    const t = truth.throttle_storm;
    const bursts = await run(throttleHotspots, place(t));
    expect(bursts).toMatchObject([
      {
        started_at: t.started_at,
        ended_at: t.last_at,
        duration_seconds: t.seconds,
        throttled_calls: t.throttled_calls,
        offered_calls: t.offered_calls,
        error_share: t.error_share,
        accepted_peak: t.accepted_calls_per_second,
        accepted_peak_percent: 100,
      },
    ]);
    const groups = await run(throttleContributors, place(t));
    expect(groups[0]).toMatchObject({
      group_name: t.culprit_principal_arn,
      role: 'culprit',
      accepted_calls: t.culprit_accepted_calls,
      accepted_share: t.culprit_accepted_share,
    });
    const told = Object.fromEntries(
      groups.map((g) => [g['group_name'], [g['accepted_calls'], g['throttled_calls']]]),
    );
    expect(told).toEqual(
      Object.fromEntries(
        t.principals.map((p) => [p.principal_arn, [p.accepted_calls, p.throttled_calls]]),
      ),
    );
    const onlyVictims = groups.filter((g) => g['role'] === 'only_victim');
    expect(onlyVictims.map((g) => g['group_name']).sort()).toEqual([...t.only_victims].sort());
    // Taking the culprit out leaves 24 accepted calls a second, and 24 + 24 offered.
    const [after] = await run(quotaWhatIf, {
      ...place(t),
      from: t.started_at,
      to: new Date(Date.parse(t.last_at) + 1000),
      load: 'accepted',
      principal: t.culprit_principal_arn,
      factor: 0,
    });
    expect(after).toMatchObject({ peak_before: 200, peak_after: 24, chosen_calls: 176 * 12 });
  });

  it('retry_storms: three principals with their attempts and the shape of their pauses', async () => {
    const t = truth.retry_storms;
    const storms = await run(retryStorms, place(t));
    expect(storms).toHaveLength(t.storms.length);
    for (const planted of t.storms) {
      const found = storms.find((storm) => storm['principal_arn'] === planted.principal_arn);
      expect(found).toMatchObject({
        back_off: planted.back_off,
        operation: planted.operation,
        attempts: planted.attempts,
        throttled_calls: planted.throttled_calls,
        started_at: planted.refused_at[0],
        ended_at: planted.succeeded_at,
        succeeded: true,
      });
      expect(JSON.parse(String(found!['encryption_context']))).toEqual(planted.context);
    }
  });

  it('flat_top: fifteen seconds at the quota without a throttle, and nothing else suspected', async () => {
    const t = truth.flat_top;
    expect(await run(suspectedThrottling)).toMatchObject([
      {
        caller_account_id: t.account_id,
        region: t.region,
        quota_id: t.quota_id,
        started_at: t.flat_from,
        ended_at: t.flat_last,
        duration_seconds: t.flat_seconds,
        accepted_least: t.calls_per_flat_second,
        accepted_most: t.calls_per_flat_second,
        mean_percent: 100,
      },
    ]);
  });

  it('hot_key: the state-changing calls of one key stand out', async () => {
    const t = truth.hot_key;
    const [top] = await run(hotKeys);
    expect(top).toMatchObject({
      key_name: t.key_arn,
      region: t.region,
      state_changes: t.accepted_calls_by_second * t.seconds + t.throttled_create_grants,
      state_changes_peak: t.accepted_calls_by_second + t.throttled_create_grants / t.seconds,
      state_changes_peak_at: t.started_at,
      state_changes_throttled: t.throttled_create_grants,
      stands_out_by_changes: true,
    });
  });

  it('quota_growth: the day on which the quota is reached, and a request with the evidence', async () => {
    const t = truth.quota_growth;
    const dayOf = (index: number) => {
      const first = Date.parse(`${t.daily[0]!.day}T00:00:00Z`);
      return new Date(first + index * 86_400_000).toISOString().slice(0, 10);
    };
    const [row] = await run(quotaForecast, place(t));
    expect(row).toMatchObject({
      status: 'forecast',
      days_of_history: t.daily.length,
      reached_80_percent_on: dayOf(t.line_reaches_80_percent_on_day),
      reached_100_percent_on: null,
      expected_100_percent_on: dayOf(t.line_reaches_100_percent_on_day),
      backtest_coverage: 1,
    });
    expect(row!['growth_calls_per_day']).toBeCloseTo(t.growth_calls_per_day, 6);
    const requests = await run(quotaRequest, place(t));
    expect(requests).toMatchObject([
      { current_value: t.quota_calls_per_second, peak_calls: t.last_peak_calls },
    ]);
    expect(requests[0]!['cause']).toContain(`100 % ${t.principal_arn}`);
    expect(Number(requests[0]!['desired_value'])).toBeGreaterThan(t.quota_calls_per_second);
  });

  it('custom_key_store: charged to the store and to the account', async () => {
    const t = truth.custom_key_store;
    const rows = await run(quotaUtilisation, { detail_percent: 0 });
    const store = rows.filter((row) => row['custom_key_store_id'] === t.custom_key_store_id);
    expect(store).toMatchObject([
      { caller_account_id: null, offered_calls: t.calls, accepted_peak: t.calls_per_second },
    ]);
  });
});
