import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateDemoTrail } from '../../demo/generate.ts';
import type { SituationTruths } from '../../demo/truth.ts';
import { callerAccount, countBy, countedCalls, principalOf } from './trail-counts.ts';
import { readTrail, type RawFile, type RawRecord } from './trail-reader.ts';

/** A whole demo trail, read back by JSON.parse, with its truth. */
export interface Demo {
  truth: SituationTruths;
  files: RawFile[];
  records: RawRecord[];
  /** Distinct KMS events, and the counted ones among them. */
  events: RawRecord[];
  calls: RawRecord[];
}

export async function loadDemo(): Promise<Demo> {
  const directory = mkdtempSync(join(tmpdir(), 'keymeter-situations-'));
  try {
    const truth = (await generateDemoTrail(directory, { seed: 42 })).situations as SituationTruths;
    const files = readTrail(directory);
    const records = files.flatMap((file) => file.records);
    const kms = records.filter((r) => r.eventSource === 'kms.amazonaws.com');
    const events = [...new Map(kms.map((r) => [r.eventID, r])).values()];
    return { truth, files, records, events, calls: countedCalls(events) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const keyOf = (r: RawRecord) => r.resources?.find((s) => s.ARN.includes(':key/'))?.ARN;
export const sessionOf = (r: RawRecord) => r.userIdentity.arn as string;
export const contextOf = (r: RawRecord) =>
  (r.requestParameters?.encryptionContext ?? {}) as Record<string, string>;
export const byPrincipal = (calls: RawRecord[], arn: string) =>
  calls.filter((r) => principalOf(r) === arn);
export const onKey = (calls: RawRecord[], arn: string) => calls.filter((r) => keyOf(r) === arn);
export const times = (rs: RawRecord[]) => rs.map((r) => r.eventTime).sort();
export const failed = (code: string) => (r: RawRecord) => r.errorCode === code;
export const isThrottled = failed('ThrottlingException');
export const inPlace = (
  calls: RawRecord[],
  place: { account_id: string; region: string },
  from: string,
  last: string,
) =>
  calls.filter(
    (r) =>
      callerAccount(r) === place.account_id &&
      r.awsRegion === place.region &&
      r.eventTime >= from &&
      r.eventTime <= last,
  );
export const bySecond = (rs: RawRecord[]) => countBy(rs, (r) => r.eventTime);
export const after = (iso: string, seconds: number) =>
  new Date(Date.parse(iso) + seconds * 1000).toISOString().slice(0, 19) + 'Z';
