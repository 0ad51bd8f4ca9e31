import { expect, test } from 'vitest';
import cloudtrailCost from '../../../analytics/finops/cloudtrail-cost.ts';
import { defaultConfig } from '../../../core/config.ts';
import { openDatabase } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import { event, store } from '../../support/events.ts';

test('a second trail is billed for each copy, by hand', async () => {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
  const events = Array.from({ length: 480 }, (_, i) => event({ event_time: start + i * 600 }));
  events.push(
    event({ operation: 'PutKeyPolicy', operation_class: 'management', at: '2026-10-05T01:00:00Z' }),
  );
  events.push(event({ outcome: 'denied', at: '2026-10-05T01:00:00Z' }));
  // The same events in the files of two trails; a third trail has half of them.
  for (const copy of [events, events, events.slice(0, 241)]) await store(database, copy);
  const { rows } = await cloudtrailCost.execute({}, { engine, config: defaultConfig });
  expect(rows).toHaveLength(1);
  const row = cloudtrailCost.row.parse(rows[0]) as Record<string, number>;
  expect(row).toMatchObject({
    kms_events: 482,
    additional_copies: 482 + 241,
    copies_per_event: 2.5,
    kms_share_percent: 100,
    change_events: 1,
    denied_events: 1,
    covered_hours: 80,
  });
  expect(row['cost_copies_usd']).toBeCloseTo((723 * 2) / 100_000, 12);
  expect(row['cost_copies_usd_monthly']).toBeCloseTo((723 * 2 * 730) / 100_000 / 80, 10);
  // A copy costs 6.7 times the request: $0.20 against $0.03 for 10,000.
  expect(row['cost_one_more_copy_usd']! / row['requests_usd']!).toBeCloseTo(0.2 / 0.03, 9);
  engine.close();
  database.close();
});
