import { expect, test } from 'vitest';
import { CoverageHours, monthly } from '../../../analytics/coverage-hours.ts';
import { defaultConfig } from '../../../core/config.ts';
import { openDatabase } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import { event, store } from '../../support/events.ts';

test('gaps of less than a day are quiet, longer ones are holes', async () => {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  const context = { engine, config: defaultConfig };
  for (const at of ['05T00:10', '05T10:50', '06T10:00', '08T11:00', '08T11:59']) {
    await store(database, [event({ at: `2026-10-${at}:00Z` })]);
  }
  await store(database, [event({ at: '2026-10-07T00:00:00Z', account_id: '2', region: 'r' })]);
  const account = ['111111111111'];
  const whole = await CoverageHours.read(context);
  // 0 to 10 h, 13 quiet hours to midnight, 10 h and the tenth hour of the next day; then a hole.
  expect(whole.hours(account, 'eu-central-1')).toBe(24 + 11 + 1);
  expect(whole.hours(null, 'eu-central-1')).toBe(36);
  expect(whole.hours(['2'], 'r')).toBe(1);
  // An account that no path names: the Region's hours stand.
  expect(whole.hours(['3'], 'eu-central-1')).toBe(36);
  const part = await CoverageHours.read(context, {
    from: new Date('2026-10-05T12:00:00Z'),
    to: new Date('2026-10-06T00:00:00Z'),
  });
  expect(part.hours(account, 'eu-central-1')).toBe(12);
  engine.close();
  database.close();
});

test('a month is 730 hours, and fewer than 24 covered hours make none', () => {
  expect(monthly(2, 73)).toBe(20);
  expect(monthly(2, 23)).toBeNull();
});
