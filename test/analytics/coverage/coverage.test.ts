import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import coverage from '../../../analytics/coverage/coverage.ts';
import { defaultConfig } from '../../../core/config.ts';
import { withDatabase } from '../../support/database-content.ts';
import { demoDatabase, type DemoDatabase } from '../../support/demo-database.ts';
import { readTrail } from '../../support/trail-reader.ts';

interface Period {
  place: string;
  trail: string;
  from: number;
  to: number;
  status: string;
}

let demo: DemoDatabase;
let places: string[];
let periods: Period[];

const hour_ms = 3_600_000;
const bare = (at: number) => new Date(at).toISOString().slice(0, 19);
const dayText = (at: number) => `${bare(at).slice(0, 10)}T00:00:00Z`;

/**
 * Two trails whose digest periods begin at different minutes, one exactly on the hour, from a day
 * before the first record to a day after; the statuses follow each other without a pattern that fits
 * into a day. The last place is not verified.
 */
function periodsOf(all: readonly string[]): Period[] {
  const days = [...daysOfFiles().keys()].map((name) => Date.parse(name.split(' ')[2]!)).sort();
  const first = days[0]! - 24 * hour_ms;
  const end = days.at(-1)! + 48 * hour_ms;
  const statuses = ['whole', 'empty', 'whole', 'broken', 'no_digest', 'not_verifiable', 'whole'];
  return all.slice(0, -1).flatMap((place, p) =>
    ['on-the-hour', 'later'].flatMap((trail, t) =>
      Array.from({ length: Math.floor((end - first) / hour_ms / 5) }, (_, i) => {
        const from = first + i * 5 * hour_ms + t * 245_000;
        const to = from + hour_ms;
        return { place, trail, from, to, status: statuses[(i * (t + 2) + p) % statuses.length]! };
      }),
    ),
  );
}
beforeAll(async () => {
  demo = await demoDatabase(4);
  places = [...new Set([...daysOfFiles().keys()].map((name) => name.split(' ', 2).join(' ')))];
  periods = periodsOf(places);
  await withDatabase(demo.database, async (_, database) => {
    const connection = await database.connect();
    await connection.run('BEGIN');
    for (const { place, trail, from, to, status } of periods) {
      const [account, region] = place.split(' ') as [string, string];
      await connection.run(
        `INSERT INTO verified_hours VALUES ($account, $region, $trail, 'standard',
           CAST($from AS TIMESTAMP), CAST($to AS TIMESTAMP), $status, 1, '', now()::TIMESTAMP, 'run')`,
        { account, region, trail, status, from: bare(from), to: bare(to) },
      );
    }
    await connection.run('COMMIT');
    connection.closeSync();
  });
});
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

/** Hours that each period reaches into, found by walking it (all times are multiples of 5 s): `place day` -> status. */
function hoursReached(): Map<string, Map<string, Set<number>>> {
  const days = new Map<string, Map<string, Set<number>>>();
  for (const { place, from, to, status } of periods) {
    for (let at = from; at < to; at += 5_000) {
      const name = `${place} ${dayText(at)}`;
      const day = days.get(name) ?? new Map<string, Set<number>>();
      days.set(name, day);
      day.set(status, (day.get(status) ?? new Set()).add(Math.floor(at / hour_ms)));
    }
  }
  return days;
}

const proofs = ['whole', 'empty', 'broken'];

test('coverage says of each account, Region and day what the files hold and what is proven', async () => {
  const wanted = daysOfFiles();
  const none: Day = { objects: 0, records: 0, hours: new Set() };
  const reached = hoursReached();
  for (const [name, day] of reached) {
    const isProven = proofs.some((status) => day.has(status));
    if (isProven && !wanted.has(name)) wanted.set(name, none);
  }
  const hoursOf = (name: string, ...statuses: string[]) =>
    new Set(statuses.flatMap((status) => [...(reached.get(name)?.get(status) ?? [])])).size;
  await withDatabase(demo.database, async (engine) => {
    const { rows } = await coverage.execute({}, { engine, config: defaultConfig });
    const told = rows.map((row) => coverage.row.strict().parse(row));
    expect(
      told.map((row) => [
        `${row['account_id']} ${row['region']} ${row['day']}`,
        row['objects'],
        row['records'],
        row['hours_with_record'],
        row['hours_without_record'],
        row['hours_proven_whole'],
        row['hours_proven_empty'],
        row['hours_broken'],
        row['hours_without_proof'],
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
          hoursOf(name, 'whole'),
          hoursOf(name, 'empty'),
          hoursOf(name, 'broken'),
          24 - hoursOf(name, ...proofs),
        ]),
    );
    // The demo's trails are of all Regions: an account without a hole has none in any Region.
    for (const row of told) {
      expect(Number(row['hours_covered'])).toBeGreaterThanOrEqual(Number(row['hours_with_record']));
      expect(Number(row['hours_covered'])).toBeLessThanOrEqual(24);
    }
    const verified = told.filter((row) => row['hours_without_proof'] !== 24);
    expect(verified.length).toBeGreaterThan(10);
    expect(told.length - verified.length).toBeGreaterThan(0);
  });
});

test('the notes name blind trails and places without logs, as the records say', async () => {
  const records = readTrail(demo.trail).flatMap((file) => file.records);
  const logged = new Set(places);
  const unread = new Map<string, Set<string>>();
  for (const { eventSource, resources } of records) {
    if (eventSource !== 'kms.amazonaws.com') continue;
    for (const arn of (resources ?? []).map((one) => one.ARN ?? '')) {
      const [, , service, region, account] = arn.split(':');
      if (service !== 'kms' || logged.has(`${account} ${region}`)) continue;
      const place = `${account} in ${region}`;
      unread.set(place, (unread.get(place) ?? new Set()).add(arn));
    }
  }
  const stops = records.filter(
    ({ eventName, errorCode }) =>
      !errorCode && (eventName === 'StopLogging' || eventName === 'DeleteTrail'),
  );
  expect(unread.size).toBeGreaterThan(0);
  expect(stops.length).toBeGreaterThan(0);
  await withDatabase(demo.database, async (engine) => {
    const { notes } = await coverage.execute({}, { engine, config: defaultConfig });
    const places = notes.filter((note) => note.includes('no log of it was read'));
    expect(
      places.map((note) => /^Account (.*?) owns (\d+) keys/.exec(note)?.slice(1)).sort(),
    ).toEqual([...unread].map(([place, arns]) => [place, String(arns.size)]).sort());
    for (const { eventTime, eventName } of stops) {
      expect(
        notes.some((note) => note.startsWith(eventTime) && note.includes(eventName)),
        `${eventName} at ${eventTime}`,
      ).toBe(true);
    }
    expect(notes.some((note) => /files or digests are changed or missing/.test(note))).toBe(true);
  });
});

test('says when nothing was verified', async () => {
  await withDatabase(demo.database, async (engine) => {
    const [account, region] = places.at(-1)!.split(' ');
    const result = await coverage.execute({ account, region }, { engine, config: defaultConfig });
    expect(result.rows.map((row) => row['hours_without_proof'])).toEqual(result.rows.map(() => 24));
    expect(result.notes.join(' ')).toContain('nothing was verified');
  });
});
