import { beforeAll, describe, expect, it } from 'vitest';
import type { SituationTruths } from '../../demo/truth.ts';
import { keyOf, loadDemo, onKey, sessionOf, times } from '../support/demo-trail.ts';
import { callerAccount, countBy } from '../support/trail-counts.ts';
import type { RawFile, RawRecord } from '../support/trail-reader.ts';

let truth: SituationTruths;
let files: RawFile[];
let records: RawRecord[];
let events: RawRecord[];
let calls: RawRecord[];

beforeAll(async () => {
  ({ truth, files, records, events, calls } = await loadDemo());
});

describe('delivery situations', () => {
  it('cross_account: two records an action, either of them first', () => {
    const t = truth.cross_account;
    const stamp = (path: string) => /_(\d{8}T\d{4})Z_/.exec(path)?.[1] ?? '';
    for (const way of t.ways) {
      const copies = files.flatMap((file) =>
        file.records
          .filter((r) => keyOf(r) === way.key_arn)
          .map((r) => ({ r, at: stamp(file.path) })),
      );
      expect(copies).toHaveLength(way.records);
      expect(new Set(copies.map((c) => c.r.eventID)).size).toBe(way.records);
      expect(new Set(copies.map((c) => c.r.sharedEventID)).size).toBe(way.actions);
      const own = copies.filter((c) => c.r.recipientAccountId === way.caller_account_id);
      expect(own).toHaveLength(way.actions);
      const ownerAt = new Map(
        copies.filter((c) => !own.includes(c)).map((c) => [c.r.sharedEventID, c.at]),
      );
      const ownerFirst = own.filter((c) => (ownerAt.get(c.r.sharedEventID) ?? '') < c.at);
      expect(ownerFirst.length).toBeGreaterThan(way.actions / 4);
      expect(ownerFirst.length).toBeLessThan((way.actions * 3) / 4);
      expect(onKey(calls, way.key_arn).map(callerAccount)).toEqual(
        Array(way.actions).fill(way.caller_account_id),
      );
    }
    const denied = events.filter((r) => sessionOf(r)?.endsWith('partner-exchange/exchange-2'));
    expect(denied).toHaveLength(t.denied_in_caller_account_only);
  });

  it('second_trail: all records of the days twice, in different files, equal to the byte', () => {
    const t = truth.second_trail;
    const inside = (r: RawRecord) =>
      r.recipientAccountId === t.account_id &&
      r.awsRegion === t.region &&
      r.eventTime >= t.from &&
      r.eventTime < t.to;
    const placed = files.flatMap((f) => f.records.filter(inside).map((r) => ({ r, path: f.path })));
    const byId = countBy(placed, (p) => p.r.eventID);
    expect(new Set(Object.values(byId))).toEqual(new Set([2]));
    expect(new Set(placed.map((p) => `${p.r.eventID} ${p.path}`)).size).toBe(placed.length);
    expect(new Set(placed.map((p) => JSON.stringify(p.r))).size).toBe(placed.length / 2);
    expect(onKey(calls, t.key_arn)).toHaveLength(t.distinct_events);
    expect(placed.filter((p) => keyOf(p.r) === t.key_arn)).toHaveLength(t.records);
    const outside = records.filter((r) => !inside(r));
    expect(new Set(outside.map((r) => r.eventID)).size).toBe(outside.length);
  });

  it('late_files: published under the next day', () => {
    const t = truth.late_files;
    const late = files.filter((f) => f.records.some((r) => keyOf(r) === t.key_arn));
    const inLate = late.flatMap((f) => f.records);
    expect(inLate).toHaveLength(t.calls);
    expect([times(inLate)[0], times(inLate).at(-1)]).toEqual([t.first_at, t.last_at]);
    for (const f of late) expect(f.path).toContain(`/${t.published_day.replaceAll('-', '/')}/`);
    expect(t.first_at.slice(0, 10) < t.published_day).toBe(true);
  });

  it('service_principal_calls: no account in the identity', () => {
    const t = truth.service_principal_calls;
    const own = onKey(calls, t.key_arn);
    expect(own).toHaveLength(t.calls);
    for (const r of own) {
      expect(r.userIdentity).toEqual({ type: 'AWSService', invokedBy: t.principal });
      expect(r.sharedEventID).toBeDefined();
    }
  });
});
