import { describe, expect, test } from 'vitest';
import { configSchema } from '../../../core/config.ts';
import { openDatabase } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { event, store, withEvents } from '../../support/events.ts';
import { lineOf, moneyOf, sumOf } from '../../support/money.ts';

const start = Date.parse('2026-10-05T00:00:00Z') / 1000;
const hour = 3_600;
const a = '111111111111';
const b = '222222222222';
const c = '333333333333';
const request = 3e-6;
const copy = 2e-5;
const rsa_2048 = 3e-6;
const rsa_other = 1.5e-5;

const account = (id: string): Partial<KmsEvent> => ({
  account_id: id,
  caller_account_id: id,
  key_account_id: id,
  key_arn: `arn:aws:kms:eu-central-1:${id}:key/k`,
  principal_arn: `arn:aws:iam::${id}:role/app`,
  caller_arn: `arn:aws:sts::${id}:assumed-role/app/session`,
});

/** Calls through a service, spread evenly over `hours`; their keys may be of AWS, so none costs for certain. */
function calls(count: number, hours: number, changes: Partial<KmsEvent> = {}): KmsEvent[] {
  return Array.from({ length: count }, (_, i) =>
    event({
      event_time: start + Math.floor((i * hours * hour) / count),
      is_direct: false,
      via_service: 'ebs.amazonaws.com',
      operation: 'GenerateDataKeyWithoutPlaintext',
      ...changes,
    }),
  );
}

/** Reads of a bucket's object in pairs within a minute: every second read is spared at T = 60 s. */
function writes(count: number, hours: number, changes: Partial<KmsEvent> = {}): KmsEvent[] {
  return Array.from({ length: count }, (_, i) =>
    event({
      event_time: start + Math.floor((Math.floor(i / 2) * 2 * hours * hour) / count) + (i % 2) * 10,
      is_direct: false,
      via_service: 's3.amazonaws.com',
      operation: 'GenerateDataKey',
      context_kind: 's3',
      s3_bucket: 'data',
      s3_context_is_bucket: false,
      resource_arn: `arn:aws:s3:::data/${i}`,
      ...changes,
    }),
  );
}

const month = (usd: number, hours: number) => (usd * 730) / hours;
const near = (value: number | null, expected: number) => expect(value).toBeCloseTo(expected, 9);

