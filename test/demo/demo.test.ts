import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoConfigFile, demoTruthFile, generateDemoTrail } from '../../demo/generate.ts';
import { demoNames } from '../../demo/organisation.ts';
import type { DemoTruth } from '../../demo/truth.ts';
import {
  callerAccount,
  chargesOf,
  countBy,
  countedCalls,
  groupBy,
  principalOf,
} from '../support/trail-counts.ts';
import { filePaths, readTrail, type RawFile, type RawRecord } from '../support/trail-reader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'keymeter-demo-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const digestOf = (directory: string, unpack: boolean): string => {
  const hash = createHash('sha256');
  for (const path of filePaths(directory)) {
    const bytes = readFileSync(join(directory, path));
    hash.update(path).update(unpack && path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  }
  return hash.digest('hex');
};

describe('the demo trail', () => {
  it('has the same bytes for the same seed, packed and unpacked', async () => {
    const options = { seed: 7, days: 14, scale: 0.2 };
    await generateDemoTrail(join(scratch, 'a'), options);
    await generateDemoTrail(join(scratch, 'b'), options);
    expect(digestOf(join(scratch, 'a'), false)).toBe(digestOf(join(scratch, 'b'), false));
    expect(digestOf(join(scratch, 'a'), true)).toBe(digestOf(join(scratch, 'b'), true));
  });

  it('has other bytes for another seed, and replaces an earlier demo trail', async () => {
    const before = digestOf(join(scratch, 'a'), true);
    await generateDemoTrail(join(scratch, 'a'), { seed: 8, days: 14, scale: 0.2 });
    expect(digestOf(join(scratch, 'a'), true)).not.toBe(before);
    await generateDemoTrail(join(scratch, 'a'), { seed: 7, days: 14, scale: 0.2 });
    expect(digestOf(join(scratch, 'a'), true)).toBe(before);
  });

  it('leaves a directory alone that holds other things', async () => {
    const directory = join(scratch, 'mine');
    mkdirSync(directory);
    writeFileSync(join(directory, 'notes.txt'), 'keep me');
    await expect(generateDemoTrail(directory)).rejects.toMatchObject({
      code: 'demo_directory_in_use',
    });
    expect(filePaths(directory)).toEqual(['notes.txt']);
  });

  it('leaves a real bucket copy alone', async () => {
    const directory = join(scratch, 'real');
    mkdirSync(join(directory, 'AWSLogs'), { recursive: true });
    await expect(generateDemoTrail(directory)).rejects.toMatchObject({
      code: 'demo_directory_in_use',
    });
  });

  it('says how many days it can fill', async () => {
    for (const days of [0, 1.5, 13, 367]) {
      const made = generateDemoTrail(join(scratch, 'never'), { days });
      await expect(made).rejects.toMatchObject({ code: 'demo_days' });
    }
  });

  it('makes clean traffic without a throttled or planted call', async () => {
    const directory = join(scratch, 'clean');
    const truth = await generateDemoTrail(directory, { cleanOnly: true, days: 3 });
    expect(truth.situations).toEqual({});
    const records = readTrail(directory).flatMap((file) => file.records);
    expect(records.length).toBe(truth.totals.records);
    const kms = records.filter((r) => r.eventSource === 'kms.amazonaws.com');
    // The Config recorder's well-known refusals, one a day, are part of any clean account.
    expect(kms.filter((r) => r.errorCode).map((r) => r.errorCode)).toEqual(
      Array(3).fill('AccessDenied'),
    );
  });
});

describe('the truth of the whole demo trail', () => {
  const directory = join(scratch, 'whole');
  let truth: DemoTruth;
  let files: RawFile[];
  let records: RawRecord[];
  let distinctKms: RawRecord[];
  const progress: number[] = [];

  beforeAll(async () => {
    truth = await generateDemoTrail(directory, { onProgress: (p) => progress.push(p.files_total) });
    files = readTrail(directory);
    records = files.flatMap((file) => file.records);
    const kms = records.filter((r) => r.eventSource === 'kms.amazonaws.com');
    distinctKms = [...new Map(kms.map((r) => [r.eventID, r])).values()];
  });

  it('stands beside the trail, with the config it assumes', () => {
    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), 'utf8'));
    expect(read(demoTruthFile)).toEqual(JSON.parse(JSON.stringify(truth)));
    expect(read(demoConfigFile)).toEqual({
      quotaOverrides: truth.quota_overrides,
      names: demoNames,
    });
  });

  it('is told in the docs, situation by situation', () => {
    const docs = readFileSync(new URL('../../docs/demo-trail.md', import.meta.url), 'utf8');
    const planted = docs.slice(docs.indexOf('## Planted: capacity'));
    const told = [...planted.matchAll(/^\| `(\w+)`/gm)].map((row) => row[1]);
    expect(told.sort()).toEqual(Object.keys(truth.situations).sort());
  });

  it('is of the promised size, told as it grew', () => {
    expect(truth.totals.records).toBeGreaterThan(60_000);
    expect(truth.totals.records).toBeLessThan(120_000);
    expect(progress).toEqual(Array(truth.totals.files).fill(truth.totals.files));
  });

  it('lies in the layout of a real bucket', () => {
    const name =
      /^AWSLogs\/o-demo123456\/(\d{12})\/CloudTrail\/([a-z0-9-]+)\/(\d{4})\/(\d\d)\/(\d\d)\/\1_CloudTrail_\2_\3\4\5T\d{4}Z_[A-Za-z0-9]{16}\.json\.gz$/;
    for (const { path, records: inFile } of files) {
      const [, account, region, year, month, day] = name.exec(path) ?? [];
      expect(account, path).toBeDefined();
      const stamp = /_(\d{8})T(\d\d)(\d\d)Z_/.exec(path);
      const published = Date.parse(`${year}-${month}-${day}T${stamp?.[2]}:${stamp?.[3]}:00Z`);
      for (const record of inFile) {
        expect(record.recipientAccountId).toBe(account);
        expect(record.awsRegion).toBe(region);
        const lag = (published - Date.parse(record.eventTime)) / 1000;
        expect(lag).toBeGreaterThanOrEqual(0);
        // Cross-account copies take up to 7 minutes more, late files 25 hours.
        expect(lag < 1020 || (lag > 90_000 && lag < 90_600)).toBe(true);
      }
    }
    const previousDay = files.filter(({ path, records: inFile }) => {
      const day = path.split('/').slice(5, 8).join('-');
      return inFile.some((r) => r.eventTime.slice(0, 10) < day);
    });
    expect(previousDay.length).toBeGreaterThanOrEqual(truth.totals.days);
    const others = filePaths(directory).filter((p) => !p.includes('/CloudTrail/'));
    expect(others).toEqual([...truth.not_logs, demoConfigFile, demoTruthFile].sort());
  });

  it('has files of all sizes, many of them unsorted', () => {
    const sizes = files.map((file) => file.records.length).sort((a, b) => a - b);
    expect(sizes[0]).toBe(1);
    expect(sizes.at(-1)).toBeGreaterThan(400);
    const unsorted = files.filter(({ records: inFile }) =>
      inFile.some((r, i) => i > 0 && r.eventTime < (inFile[i - 1]?.eventTime ?? '')),
    );
    expect(unsorted.length / files.length).toBeGreaterThan(0.25);
  });

  it('totals what a plain reading of the files counts', () => {
    const { totals } = truth;
    const ids = records.map((r) => r.eventID);
    const kms = records.filter((r) => r.eventSource === 'kms.amazonaws.com');
    expect(files.length).toBe(totals.files);
    expect(records.length).toBe(totals.records);
    expect(ids.length - new Set(ids).size).toBe(totals.duplicate_records);
    expect(kms.length).toBe(totals.kms_records);
    expect(distinctKms.length).toBe(totals.kms_events_distinct);
    expect(kms.length - distinctKms.length).toBe(totals.kms_duplicate_records);
    expect(countBy(records, (r) => r.recipientAccountId)).toEqual(totals.records_by_account);
    expect(countBy(records, (r) => r.eventSource)).toEqual(totals.records_by_event_source);
    expect(
      countBy(distinctKms, (r) => `${r.recipientAccountId}|${r.awsRegion}|${r.eventName}`),
    ).toEqual(totals.kms_events_by_account_region_operation);
  });

  it('counts each action once, for its caller', () => {
    const { totals } = truth;
    const counted = countedCalls(distinctKms);
    expect(counted.length).toBe(totals.counted_calls);
    expect(countBy(counted, callerAccount)).toEqual(totals.counted_by_caller_account);
    expect(countBy(counted, (r) => r.eventName)).toEqual(totals.counted_by_operation);
    expect(countBy(counted, principalOf)).toEqual(totals.counted_by_principal);
    const throttles = counted.filter((r) => r.errorCode === 'ThrottlingException');
    expect(throttles.length).toBe(totals.throttled_calls);
    expect(counted.filter((r) => r.errorCode?.startsWith('AccessDenied')).length).toBe(
      totals.denied_calls,
    );
    const perSecond = Object.entries(countBy(counted, (r) => r.eventTime));
    const most = Math.max(...perSecond.map(([, n]) => n));
    expect(most).toBe(totals.peak_second_calls);
    expect(perSecond.find(([, n]) => n === most)?.[0]).toBe(totals.peak_second_at);
  });

  it('gives the peak second of every account, Region and quota', () => {
    const charged = countedCalls(distinctKms).flatMap(chargesOf);
    const places = groupBy(charged, (c) => c.place);
    expect(Object.keys(places).sort()).toEqual(
      truth.totals.quota_peaks.map((p) => `${p.account_id}|${p.region}|${p.quota_id}`).sort(),
    );
    for (const peak of truth.totals.quota_peaks) {
      const calls = places[`${peak.account_id}|${peak.region}|${peak.quota_id}`] ?? [];
      const accepted = calls.filter((c) => !c.throttled);
      expect(calls.length).toBe(peak.calls);
      expect(calls.length - accepted.length).toBe(peak.throttled_calls);
      const offeredBySecond = countBy(calls, (c) => c.second);
      const acceptedBySecond = countBy(accepted, (c) => c.second);
      expect(Math.max(...Object.values(offeredBySecond))).toBe(peak.offered_peak);
      expect(offeredBySecond[peak.offered_peak_at]).toBe(peak.offered_peak);
      expect(Math.max(0, ...Object.values(acceptedBySecond))).toBe(peak.accepted_peak);
      if (peak.accepted_peak > 0) {
        expect(acceptedBySecond[peak.accepted_peak_at]).toBe(peak.accepted_peak);
      }
    }
  });

  it('lists every burst of throttled seconds', () => {
    const { throttle_bursts: bursts, throttled_calls } = truth.totals;
    expect(bursts.reduce((sum, b) => sum + b.throttled_calls, 0)).toBe(throttled_calls);
    const throttled = countedCalls(distinctKms)
      .flatMap(chargesOf)
      .filter((c) => c.throttled);
    for (const burst of bursts) {
      const place = `${burst.account_id}|${burst.region}|${burst.quota_id}`;
      const seconds = throttled.filter((c) => c.place === place).map((c) => c.second);
      const inside = seconds.filter((s) => s >= burst.started_at && s <= burst.last_at);
      expect(inside.length).toBe(burst.throttled_calls);
      expect(new Set(inside).size).toBe(burst.throttled_seconds);
      const gap = (a: string, b: string) => (Date.parse(b) - Date.parse(a)) / 1000;
      const outside = seconds.filter((s) => s < burst.started_at || s > burst.last_at);
      for (const s of outside) {
        expect(
          Math.min(Math.abs(gap(s, burst.started_at)), Math.abs(gap(s, burst.last_at))),
        ).toBeGreaterThan(5);
      }
    }
  });

  it('counts S3 calls by bucket and scope', () => {
    const successful = countedCalls(distinctKms).filter((r) => !r.errorCode);
    const s3 = successful.flatMap((r) => {
      const context = r.requestParameters?.encryptionContext as Record<string, string> | undefined;
      const arn = context?.['aws:s3:arn'];
      if (!context || !arn || !['GenerateDataKey', 'Decrypt'].includes(r.eventName)) return [];
      const [bucket, ...object] = arn.replace('arn:aws:s3:::', '').split('/');
      const scope = context['aws:cloudtrail:arn']
        ? 'log_delivery'
        : object.length > 0
          ? 'objects'
          : 'bucket_key_on';
      return [`${bucket}|${scope}|${r.eventName}`];
    });
    expect(countBy(s3, (name) => name)).toEqual(truth.totals.s3_calls);
  });

  it('has records of the shape CloudTrail writes', () => {
    expect(Object.keys(countBy(records, (r) => r.eventVersion)).sort()).toEqual(['1.08', '1.11']);
    for (const r of records) {
      // Who came through a service shows neither address nor TLS of their own.
      if (r.userIdentity.invokedBy) expect(r.tlsDetails).toBeUndefined();
      if (r.eventName === 'Decrypt' && !r.errorCode) {
        expect(r.requestParameters).not.toHaveProperty('keyId');
        expect(r.resources?.[0]?.ARN).toMatch(/^arn:aws:kms:/);
      }
      if (r.errorCode === 'ThrottlingException') expect(r.resources).toBeUndefined();
    }
    const lines = files.slice(0, 50).map((file) => readFileSync(join(directory, file.path)));
    for (const packed of lines) {
      expect([...packed.subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 0, 3]);
      const text = gunzipSync(packed).toString('utf8');
      expect(text).toBe(text.trim());
      expect(text.startsWith('{"Records":[{"eventVersion":"1.')).toBe(true);
    }
  });
});
