import { expect, test } from 'vitest';
import beforeAfter, { type BeforeAfterRow } from '../../../analytics/finops/before-after.ts';
import { defaultConfig } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, withEvents } from '../../support/events.ts';
import { rawRequest, withServer } from '../../support/server.ts';

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;

async function compare(events: KmsEvent[], params: Record<string, unknown>) {
  return withEvents(events, async (engine) => {
    const result = await beforeAfter.execute(params, { engine, config: defaultConfig });
    return result.rows.map((row) => beforeAfter.row.parse(row) as BeforeAfterRow);
  });
}

// 48 hours: 60 calls an hour of one principal, after the first day 6; another keeps its 10.
const events: KmsEvent[] = [];
for (let hour = 0; hour < 48; hour++) {
  const calls = hour < 24 ? 60 : 6;
  for (let i = 0; i < calls; i++) {
    events.push(
      event({
        event_time: start + hour * 3_600 + (i % 5),
        principal_arn: 'cached',
        operation: 'GenerateDataKey',
        outcome: i === 59 ? 'throttled' : 'success',
      }),
    );
  }
  for (let i = 0; i < 10; i++) {
    events.push(event({ event_time: start + hour * 3_600 + i, principal_arn: 'same' }));
  }
}

test('a change shows in calls, peaks, throttling and dollars, by hand', async () => {
  const rows = await compare(events, { changed_at: '2026-10-06', hours: 24, by: 'principal' });
  expect(rows.map((row) => row.group_name)).toEqual(['(total)', 'cached', 'same']);
  const [total, cached, same] = rows;
  expect(cached).toMatchObject({
    calls_before: 1_440,
    calls_after: 144,
    covered_hours_before: 24,
    covered_hours_after: 24,
    calls_per_hour_before: 60,
    calls_per_hour_after: 6,
    change_percent: -90,
    throttled_before: 24,
    throttled_after: 0,
    calls_per_second_peak_before: 12,
    calls_per_second_peak_after: 2,
  });
  expect(cached!.cost_per_hour_before_usd).toBeCloseTo((59 * 0.03) / 10_000, 12);
  expect(same!.change_percent).toBe(0);
  expect(total!.calls_before).toBe(1_440 + 240);
  expect(total!.calls_after).toBe(144 + 240);
});

test('sides of different width compare per covered hour, and ranges are half-open', async () => {
  const ranges = {
    before_from: '2026-10-05T22:00:00Z',
    before_to: '2026-10-06',
    after_from: '2026-10-06',
    after_to: '2026-10-06T12:00:00Z',
    principal: 'cached',
  };
  const [total, row] = await compare(events, ranges);
  expect(row).toMatchObject({ group_name: 'GenerateDataKey', calls_before: 120, calls_after: 72 });
  expect(total!.change_percent).toBe(-90);
});

test('overlapping, missing and uncovered ranges are told', async () => {
  await expect(compare(events, {})).rejects.toMatchObject({ code: 'before_after_ranges' });
  await expect(
    compare(events, {
      before_from: '2026-10-05',
      before_to: '2026-10-06',
      after_from: '2026-10-05T23:59:59Z',
      after_to: '2026-10-07',
    }),
  ).rejects.toMatchObject({ code: 'before_after_overlap' });
  const [total] = await compare(events, { changed_at: '2026-10-07', hours: 24 });
  expect(total).toMatchObject({ calls_per_hour_after: null, change_percent: null });
});

test('without ranges, or with ones that overlap, CLI and API say what to give', async () => {
  const overlapping = {
    before_from: '2026-10-05',
    before_to: '2026-10-07',
    after_from: '2026-10-06',
    after_to: '2026-10-08',
  };
  const told = [
    [{}, 'before_after_ranges', /^give changed_at, or before_from, before_to/],
    [{ before_from: '2026-10-05' }, 'before_after_ranges', /^give changed_at/],
    [overlapping, 'before_after_overlap', /do not share a second/],
  ] as const;
  await withEvents(events.slice(0, 10), (engine) =>
    withServer(engine, async ({ port }) => {
      for (const [params, code, fix] of told) {
        await expect(
          beforeAfter.execute(params, { engine, config: defaultConfig }),
        ).rejects.toMatchObject({ code, exitCode: 2, fix: expect.stringMatching(fix) });
        const search = new URLSearchParams(params as Record<string, string>);
        const answer = await rawRequest(port, `/api/v1/analyses/before-after?${search}`);
        expect(answer.status).toBe(400);
        expect(answer.json().fix).toMatch(fix);
      }
      const bad = await rawRequest(port, '/api/v1/analyses/before-after?changed_at=tuesday');
      expect([bad.status, bad.json().detail]).toEqual([
        400,
        'changed_at: not an instant; write 2026-10-05, 2026-10-05T12:00:00Z or 7d',
      ]);
    }),
  );
});