describe('the bill, by hand', () => {
  test('448 calls in 48 hours, logged by two trails: nothing of the copies is lost', async () => {
    // 440 writes in pairs and one last call a hour later than 47 h: 48 hours are covered.
    const events = [...writes(440, 47), ...calls(8, 48, { event_time: start + 48 * hour - 1 })];
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    await store(database, events);
    await store(database, events);
    const { bill, findings } = await moneyOf(engine);
    const spared = 220;
    const all = lineOf(bill, 'total');
    near(lineOf(bill, 'requests').before_usd, 448 * request);
    near(lineOf(bill, 'cloudtrail_copies').before_usd, 448 * copy);
    near(lineOf(bill, 'cloudtrail_copies').after_usd, 0);
    expect(all.covered_hours).toBe(48);
    // 6,813 requests a month are free; the copies are not: 0.13627 dollars.
    near(all.before_usd_monthly, month(448 * copy, 48));
    near(all.after_usd_monthly, 0);
    near(
      sumOf(findings, (row) => row.saving_usd_monthly),
      month(448 * copy, 48),
    );
    // At list prices the spared requests count too.
    const list = sumOf(findings, (row) => row.saving_list_usd_monthly);
    near(list, month(spared * request + 448 * copy, 48));
    const bucket = findings.find((row) => row.finding === 'bucket_key_off')!;
    expect([bucket.calls, bucket.saved_calls]).toEqual([440, spared]);
    near(bucket.cloudtrail_saving_usd, spared * copy);
    engine.close();
    database.close();
  });

  test('1,000 calls in 48 hours are 15,208 a month: free, and nothing to save', async () => {
    const events = [...writes(998, 47), ...calls(2, 48, { event_time: start + 48 * hour - 1 })];
    await withEvents(events, async (engine) => {
      const { bill, findings } = await moneyOf(engine);
      near(lineOf(bill, 'requests').before_usd_monthly, month(1_000 * request, 48));
      near(lineOf(bill, 'free_tier').before_usd_monthly, -month(1_000 * request, 48));
      near(lineOf(bill, 'total').before_usd_monthly, 0);
      const bucket = findings.find((row) => row.finding === 'bucket_key_off')!;
      expect(bucket.saved_calls).toBe(499);
      near(bucket.saving_usd_monthly, 0);
      near(bucket.net_usd_yearly, 0);
      near(bucket.saving_list_usd_monthly, month(499 * request, 48));
      expect(bucket.sentence).toContain('saves no money: the free tier covers these calls');
    });
  });

  test('the free tier is used up first by what stays: 2,000 calls in 48 hours', async () => {
    const events = [...writes(1_998, 47), ...calls(2, 48, { event_time: start + 48 * hour - 1 })];
    await withEvents(events, async (engine) => {
      const { bill, findings } = await moneyOf(engine);
      // 30,416.67 a month before, 999 of 2,000 spared: 15,223.54 stay and are free.
      const before = (2_000 * 730) / 48;
      const kept = (1_001 * 730) / 48;
      near(lineOf(bill, 'total').before_usd_monthly, (before - 20_000) * request);
      near(lineOf(bill, 'total').after_usd_monthly, 0);
      const spared = before - kept;
      const free = 20_000 - kept;
      near(findings[0]!.saving_usd_monthly, (spared - free) * request);
      near(findings[0]!.saving_list_usd_monthly, spared * request);
    });
  });

  test('a bucket of two accounts: each pays its part, and each trail its own copies', async () => {
    const first = writes(200, 47, account(a));
    const second = writes(100, 47, { ...account(b), key_arn: event().key_arn });
    const shared = second.map((row, i) => ({ ...row, resource_arn: `arn:aws:s3:::data/b${i}` }));
    const both = first.map((row) => ({ ...row, key_arn: event().key_arn }));
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    await store(database, both);
    await store(database, shared);
    await store(database, both);
    const { bill, findings } = await moneyOf(engine);
    const bucket = findings.filter((row) => row.finding === 'bucket_key_off');
    expect(bucket.map((row) => [row.account_id, row.calls, row.saved_calls])).toEqual([
      ['(2 accounts)', 300, 150],
    ]);
    near(bucket[0]!.cloudtrail_saving_usd, 100 * copy);
    near(lineOf(bill, 'cloudtrail_copies', a).before_usd, 200 * copy);
    near(lineOf(bill, 'cloudtrail_copies', b).before_usd, 0);
    const part = await moneyOf(engine, { account: b });
    expect(part.findings.map((row) => [row.account_id, row.saved_calls])).toEqual([[b, 50]]);
    expect(lineOf(part.bill, 'total', b)).toEqual(lineOf(bill, 'total', b));
    engine.close();
    database.close();
  });

  test('keys are on the bill: in a month whole, in the range by covered hours', async () => {
    const events = calls(2, 47.9, { is_direct: true, via_service: null });
    await withEvents([...events, event({ event_time: start + 47 * hour + 1 })], async (engine) => {
      const { bill } = await moneyOf(engine);
      near(lineOf(bill, 'keys').before_usd_monthly, 1);
      near(lineOf(bill, 'keys').before_usd, 48 / 730);
      near(lineOf(bill, 'keys').before_high_usd_monthly, 1);
    });
  });

  test('a key that only services use costs nothing or a dollar', async () => {
    await withEvents(calls(48, 48), async (engine) => {
      const { bill, notes } = await moneyOf(engine);
      near(lineOf(bill, 'keys').before_usd_monthly, 0);
      near(lineOf(bill, 'keys').before_high_usd_monthly, 1);
      expect(notes.join(' ')).toContain('is a range');
    });
  });

  test('an RSA key of unknown size is a range; CreateKey in the log decides it', async () => {
    const sign = calls(480, 48, {
      operation: 'Sign',
      quota_id: 'crypto_rsa',
      is_direct: true,
      via_service: null,
    });
    const created = (spec: string) =>
      event({
        event_time: start,
        operation: 'CreateKey',
        operation_class: 'management',
        quota_id: 'op_create_key',
        request_parameters: JSON.stringify({ keySpec: spec, keyUsage: 'SIGN_VERIFY' }),
      });
    const requests = async (events: KmsEvent[]) =>
      withEvents(events, async (engine) => {
        const row = lineOf((await moneyOf(engine)).bill, 'requests');
        return [row.before_usd, row.before_high_usd];
      });
    const [low, high] = await requests(sign);
    near(low!, 480 * rsa_2048);
    near(high!, 480 * rsa_other);
    for (const [spec, price] of [
      ['RSA_2048', rsa_2048],
      ['RSA_3072', rsa_other],
      ['RSA_4096', rsa_other],
    ] as const) {
      const [known, upper] = await requests([...sign, created(spec)]);
      near(known!, 480 * price + request);
      near(upper!, 480 * price + request);
    }
  });

  test('one hour of a log makes no month, and the range says what it cost', async () => {
    await withEvents(calls(600, 0.9), async (engine) => {
      const { bill, notes } = await moneyOf(engine);
      expect(lineOf(bill, 'requests').before_usd_monthly).toBeNull();
      near(lineOf(bill, 'requests').before_usd, 600 * request);
      near(lineOf(bill, 'free_tier').before_usd, -600 * request);
      near(lineOf(bill, 'total').not_normalised_usd, 0);
      expect(notes.join(' ')).toContain('fewer than 24 covered hours');
    });
  });

  test('23 covered hours make no month, 24 do', async () => {
    const monthOf = (hours: number) =>
      withEvents(
        calls(hours, hours),
        async (engine) => lineOf((await moneyOf(engine)).bill, 'requests').before_usd_monthly,
      );
    expect(await monthOf(23)).toBeNull();
    near(await monthOf(24), 730 * request);
  });

  test('an account without a month is in the range of all, and only there', async () => {
    const events = [calls(48, 48, account(a)), calls(50, 0.9, account(b))];
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    for (const part of events) await store(database, part);
    const { bill } = await moneyOf(engine);
    near(lineOf(bill, 'requests').before_usd, 98 * request);
    near(lineOf(bill, 'requests').before_usd_monthly, 730 * request);
    near(lineOf(bill, 'requests').not_normalised_usd, 50 * request);
    expect(lineOf(bill, 'requests', b).before_usd_monthly).toBeNull();
    engine.close();
    database.close();
  });

  test.each([28, 29, 30, 31])(
    'a month of %i days: the whole of it, scaled to 730 hours',
    async (days) => {
      const hours = days * 24;
      await withEvents(calls(hours, hours), async (engine) => {
        const row = lineOf((await moneyOf(engine)).bill, 'requests');
        expect(row.covered_hours).toBe(hours);
        near(row.before_usd, hours * request);
        near(row.before_usd_monthly, 730 * request);
      });
    },
  );

  test('25,000 calls in October and 15,000 in November: 20,000 and 15,000 are free', async () => {
    const october = calls(25_000, 27 * 24, { event_time: undefined as never }).map((row, i) => ({
      ...row,
      event_time: start + i * 90,
    }));
    const november = Array.from({ length: 15_000 }, (_, i) =>
      event({
        event_time: Date.parse('2026-11-02T00:00:00Z') / 1000 + i * 60,
        is_direct: false,
        via_service: 'ebs.amazonaws.com',
      }),
    );
    const last = Date.parse('2026-11-01T00:00:00Z') / 1000;
    const kept = october.filter((row) => row.event_time < last);
    expect(kept.length).toBe(25_000);
    await withEvents([...kept, ...november], async (engine) => {
      const { bill } = await moneyOf(engine);
      near(lineOf(bill, 'free_tier').before_usd, -35_000 * request);
      near(lineOf(bill, 'total').before_usd, 5_000 * request);
    });
  });

  test('the free tier is one for three accounts', async () => {
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    for (const id of [a, b, c]) await store(database, calls(730, 730, account(id)));
    const { bill } = await moneyOf(engine);
    near(lineOf(bill, 'free_tier').before_usd_monthly, -2_190 * request);
    near(lineOf(bill, 'total').before_usd_monthly, 0);
    engine.close();
    database.close();
  });

  test('a Region with a price of its own', async () => {
    const config = configSchema.parse({
      priceOverrides: [{ class_id: 'symmetric', region: 'eu-central-1', usd_per_10k: 0.06 }],
    });
    await withEvents(calls(480, 48), async (engine) => {
      const row = lineOf((await moneyOf(engine, {}, config)).bill, 'requests');
      near(row.before_usd, 480 * 6e-6);
    });
  });

  test('an idle key takes its dollar off the bill and draws no calls', async () => {
    const config = configSchema.parse({
      keyInventory: [
        { arn: 'arn:aws:kms:eu-central-1:111111111111:key/idle', manager: 'CUSTOMER' },
      ],
    });
    await withEvents(calls(28 * 24, 28 * 24), async (engine) => {
      const { bill, findings } = await moneyOf(engine, {}, config);
      const idle = findings.find((row) => row.finding === 'idle_key')!;
      expect([idle.calls, idle.saved_calls, idle.saved_calls_high]).toEqual([0, 0, 0]);
      near(idle.saving_usd_monthly, 1);
      near(idle.net_usd_yearly, 12);
      near(lineOf(bill, 'keys').before_usd_monthly, 1);
      near(lineOf(bill, 'keys').after_usd_monthly, 0);
      expect(idle.sentence).toContain('Saves $1.00 a month. Confidence: low.');
    });
  });

  test('no event, no bill', async () => {
    await withEvents([], async (engine) => {
      const { bill, findings } = await moneyOf(engine);
      expect(findings).toEqual([]);
      expect(bill.map((row) => [row.line, row.before_usd, row.before_usd_monthly])).toEqual([
        ['requests', 0, null],
        ['keys', 0, null],
        ['cloudtrail_copies', 0, null],
        ['free_tier', 0, null],
        ['total', 0, null],
      ]);
    });
  });

  test('throttled, denied and failed calls are in no dollar, and the notes count them', async () => {
    const events = [
      ...calls(48, 48),
      ...calls(3, 48, { outcome: 'throttled', error_code: 'ThrottlingException' }),
      ...calls(2, 48, { outcome: 'denied', error_code: 'AccessDenied' }),
      ...calls(1, 48, { outcome: 'failed', error_code: 'NotFoundException' }),
    ];
    await withEvents(events, async (engine) => {
      const { bill, notes } = await moneyOf(engine);
      near(lineOf(bill, 'requests').before_usd, 48 * request);
      expect(notes).toContain('6 calls did not succeed and are not priced.');
    });
  });

  test('the one-off cost of a rewrite is weighed against what it saves a month', async () => {
    // One object older than the log is read twice a minute: half of the reads are spared.
    const reads = writes(1_920, 47, { operation: 'Decrypt' }).map((row) => ({
      ...row,
      resource_arn: 'arn:aws:s3:::data/old',
    }));
    await withEvents(
      [...reads, ...calls(1, 48, { event_time: start + 48 * hour - 1 })],
      async (engine) => {
        const { findings, bill } = await moneyOf(engine);
        const older = findings.find((row) => row.finding === 'bucket_objects_older')!;
        expect([older.calls, older.saved_calls]).toEqual([1_920, 960]);
        // 1,921 calls in 48 h are 29,215 a month; 14,615 stay and are free, 9,215 of the spared are paid.
        near(older.saving_usd_monthly, ((1_921 * 730) / 48 - 20_000) * request);
        // A COPY, its fee and a Decrypt for the one object, and the job.
        near(older.one_time_cost_usd, 0.25 + 5e-6 + 1e-6 + request);
        near(older.payback_months, older.one_time_cost_usd / older.saving_usd_monthly!);
        near(older.net_usd_yearly, 12 * older.saving_usd_monthly! - older.one_time_cost_usd);
        near(lineOf(bill, 'total').one_time_cost_usd, older.one_time_cost_usd);
        expect(older.sentence).toContain('costs $0.25 once, paid back in 10 months');
      },
    );
  });
});
