import fc from 'fast-check';
import { expect, test } from 'vitest';
import bucketKeySavings, {
  type BucketSavingRow,
} from '../../../analytics/finops/bucket-key-savings.ts';
import { bandSettings } from '../../../analytics/finops/bucket-replays.ts';
import { BucketReplay, type S3Call } from '../../../analytics/finops/read-replay.ts';
import { defaultConfig } from '../../../core/config.ts';
import type { KmsEvent } from '../../../store/relations.ts';
import { simulateBucket } from '../../support/bucket-simulator.ts';
import { event, withEvents } from '../../support/events.ts';

const start = Date.parse('2026-10-05T12:00:00Z') / 1000;

const s3Call = fc.record({
  second: fc.integer({ min: 0, max: 400 }),
  is_write: fc.boolean(),
  object: fc.integer({ min: 1, max: 6 }),
  role: fc.constantFrom(1, 2),
  session: fc.constantFrom(1, 2),
  account: fc.constantFrom(7, 9),
});
const inOrder = (calls: readonly S3Call[]) =>
  [...calls].sort((a, b) => a.second - b.second || Number(b.is_write) - Number(a.is_write));
const sessionOf = (call: S3Call) => ({ ...call, session: call.role * 10 + call.session });

test('the replay equals a simulator of plain loops for every setting', () => {
  const widths = fc.constantFrom(1, 7, 30, 60, 100, 1_000);
  fc.assert(
    fc.property(fc.array(s3Call, { maxLength: 60 }), widths, (drawn, window_seconds) => {
      const calls = inOrder(drawn.map(sessionOf));
      const settings = [
        { window_seconds, requester: 'role' as const },
        { window_seconds, requester: 'session' as const },
      ];
      // One that has seen another bucket before, and must have forgotten it.
      const replay = new BucketReplay(settings);
      for (const call of calls.slice(0, 20)) replay.add({ ...call, object: 7 - call.object });
      replay.finish();
      for (const call of calls) replay.add(call);
      const result = replay.finish();
      for (const [i, setting] of settings.entries()) {
        const truth = simulateBucket(calls, setting);
        expect(result.before).toEqual(truth.before);
        expect(result.after[i]!.after).toEqual(truth.after);
        for (const name of ['writes', 'reads_written', 'reads_older_low'] as const) {
          const parts = result.shares.map((share) => share.after[i]![name]);
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(truth.after[name]);
        }
      }
      for (const { account, before } of result.shares) {
        const own = calls.filter((call) => call.account === account);
        expect(before.writes).toBe(own.filter((call) => call.is_write).length);
        expect(before.reads_written + before.reads_older).toBe(own.length - before.writes);
      }
    }),
    { numRuns: 500 },
  );
});

const accountOf = (id: string) => ({ account_id: id, caller_account_id: id });

/** A call whose role, session and account are names or what stands for them. */
type NamedCall = Pick<S3Call, 'second' | 'is_write' | 'object'> &
  Record<'role' | 'session', string | number> & { account?: string | number };

/** An S3 call on behalf of a role, as it is stored. */
export function s3Event(
  call: NamedCall,
  bucket = 'data',
  changes: Partial<KmsEvent> = {},
): KmsEvent {
  const resource_arn = `arn:aws:s3:::${bucket}/object-${call.object}`;
  return event({
    event_time: start + call.second,
    operation: call.is_write ? 'GenerateDataKey' : 'Decrypt',
    ...(call.account ? accountOf(String(call.account)) : {}),
    principal_arn: `arn:aws:iam::111111111111:role/${call.role}`,
    caller_arn: `arn:aws:sts::111111111111:assumed-role/${call.session}`,
    via_service: 's3.amazonaws.com',
    is_direct: false,
    context_kind: 's3',
    s3_bucket: bucket,
    s3_context_is_bucket: false,
    resource_arn,
    encryption_context: JSON.stringify({ 'aws:s3:arn': resource_arn }),
    ...changes,
  });
}

async function savings(events: KmsEvent[], params: Record<string, unknown> = {}) {
  return withEvents(events, async (engine) => {
    const result = await bucketKeySavings.execute(params, { engine, config: defaultConfig });
    return result.rows.map((row) => bucketKeySavings.row.parse(row) as BucketSavingRow);
  });
}

