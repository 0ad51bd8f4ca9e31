import { describe, expect, test } from 'vitest';
import { CoverageHours, monthly } from '../../../analytics/coverage-hours.ts';
import { coverageFacts, coverageSentences } from '../../../analytics/coverage-note.ts';
import { defaultConfig } from '../../../core/config.ts';
import { openDatabase, type Database } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import { event, store } from '../../support/events.ts';
import { lineOf, moneyOf } from '../../support/money.ts';

const a = '111111111111';
const b = '222222222222';
const start = Date.parse('2026-10-01T00:00:00Z') / 1000;
const hour = 3_600;

/** An object of the log: its account, Region, and the hours since the start that its records span. */
interface LogObject {
  account: string;
  region: string;
  from: number;
  to?: number;
  organisation?: string;
  calls?: number;
}

const object = (region: string, from: number, more: Partial<LogObject> = {}): LogObject => ({
  account: a,
  region,
  from,
  ...more,
});

async function withObjects<T>(
  objects: readonly LogObject[],
  use: (engine: DuckDbEngine, database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(':memory:');
  const engine = new DuckDbEngine(database);
  try {
    for (const [i, one] of objects.entries()) {
      const { account, region, from, to = from, calls = 1 } = one;
      const first = start + from * hour;
      const events = Array.from({ length: Math.max(2, calls) }, (_, n) =>
        event({
          account_id: account,
          caller_account_id: account,
          key_account_id: account,
          key_arn: `arn:aws:kms:${region}:${account}:key/k`,
          region,
          event_time: n === 0 ? first : start + to * hour + hour - 1,
          is_direct: false,
          via_service: 'ebs.amazonaws.com',
          // One call of the two is a throttled one where a single call is meant.
          outcome: n > 0 && calls === 1 ? 'throttled' : 'success',
        }),
      );
      const folder = one.organisation
        ? `AWSLogs/${one.organisation}/${account}`
        : `AWSLogs/${account}`;
      await store(database, events, [], `/logs/${folder}/CloudTrail/${region}/object-${i}.json.gz`);
    }
    return await use(engine, database);
  } finally {
    engine.close();
    database.close();
  }
}

const hoursOf = (objects: readonly LogObject[], account: string | null, region: string | null) =>
  withObjects(objects, async (engine) =>
    (await CoverageHours.read({ engine, config: defaultConfig })).hours(
      account === null ? null : [account],
      region,
    ),
  );

const range = (length: number) => Array.from({ length }, (_, i) => i);
/** An instant of so many hours after the start, without a zone. */
const bare = (hours: number) => new Date((start + hours * hour) * 1000).toISOString().slice(0, 19);
const day = (hours: number) => hours / 24;

describe('covered hours, by hand', () => {
  test('a job of 40 hours in one Region of a trail that runs for 30 days', async () => {
    const objects = [
      ...range(30).map((d) => object('us-east-1', d * 24, { to: d * 24 + 23 })),
      object('us-west-2', 100, { to: 139, calls: 1_320 }),
    ];
    await withObjects(objects, async (engine) => {
      const { bill } = await moneyOf(engine, { region: 'us-west-2' });
      const requests = lineOf(bill, 'requests');
      expect(requests.covered_hours).toBe(720);
      expect(requests.before_usd).toBeCloseTo(0.00396, 9);
      // 730 of 720 hours, not 730 of 40.
      expect(requests.before_usd_monthly).toBeCloseTo((0.00396 * 730) / 720, 9);
    });
  });

  test('gaps of up to a day are quiet, longer ones are holes', async () => {
    // Hours 0, 10, 34 (24 later) and 59 (25 later).
    const objects = [0, 10, 34, 59].map((h) => object('us-east-1', h));
    expect(await hoursOf(objects, a, 'us-east-1')).toBe(35 + 1);
  });

  test('a gap of 19 days is a hole in every Region of the trail', async () => {
    const objects = [
      object('us-east-1', 0, { to: 47 }),
      object('us-west-2', 10),
      object('us-east-1', 48 + 19 * 24, { to: 48 + 19 * 24 + 23 }),
    ];
    expect(await hoursOf(objects, a, 'us-east-1')).toBe(48 + 24);
    expect(await hoursOf(objects, a, 'us-west-2')).toBe(48 + 24);
  });

  test('a weekly job alone covers its own hours: what lies between is not known', async () => {
    const objects = range(4).map((week) => object('us-east-1', week * 168, { to: week * 168 + 1 }));
    expect(await hoursOf(objects, a, 'us-east-1')).toBe(8);
  });

  test('a weekly job beside other Regions covers every hour of the trail', async () => {
    const objects = [
      ...range(4).map((week) => object('us-west-2', week * 168, { to: week * 168 + 1 })),
      ...range(day(672)).map((d) => object('us-east-1', d * 24)),
    ];
    // From the first hour to the last one of the daily file of the 28th day.
    expect(await hoursOf(objects, a, 'us-west-2')).toBe(27 * 24 + 1);
  });

  test('one hour of a log is one covered hour and makes no month', async () => {
    expect(await hoursOf([object('us-east-1', 5)], a, 'us-east-1')).toBe(1);
    expect(monthly(2, 1)).toBeNull();
  });

  test('another account does not cover: two trails', async () => {
    const objects = [object('us-east-1', 0, { to: 99 }), object('us-east-1', 50, { account: b })];
    expect(await hoursOf(objects, b, 'us-east-1')).toBe(1);
    expect(await hoursOf(objects, null, 'us-east-1')).toBe(100);
  });

  test('an organisation trail covers each of its accounts', async () => {
    const organisation = 'o-abc123';
    const objects = [
      object('us-east-1', 0, { to: 99, organisation }),
      object('us-east-1', 50, { account: b, organisation }),
      object('us-east-1', 120, { account: '333333333333' }),
    ];
    expect(await hoursOf(objects, b, 'us-east-1')).toBe(100);
    expect(await hoursOf(objects, '333333333333', 'us-east-1')).toBe(1);
  });

  test('a Region that the trail never delivered for is covered by the trail', async () => {
    expect(await hoursOf([object('us-east-1', 0, { to: 29 })], a, 'eu-west-1')).toBe(30);
  });

  test('an account that no object names: the hours of the Region stand in', async () => {
    const objects = [
      object('us-east-1', 0, { to: 9 }),
      object('us-west-2', 0, { account: b, to: 3 }),
    ];
    expect(await hoursOf(objects, '999999999999', 'us-west-2')).toBe(4);
    expect(await hoursOf(objects, '999999999999', 'us-east-1')).toBe(10);
  });

  test('a digest decides: whole and empty are covered, broken is a hole', async () => {
    await withObjects(
      [object('us-east-1', 0), object('us-east-1', 6), object('us-west-2', 6)],
      async (engine, database) => {
        const connection = await database.connect();
        const add = (region: string, from: number, to: number, status: string) =>
          connection.run(
            `INSERT INTO verified_hours VALUES ($a, $region, 'trail', 'standard',
               CAST($from AS TIMESTAMP), CAST($to AS TIMESTAMP), $status, 1, '', now()::TIMESTAMP, 'run')`,
            {
              a,
              region,
              status,
              from: bare(from),
              to: bare(to),
            },
          );
        await add('us-east-1', 40, 44, 'empty');
        await add('us-east-1', 44, 45, 'whole');
        await add('us-west-2', 3, 4, 'broken');
        await add('us-east-1', 6, 7, 'broken');
        await add('us-east-1', 100, 200, 'not_verifiable');
        connection.closeSync();
        const coverage = await CoverageHours.read({ engine, config: defaultConfig });
        // 0 to 6 with quiet hours; from 6 to 40 are more than 24 hours; then five proven ones.
        expect(coverage.hours([a], 'us-east-1')).toBe(7 + 5);
        expect(coverage.hours([a], 'us-west-2')).toBe(7 + 5 - 1);
      },
    );
  });

  test('what retention dropped is not covered, whatever the ledger remembers', async () => {
    await withObjects([object('us-east-1', 0, { to: 47 })], async (engine, database) => {
      const connection = await database.connect();
      await connection.run("INSERT INTO store_state VALUES ('kept_from', '2026-10-01T10:30:00Z')");
      connection.closeSync();
      const coverage = await CoverageHours.read({ engine, config: defaultConfig });
      // Of 48 hours the first ten are gone, and a part of the eleventh.
      expect(coverage.hours([a], 'us-east-1')).toBe(48 - 11);
      expect(coverage.hoursBefore(a, null, start + 12 * hour)).toBe(1);
    });
  });

  test('the history before an instant: hours of the account that ended by then', async () => {
    const objects = [object('us-east-1', 0, { to: 4 }), object('us-east-1', 60, { to: 65 })];
    await withObjects(objects, async (engine) => {
      const coverage = await CoverageHours.read({ engine, config: defaultConfig });
      const before = (hours: number, seconds = 0) =>
        coverage.hoursBefore(a, null, start + hours * hour + seconds);
      expect([before(0), before(0, 3_599), before(1), before(4, 1)]).toEqual([0, 0, 1, 4]);
      expect([before(5), before(60), before(61), before(100)]).toEqual([5, 5, 6, 11]);
    });
  });

  test('a range clips: hours that it only touches count whole', async () => {
    await withObjects([object('us-east-1', 0, { to: 47 })], async (engine) => {
      const within = async (from: string, to: string) =>
        (
          await CoverageHours.read(
            { engine, config: defaultConfig },
            { from: new Date(from), to: new Date(to) },
          )
        ).hours([a], 'us-east-1');
      expect(await within('2026-10-01T12:00:00Z', '2026-10-02T00:00:00Z')).toBe(12);
      expect(await within('2026-10-01T12:30:00Z', '2026-10-01T13:10:00Z')).toBe(2);
      expect(await within('2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z')).toBe(0);
    });
  });
});

test('money, notes and baselines read the same hours', async () => {
  const objects = [
    object('us-east-1', 0, { to: 71 }),
    object('us-west-2', 10),
    object('eu-west-1', 300, { account: b }),
  ];
  await withObjects(objects, async (engine) => {
    const context = { engine, config: defaultConfig };
    const facts = await coverageFacts(context, {});
    expect(
      facts.pairs.map(({ region, hours, hours_covered }) => [region, hours, hours_covered]),
    ).toEqual([
      ['us-east-1', 72, 72],
      ['us-west-2', 72, 72],
      ['eu-west-1', 1, 1],
    ]);
    expect(coverageSentences(facts)[0]).toBe(
      'Coverage: 145 of 145 hours from 2026-10-01T00:00:00Z to 2026-10-13T13:00:00Z are covered for 3 accounts and Regions (the hours of each added up).',
    );
    const { bill } = await moneyOf(engine);
    expect(lineOf(bill, 'requests', a).covered_hours).toBe(72);
    const one = await coverageFacts(context, { account: a, region: 'us-west-2' });
    expect([one.hours, one.hours_covered]).toEqual([72, 72]);
    const asked = await coverageFacts(context, {
      account: a,
      region: 'us-west-2',
      from: new Date('2026-10-03T00:00:00Z'),
      to: new Date('2026-10-05T00:00:00Z'),
    });
    expect(coverageSentences(asked)[0]).toBe(
      'Coverage: 24 of 48 hours from 2026-10-03T00:00:00Z to 2026-10-05T00:00:00Z are covered for account 111111111111 in us-west-2. 24 hours are holes: the trail delivered nothing for any Region, so what happened then is unknown.',
    );
  });
});

test('a month is 730 hours, and fewer than 24 covered hours make none', () => {
  expect(monthly(2, 73)).toBe(20);
  expect(monthly(2, 24)).toBeCloseTo(60.8333, 4);
  expect(monthly(2, 23)).toBeNull();
});
