import { expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { analysisMetrics } from '../../api/analysis-metrics.ts';
import { configSchema } from '../../core/config.ts';
import { withEvents, event } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

/** Samples of a text exposition by metric and labels. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const config = configSchema.parse({
  quotaOverrides: [{ account_id: '111111111111', quota_id: 'crypto_symmetric', value: 10 }],
});

/** Nine accepted and three throttled calls in one second; a tenth of that two days before. */
const events = [
  event({ at: '2026-10-03T12:00:00Z' }),
  ...Array.from({ length: 12 }, (_, i) =>
    event({ at: '2026-10-05T12:00:00Z', outcome: i < 9 ? 'success' : 'throttled' }),
  ),
  ...Array.from({ length: 3 }, () => event({ at: '2026-10-05T12:00:01Z', outcome: 'throttled' })),
];

test('metrics equal what was counted by hand', async () => {
  await withEvents(events, (engine) =>
    withServer(
      engine,
      async ({ port }) => {
        const answer = await rawRequest(port, '/metrics');
        expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
        const found = samples(answer.text);
        const scope = '{account="111111111111",region="eu-central-1",quota="crypto_symmetric"}';
        expect(found.get(`keymeter_calls${scope}`)).toBe(16);
        expect(found.get(`keymeter_throttled_calls${scope}`)).toBe(6);
        expect(found.get(`keymeter_calls_per_second_peak${scope}`)).toBe(12);
        expect(found.get(`keymeter_quota_utilisation_peak_percent${scope}`)).toBe(90);
        expect(found.get(`keymeter_quota_demand_peak_percent${scope}`)).toBe(120);
        expect(found.get(`keymeter_quota_seconds_80_percent${scope}`)).toBe(1);
        expect(found.get(`keymeter_quota_seconds_100_percent${scope}`)).toBe(0);
        expect(found.get(`keymeter_throttle_bursts${scope}`)).toBe(1);
        expect(found.get(`keymeter_throttle_burst_calls${scope}`)).toBe(6);
        // Nine successful requests of the last day at 0.03 USD for 10,000.
        const cost = found.get('keymeter_request_cost_usd_per_day{account="111111111111"}');
        expect(cost).toBeCloseTo((9 * 0.03) / 10_000, 12);
        expect(found.get('keymeter_ingest_objects{status="ok"}')).toBe(1);
        expect(found.get('keymeter_ingest_inserted_records')).toBe(16);
        const newest = Date.parse('2026-10-05T12:00:01Z') / 1000;
        expect(found.get('keymeter_last_event_timestamp_seconds')).toBe(newest);
        for (const { analysis } of analysisMetrics) {
          expect(found.get(`keymeter_analysis_up{analysis="${analysis}"}`)).toBe(1);
        }
      },
      { config },
    ),
  );
});

test('every analysis behind a metric exists and has its columns', async () => {
  const registry = await analyses();
  for (const { analysis, labels, metrics } of analysisMetrics) {
    const columns = Object.keys(registry.get(analysis)!.row.shape);
    const wanted = [...Object.values(labels), ...metrics.flatMap((metric) => metric.column ?? [])];
    expect([analysis, wanted.filter((column) => !columns.includes(column))]).toEqual([
      analysis,
      [],
    ]);
  }
});

test('a text that an attacker wrote stays inside its label', async () => {
  const hostile = event({
    at: '2026-10-05T12:00:00Z',
    caller_account_id: '1"} 9\nkeymeter_calls 7 {x="',
  });
  await withEvents([hostile], (engine) =>
    withServer(engine, async ({ port }) => {
      const { text } = await rawRequest(port, '/metrics');
      expect(samples(text).get('keymeter_calls 7')).toBeUndefined();
      for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
        expect(line).toMatch(
          /^keymeter_[a-z0-9_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)*\})? [-+0-9.eNa]+$/,
        );
      }
    }),
  );
});
