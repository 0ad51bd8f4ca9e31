import { beforeAll, describe, expect, it } from 'vitest';
import type { SituationTruths } from '../../demo/truth.ts';
import {
  after,
  byPrincipal,
  bySecond,
  failed,
  contextOf,
  inPlace,
  isThrottled,
  loadDemo,
  onKey,
  times,
} from '../support/demo-trail.ts';
import { callerAccount, countBy, principalOf } from '../support/trail-counts.ts';
import type { RawRecord } from '../support/trail-reader.ts';

let truth: SituationTruths;
let calls: RawRecord[];

beforeAll(async () => {
  ({ truth, calls } = await loadDemo());
});

describe('capacity situations', () => {
  it('quota_growth: the peak of every day, and the line through the weekdays', () => {
    const t = truth.quota_growth;
    const seconds = bySecond(byPrincipal(calls, t.principal_arn));
    expect(t.daily).toHaveLength(30);
    t.daily.forEach((day, i) => {
      const ofDay = Object.entries(seconds).filter(([s]) => s.startsWith(day.day));
      expect(Math.max(...ofDay.map(([, n]) => n))).toBe(day.peak_calls);
      expect(seconds[day.peak_at]).toBe(day.peak_calls);
      expect(day.weekend).toBe([0, 6].includes(new Date(`${day.day}T00:00:00Z`).getUTCDay()));
      expect(day.peak_calls).toBe(180 + 5 * i - (day.weekend ? 60 : 0));
    });
    // 180 + 5 d = 320 and 400.
    expect(t.line_reaches_80_percent_on_day).toBe(28);
    expect(t.line_reaches_100_percent_on_day).toBe(44);
    // Nothing else in the account and Region is busier on any day.
    const all = bySecond(inPlace(calls, t, '2026', '2027'));
    for (const day of t.daily) {
      const ofDay = Object.entries(all).filter(([s]) => s.startsWith(day.day));
      expect(Math.max(...ofDay.map(([, n]) => n))).toBe(day.peak_calls);
    }
  });

  it('near_quota: calls in each second of both rollouts, and nothing beside them', () => {
    for (const t of [truth.near_quota_key_pairs, truth.near_quota_override]) {
      const last = after(t.started_at, t.calls_by_second.length - 1);
      const seconds = bySecond(inPlace(calls, t, t.started_at, last));
      expect(
        Object.keys(seconds)
          .sort()
          .map((s) => seconds[s]),
      ).toEqual(t.calls_by_second);
      expect(seconds[t.peak_at]).toBe(t.peak_calls);
      expect(t.calls).toBe(t.calls_by_second.reduce((a, b) => a + b));
    }
    expect(truth.near_quota_key_pairs).toMatchObject({
      peak_calls: 19,
      peak_percent_of_quota: 95,
      three_second_calls_max: 54,
      seconds_at_50_percent: 6,
      seconds_at_80_percent: 4,
      seconds_at_100_percent: 0,
    });
    expect(truth.near_quota_override).toMatchObject({
      peak_calls: 146,
      three_second_calls_max: 406,
      seconds_at_50_percent: 6,
      seconds_at_80_percent: 4,
    });
  });

  it('one_second_bursts: alone in their minutes', () => {
    const t = truth.one_second_bursts;
    expect(byPrincipal(calls, t.principal_arn)).toHaveLength(t.calls_each * t.bursts_at.length);
    for (const at of t.bursts_at) {
      expect(inPlace(calls, t, after(at, -30), after(at, 30))).toHaveLength(t.calls_each);
      expect(bySecond(byPrincipal(calls, t.principal_arn))[at]).toBe(240);
    }
    expect(t.minute_average_calls_per_second).toBe(4);
  });

  it('throttle_storm: who took the quota and who was refused', () => {
    const t = truth.throttle_storm;
    const storm = inPlace(calls, t, t.started_at, t.last_at);
    expect(storm).toHaveLength(t.offered_calls);
    expect(storm.filter(isThrottled)).toHaveLength(t.throttled_calls);
    const accepted = storm.filter((r) => !isThrottled(r));
    expect(Object.values(bySecond(accepted))).toEqual(Array(t.seconds).fill(200));
    expect(accepted.filter((r) => principalOf(r) === t.culprit_principal_arn)).toHaveLength(
      t.culprit_accepted_calls,
    );
    expect(t.culprit_accepted_share).toBe(0.88);
    for (const p of t.principals) {
      const own = storm.filter((r) => principalOf(r) === p.principal_arn);
      expect(own.filter(isThrottled)).toHaveLength(p.throttled_calls);
      expect(own.filter((r) => !isThrottled(r))).toHaveLength(p.accepted_calls);
    }
    expect(new Set(storm.map(principalOf)).size).toBe(t.principals.length);
    const through = new Set(accepted.map(principalOf));
    const refused = new Set(storm.filter(isThrottled).map(principalOf));
    expect([...refused].filter((p) => !through.has(p)).sort()).toEqual([...t.only_victims].sort());
    expect(new Set(storm.map((r) => contextOf(r)['aws:s3:arn'])).size).toBe(t.offered_calls);
  });

  it('retry_storms: every attempt of three principals', () => {
    const t = truth.retry_storms;
    for (const storm of t.storms) {
      const own = byPrincipal(calls, storm.principal_arn);
      expect(own).toHaveLength(storm.attempts);
      expect(times(own.filter(isThrottled))).toEqual(storm.refused_at);
      expect(times(own.filter((r) => !r.errorCode))).toEqual([storm.succeeded_at]);
      for (const r of own) expect(contextOf(r)).toEqual(storm.context);
    }
    const gaps = (i: number) => {
      const at = [...(t.storms[i]?.refused_at ?? []), t.storms[i]?.succeeded_at ?? ''];
      const seconds = at.map((s) => Date.parse(s) / 1000);
      return seconds.slice(1).map((s, n) => s - (seconds[n] ?? 0));
    };
    expect(Math.max(...gaps(0).slice(0, -1))).toBe(1);
    expect(gaps(1)).toEqual([5, 5, 5]);
    expect(gaps(2)).toEqual([1, 2, 4, 8]);
    const seconds = Array.from({ length: 12 }, (_, s) => after(t.started_at, s));
    const filler = bySecond(byPrincipal(calls, t.filler_principal_arn));
    expect(seconds.map((s) => filler[s])).toEqual(Array(12).fill(60));
  });

  it('flat_top: exactly the quota, with no refusal', () => {
    const t = truth.flat_top;
    const flat = inPlace(calls, t, t.flat_from, t.flat_last);
    expect(Object.values(bySecond(flat))).toEqual(
      Array(t.flat_seconds).fill(t.calls_per_flat_second),
    );
    expect(flat.filter((r) => r.errorCode)).toEqual([]);
    expect(byPrincipal(calls, t.principal_arn)).toHaveLength(t.calls);
    expect(calls.filter((r) => isThrottled(r) && callerAccount(r) === t.account_id)).toEqual([]);
  });

  it('hot_key: state-changing calls on one key, refused below the quota', () => {
    const t = truth.hot_key;
    const accepted = onKey(calls, t.key_arn);
    expect(countBy(accepted, (r) => r.eventName)).toEqual({
      TagResource: 40,
      CreateGrant: 120,
      RetireGrant: 120,
    });
    expect(Object.values(bySecond(accepted))).toEqual(Array(t.seconds).fill(28));
    const refused = byPrincipal(calls, t.principal_arn).filter(isThrottled);
    expect(refused).toHaveLength(t.throttled_create_grants);
  });

  it('custom_key_store and key_migration: calls charged twice, keys named twice', () => {
    const t = truth.custom_key_store;
    const own = onKey(calls, t.key_arn);
    expect(own).toHaveLength(t.calls);
    expect(Object.values(bySecond(own))).toEqual(Array(10).fill(t.calls_per_second));
    expect(new Set(own.map((r) => r.additionalEventData?.customKeyStoreId))).toEqual(
      new Set([t.custom_key_store_id]),
    );
    const m = truth.key_migration;
    const moves = byPrincipal(calls, m.principal_arn);
    expect(moves.filter((r) => !r.errorCode)).toHaveLength(m.re_encrypts);
    expect(moves.filter(failed('DryRunOperationException'))).toHaveLength(m.dry_runs);
    for (const r of moves) {
      expect(r.resources?.map((k) => k.ARN)).toEqual([m.source_key_arn, m.destination_key_arn]);
    }
  });
});
