import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import coverage from '../analytics/coverage/coverage.ts';
import { defaultConfig } from '../core/config.ts';
import { openDatabase } from '../store/database.ts';
import { DuckDbEngine } from '../store/engine.ts';
import { demoDatabase, type DemoDatabase } from './support/demo-database.ts';
import { readTrail } from './support/trail-reader.ts';

let demo: DemoDatabase;
beforeAll(async () => {
  demo = await demoDatabase(4);
}, 120_000);
afterAll(() => demo.remove());

interface Day {
  objects: number;
  records: number;
  hours: Set<string>;
}

/** Objects by the day of their first record, and the hours between their first and last record. */
function daysOfFiles(): Map<string, Day> {
  const days = new Map<string, Day>();
  const dayOf = (place: string, day: string) => {
    const name = `${place} ${day}T00:00:00Z`;
    const found = days.get(name) ?? { objects: 0, records: 0, hours: new Set() };
    days.set(name, found);
    return found;
  };
  for (const file of readTrail(demo.trail)) {
    if (file.records.length === 0) continue;
    const folders = path.dirname(file.path).split(path.sep);
    const at = folders.indexOf('CloudTrail');
    const place = `${folders[at - 1]} ${folders[at + 1]}`;
    const times = file.records.map((record) => record.eventTime).sort();
    const first = dayOf(place, times[0]!.slice(0, 10));
    first.objects++;
    first.records += file.records.length;
    const last = Date.parse(`${times.at(-1)!.slice(0, 13)}:00:00Z`);
    for (
      let hour = Date.parse(`${times[0]!.slice(0, 13)}:00:00Z`);
      hour <= last;
      hour += 3_600_000
    ) {
      const iso = new Date(hour).toISOString();
      dayOf(place, iso.slice(0, 10)).hours.add(iso);
    }
  }
  return days;
}

test('coverage says of each account, Region and day what the files hold', async () => {
  const wanted = daysOfFiles();
  const database = await openDatabase(demo.database, { readOnly: true });
  const engine = new DuckDbEngine(database);
  try {
    const { rows } = await coverage.execute({}, { engine, config: defaultConfig });
    const told = rows.map((row) => coverage.row.strict().parse(row));
    expect(
      told.map((row) => [
        `${row['account_id']} ${row['region']} ${row['day']}`,
        row['objects'],
        row['records'],
        row['hours_covered'],
        row['hours_without_record'],
      ]),
    ).toEqual(
      [...wanted]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, day]) => [
          name,
          day.objects,
          day.records,
          day.hours.size,
          24 - day.hours.size,
        ]),
    );
  } finally {
    engine.close();
    database.close();
  }
});
