import { expect, test } from 'vitest';
import { analyses } from '../../analytics/registry.ts';
import { analysisMetrics } from '../../api/metrics/analysis-metrics.ts';
import { configSchema } from '../../core/config.ts';
import type { Engine } from '../../store/engine.ts';
import { withEvents, event } from '../support/events.ts';
import { rawRequest, withServer } from '../support/server.ts';

/** Prometheus says how long it waits; tests wait. */
const patientScrape = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '600' } };

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
        const answer = await rawRequest(port, '/metrics', patientScrape);
        expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
        const found = samples(answer.text);
        const scope = '{account="111111111111",region="eu-central-1",quota="crypto_symmetric"}';
        expect(found.get(`keymeter_kms_calls_total${scope}`)).toBe(16);
        expect(found.get(`keymeter_kms_throttled_calls_total${scope}`)).toBe(6);
        expect(found.get(`keymeter_kms_calls_per_second_peak${scope}`)).toBe(12);
        expect(found.get(`keymeter_quota_utilisation_peak_ratio${scope}`)).toBe(0.9);
        expect(found.get(`keymeter_quota_demand_peak_ratio${scope}`)).toBe(1.2);
        expect(found.get(`keymeter_quota_busy_seconds${scope}`)).toBe(1);
        expect(found.get(`keymeter_quota_full_seconds${scope}`)).toBe(0);
        expect(found.get(`keymeter_throttle_bursts${scope}`)).toBe(1);
        expect(found.get(`keymeter_throttle_burst_calls${scope}`)).toBe(6);
        // Nine successful requests of the last day at 0.03 USD for 10,000.
        const cost = found.get('keymeter_request_cost_usd_per_day{account="111111111111"}');
        expect(cost).toBeCloseTo((9 * 0.03) / 10_000, 12);
        expect(found.get('keymeter_ingest_objects{status="ok"}')).toBe(1);
        expect(found.get('keymeter_ingest_records_total{outcome="inserted"}')).toBe(16);
        const newest = Date.parse('2026-10-05T12:00:01Z') / 1000;
        expect(found.get('keymeter_newest_event_timestamp_seconds')).toBe(newest);
        for (const { analysis } of analysisMetrics) {
          expect(found.get(`keymeter_analysis_up{analysis="${analysis}"}`)).toBe(1);
        }
      },
      { config },
    ),
  );
});

test('under load the last complete numbers stay, and say that they are old', async () => {
  await withEvents(events, async (engine) => {
    let version = 1;
    let broken = '';
    const fragile: Engine = {
      stream: (...words) => engine.stream(...words),
      dataVersion: async () => String(version),
      rows: (sql, ...more) => {
        if (broken && sql.includes(broken)) throw new Error('out of memory');
        return engine.rows(sql, ...more);
      },
    };
    await withServer(fragile, async ({ port }) => {
      const scrape = async () => samples((await rawRequest(port, '/metrics', patientScrape)).text);
      const first = await scrape();
      broken = 'ingest_objects';
      version = 2;
      const second = await scrape();
      expect(second.get('keymeter_analysis_up{analysis="ledger"}')).toBe(0);
      expect(second.get('keymeter_analysis_up{analysis="calls"}')).toBe(1);
      const made = (found: Map<string, number>) =>
        found.get('keymeter_analysis_last_success_timestamp_seconds{analysis="ledger"}')!;
      expect(made(second)).toBe(made(first));
      // Not one series of keymeter's is gone or changed by it.
      for (const [series, value] of first) {
        if (!series.startsWith('keymeter_') || /analysis_|duckdb_memory/.test(series)) continue;
        expect([series, second.get(series)]).toEqual([series, value]);
      }
      broken = '';
      const third = await scrape();
      expect(third.get('keymeter_analysis_up{analysis="ledger"}')).toBe(1);
      expect(made(third)).toBeGreaterThan(made(first));
    });
  });
});

test('a scrape does not wait for what takes longer than Prometheus does', async () => {
  await withEvents(events, async (engine) => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: Engine = {
      stream: (...words) => engine.stream(...words),
      dataVersion: () => engine.dataVersion(),
      rows: async (sql, ...more) => {
        if (sql.includes('calls_per_second')) await held;
        return engine.rows(sql, ...more);
      },
    };
    await withServer(slow, async ({ port }) => {
      const hasty = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '0.1' } };
      const early = samples((await rawRequest(port, '/metrics', hasty)).text);
      expect(early.get('keymeter_analysis_up{analysis="calls"}')).toBe(0);
      expect(early.has('process_resident_memory_bytes')).toBe(true);
      release();
      const later = samples((await rawRequest(port, '/metrics', patientScrape)).text);
      expect(later.get('keymeter_analysis_up{analysis="calls"}')).toBe(1);
    });
  });
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
    caller_account_id: '1"} 9\nkeymeter_kms_calls_total 7 {x="',
  });
  await withEvents([hostile], (engine) =>
    withServer(engine, async ({ port }) => {
      const { text } = await rawRequest(port, '/metrics', patientScrape);
      expect(samples(text).get('keymeter_kms_calls_total 7')).toBeUndefined();
      for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
        expect(line).toMatch(
          /^(?:keymeter|process|nodejs)_[a-z0-9_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)*\})? [-+0-9.eNa]+$/,
        );
      }
    }),
  );
});
