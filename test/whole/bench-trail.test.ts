import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTrail, type TrailSet } from '../../bench/trail.ts';
import { filePaths, readTrail } from '../support/trail-reader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'keymeter-bench-trail-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const shares: [TrailSet, number, number][] = [
  ['mid', 0.35, 0.45],
  ['random', 0.35, 0.45],
  ['small', 0.3, 0.5],
  ['noise', 0.001, 0.03],
  ['kms', 0.999, 1.001],
];

describe('the trails that benchmarks read', () => {
  it.each(shares)('%s: counts and KMS share are what was asked for', async (set, low, high) => {
    const directory = join(scratch, set);
    const options = { set, files: 12, recordsPerFile: set === 'small' ? 20 : 300, seed: 3 };
    const summary = await writeTrail(directory, options);
    const files = readTrail(directory);
    const records = files.flatMap((file) => file.records);
    const kms = records.filter((r) => r.eventSource === 'kms.amazonaws.com');
    expect(files).toHaveLength(12);
    expect(summary).toMatchObject({ files: 12, records: records.length, kms_records: kms.length });
    expect(kms.length / records.length).toBeGreaterThan(low);
    expect(kms.length / records.length).toBeLessThan(high);
    expect(new Set(records.map((r) => r.eventID)).size).toBe(records.length);
    if (set === 'small') {
      for (const file of files) expect(file.records.length).toBeLessThanOrEqual(20);
    } else {
      for (const file of files) expect(file.records).toHaveLength(300);
    }
    const sessions = new Set(records.map((r) => r.userIdentity.arn));
    const roles = new Set(records.map((r) => r.userIdentity.sessionContext.sessionIssuer.arn));
    if (set === 'random') expect(sessions.size).toBe(records.length);
    if (set === 'mid') {
      // 12 files lie in one hour: forty roles of four sessions.
      expect(roles.size).toBe(40);
      expect(sessions.size).toBe(160);
    }
  });

  it('has the same bytes for the same seed, and others for another', async () => {
    const options = { set: 'mid', files: 5, recordsPerFile: 50 } as const;
    const bytes = async (name: string, seed: number) => {
      const directory = join(scratch, name);
      await writeTrail(directory, { ...options, seed });
      return filePaths(directory).map((p) => p + readFileSync(join(directory, p), 'base64'));
    };
    const first = await bytes('first', 1);
    expect(await bytes('again', 1)).toEqual(first);
    expect(await bytes('other', 2)).not.toEqual(first);
  });
});
