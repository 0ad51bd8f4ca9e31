import { roleSession } from '../callers.ts';
import { accounts, isoSecond, keyOf } from '../organisation.ts';
import type { Plan } from '../plan.ts';
import { bucketKeyCall, readObject, viaS3, writeObject } from '../s3-calls.ts';

const windows = [60, 300, 900, 3600] as const;

/** Calls left over for each reuse window in seconds. */
type ByWindow = Record<(typeof windows)[number], number>;

const byWindow = (calls: (window: number) => number): ByWindow =>
  Object.fromEntries(windows.map((w) => [w, calls(w)])) as ByWindow;

/**
 * Windows that open at the first call and hold `[t, t + window)`, over `count` calls `spacing` apart:
 * each holds ceil(window / spacing) calls.
 */
const openedWindows = (count: number, spacing: number, window: number): number =>
  Math.ceil(count / Math.ceil(window / spacing));

/**
 * A bucket without bucket keys on three mornings. Every 10 seconds an object is written, by two
 * sessions of one role in turn, and read half an hour later; 200 older objects are read once each,
 * one older object 60 times.
 */
export function plantBucketWithoutBucketKeys(plan: Plan) {
  const account = accounts.prod;
  const region = 'eu-central-1';
  const bucket = 'acme-claims-archive';
  const key = keyOf(account, region, 'claims-archive');
  const writers = ['intake-a', 'intake-b'].map((s) => roleSession(account, 'claims-intake', s));
  const reader = roleSession(account, 'claims-scoring', 'scoring-1');
  const oldReader = roleSession(account, 'claims-audit', 'audit-1');
  const hotReader = roleSession(account, 'claims-dashboard', 'dashboard-1');
  const days = [3, 4, 5];
  const spacing = 10;
  const writes = 720;
  const readDelay = 1800;
  const oldObjects = 200;
  const oldSpacing = 30;
  const hotReads = 60;
  const base = { key, bucket };
  days.forEach((day, round) => {
    const from = plan.at(day, '08:00:00');
    for (let i = 0; i < writes; i += 1) {
      const caller = writers[i % 2] as (typeof writers)[0];
      const object = `claims/${round}/${i}.json`;
      const at = from + i * spacing;
      writeObject(plan, { ...base, at, caller, object, dataEvent: i % 4 === 0 });
      readObject(plan, { ...base, at: at + readDelay, caller: reader, object });
    }
    for (let i = 0; i < oldObjects; i += 1) {
      const at = from + i * oldSpacing;
      readObject(plan, { ...base, at, caller: oldReader, object: `old/${round}/${i}.json` });
    }
    for (let i = 0; i < hotReads; i += 1) {
      const at = from + i * spacing;
      const object = 'old/rates-2019.json';
      readObject(plan, { ...base, at, caller: hotReader, object, dataEvent: true });
    }
  });
  const n = days.length;
  const roleWindows = byWindow((w) => n * openedWindows(writes, spacing, w));
  // Each session writes every second object.
  const sessionWindows = byWindow((w) => n * 2 * openedWindows(writes / 2, spacing * 2, w));
  return {
    account_id: account,
    region,
    bucket,
    key_arn: key.arn,
    via_service: viaS3.replace('fas.', ''),
    days: days.map((day) => isoSecond(plan.at(day, '08:00:00'))),
    writes_before: n * writes,
    reads_of_written_before: n * writes,
    reads_of_older_before: n * (oldObjects + hotReads),
    calls_before: n * (2 * writes + oldObjects + hotReads),
    writes_after_by_role: roleWindows,
    writes_after_by_session: sessionWindows,
    /** The reader follows at the writer's pace: one read window for each write window. */
    reads_of_written_after_by_role: roleWindows,
    reads_of_written_after_by_session: sessionWindows,
    reads_of_older_after_pessimistic: byWindow(
      (w) => n * (oldObjects + openedWindows(hotReads, spacing, w)),
    ),
    reads_of_older_after_optimistic: byWindow(
      (w) => n * (openedWindows(oldObjects, oldSpacing, w) + openedWindows(hotReads, spacing, w)),
    ),
    hot_object: 'old/rates-2019.json',
    hot_object_reads: n * hotReads,
    writers: writers.map((w) => w.callerArn),
    readers: [reader, oldReader, hotReader].map((r) => r.principalArn),
  };
}

/** A bucket where the switch is on: the context names the bucket, and there is nothing to save. */
export function plantBucketWithBucketKeys(plan: Plan) {
  const account = accounts.data;
  const region = 'eu-central-1';
  const bucket = 'acme-telemetry-optimised';
  const key = keyOf(account, region, 'telemetry');
  const caller = roleSession(account, 'telemetry-writer', 'writer-1');
  const from = plan.at(5, '12:00:00');
  for (let i = 0; i < 40; i += 1) {
    const object = `t/${i}.gz`;
    bucketKeyCall(plan, 'PutObject', { at: from + i * 30, caller, key, bucket, object });
    bucketKeyCall(plan, 'GetObject', { at: from + i * 30 + 9, caller, key, bucket, object });
  }
  return { account_id: account, region, bucket, key_arn: key.arn, writes: 40, reads: 40 };
}

/** Switched on after years: new writes name the bucket, the old objects still their own ARN. */
export function plantMixedBucket(plan: Plan) {
  const account = accounts.prod;
  const region = 'us-east-1';
  const bucket = 'acme-policies-mixed';
  const key = keyOf(account, region, 'policies');
  const caller = roleSession(account, 'policy-service', 'policy-1');
  const from = plan.at(7, '10:00:00');
  for (let i = 0; i < 50; i += 1) {
    const object = `new/${i}.pdf`;
    bucketKeyCall(plan, 'PutObject', { at: from + i * 24, caller, key, bucket, object });
  }
  for (let i = 0; i < 300; i += 1) {
    const object = `old/${i % 100}.pdf`;
    readObject(plan, { at: from + i * 4, caller, key, bucket, object });
  }
  return {
    account_id: account,
    region,
    bucket,
    key_arn: key.arn,
    bucket_key_writes: 50,
    object_reads: 300,
    objects_read: 100,
    /** 100 objects in turn, each every 400 s: repeats are saved only by windows above that. */
    reads_after_pessimistic: byWindow((w) => 100 * openedWindows(3, 400, w)),
    reads_after_optimistic: byWindow((w) => openedWindows(300, 4, w)),
  };
}

/**
 * One role, 40 sessions, each writing 12 objects in turn. If S3 shares the bucket key by role nearly
 * all is saved; by session far less.
 */
export function plantSessionFanOut(plan: Plan) {
  const account = accounts.data;
  const region = 'us-east-1';
  const bucket = 'acme-lake-raw';
  const key = keyOf(account, region, 'lake');
  const sessions = 40;
  const each = 12;
  const from = plan.at(16, '11:00:00');
  const callers = Array.from({ length: sessions }, (_, s) =>
    roleSession(account, 'emr-task', `i-0e3a${String(s).padStart(13, '0')}`),
  );
  for (let i = 0; i < sessions * each; i += 1) {
    const caller = callers[i % sessions] as (typeof callers)[0];
    writeObject(plan, { at: from + i, caller, key, bucket, object: `raw/part-${i}.parquet` });
  }
  return {
    account_id: account,
    region,
    bucket,
    key_arn: key.arn,
    principal_arn: callers[0]?.principalArn ?? '',
    sessions,
    writes_before: sessions * each,
    writes_after_by_role: byWindow((w) => openedWindows(sessions * each, 1, w)),
    writes_after_by_session: byWindow((w) => sessions * openedWindows(each, sessions, w)),
  };
}