test('through the database: buckets apart, the band in the row, saving never above cost', async () => {
  const drawn = fc.array(fc.tuple(s3Call, fc.constantFrom('b1', 'b2')), {
    minLength: 1,
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(drawn, async (calls) => {
      const rows = await savings(
        calls.map(([call, bucket]) => s3Event(sessionOf(call), bucket)),
        { window_seconds: 60, requester: 'role' },
      );
      for (const row of rows) {
        const mine = inOrder(
          calls.filter(([, bucket]) => bucket === row.s3_bucket).map(([call]) => sessionOf(call)),
        );
        const truths = bandSettings.map((setting) => simulateBucket(mine, setting));
        const truth = simulateBucket(mine, { window_seconds: 60, requester: 'role' });
        const dayOne = ({ before, after }: typeof truth) =>
          before.writes - after.writes + before.reads_written - after.reads_written;
        expect(row).toMatchObject({
          calls: mine.length,
          writes: truth.before.writes,
          reads_written: truth.before.reads_written,
          reads_older: truth.before.reads_older,
          writes_after: truth.after.writes,
          reads_written_after: truth.after.reads_written,
          reads_older_after_high: truth.after.reads_older_high,
          reads_older_after_low: truth.after.reads_older_low,
          calls_per_second_peak: truth.before.peak,
          calls_per_second_peak_rewritten: truth.after.peak_after_rewrite,
          saved_calls_day_one: dayOne(truth),
          saved_calls_day_one_band_low: Math.min(...truths.map(dayOne)),
          saved_calls_day_one_band_high: Math.max(...truths.map(dayOne)),
        });
        expect(row.saving_rewritten_usd!).toBeLessThanOrEqual(row.cost_usd!);
        expect(row.saving_rewritten_usd_monthly).toBeNull();
      }
      expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(calls.length);
    }),
    { numRuns: 15 },
  );
});

test('a role fanned out over many sessions saves far less per session than per role', async () => {
  // 50 sessions of one role write one object each minute for two hours.
  const calls: KmsEvent[] = [];
  for (let minute = 0; minute < 120; minute++) {
    for (let session = 0; session < 50; session++) {
      const object = minute * 50 + session + 1;
      const call = { second: minute * 60 + session, is_write: true, object, role: 'emr' };
      calls.push(s3Event({ ...call, session: `emr/node-${session}` }));
    }
  }
  const rows = await savings(calls, { band: true });
  const saved = (window_seconds: number, requester: string) =>
    rows.find((row) => row.window_seconds === window_seconds && row.requester === requester)!
      .saved_calls_day_one!;
  // One an hour of each session, or of the role: 6,000 less 2 x 50, less 2.
  expect(saved(3_600, 'session')).toBe(5_900);
  expect(saved(3_600, 'role')).toBe(5_998);
  // At T = 60 s a session's next write always opens a new window; the role's windows hold 50.
  expect(saved(60, 'session')).toBe(0);
  expect(saved(60, 'role')).toBe(5_880);
  expect(rows[0]!.saved_calls_day_one_band_low).toBe(0);
});

test('log delivery, buckets already on, mixed buckets and richer contexts stand apart', async () => {
  const call = { second: 0, is_write: true, object: 1, role: 'r', session: 'r/s' };
  const bucketArn = 'arn:aws:s3:::mixed';
  const rows = await savings([
    s3Event(call, 'mixed'),
    s3Event({ ...call, second: 1 }, 'mixed', {
      resource_arn: bucketArn,
      s3_context_is_bucket: true,
      encryption_context: JSON.stringify({ 'aws:s3:arn': bucketArn }),
    }),
    s3Event(call, 'logs', {
      context_kind: 'cloudtrail',
      encryption_context: '{"aws:cloudtrail:arn":"t","aws:s3:arn":"o"}',
    }),
    s3Event(call, 'rich', { encryption_context: '{"aws:s3:arn":"o","tenant":"x"}' }),
    s3Event({ ...call, second: 1 }, 'rich', { outcome: 'denied' }),
    s3Event({ ...call, second: 2 }, 'rich', { operation: 'Encrypt' }),
  ]);
  const shown = rows.map((row) => [
    row.s3_bucket,
    row.scope,
    row.bucket_state,
    row.calls,
    row.calls_with_more_context,
    row.saved_calls_day_one,
  ]);
  expect(shown.sort()).toEqual([
    ['logs', 'log_delivery', 'off', 1, 0, 0],
    ['mixed', 'bucket_key_on', 'mixed', 1, 0, null],
    ['mixed', 'objects', 'mixed', 1, 0, 0],
    ['rich', 'objects', 'off', 1, 1, 0],
  ]);
});

test('a month is scaled from covered hours only, and the rewrite cost is taken off by hand', async () => {
  // One older object read each minute for 48 hours: 2,880 calls, one in ten minutes at T = 600 s.
  const call = { is_write: false, object: 1, role: 'r', session: 'r/s' };
  const events = Array.from({ length: 2_880 }, (_, i) => s3Event({ ...call, second: i * 60 }));
  const [row] = await savings(events, { window_seconds: 600 });
  expect(row!.covered_hours).toBe(48);
  expect(row!.saved_calls_rewritten).toBe(2_880 - 288);
  expect(row!.saved_calls_day_one).toBe(0);
  expect(row!.saving_rewritten_usd).toBeCloseTo((2_592 * 0.03) / 10_000, 12);
  expect(row!.saving_rewritten_usd_monthly).toBeCloseTo((2_592 * 0.03 * 730) / 10_000 / 48, 12);
  // One COPY, one Decrypt, the fee of one object and of the job.
  expect(row!.rewrite_cost_usd).toBeCloseTo(0.000005 + 0.000003 + 0.000001 + 0.25, 12);
});
