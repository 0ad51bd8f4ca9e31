import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import blindness from '../../analytics/detections/blindness.ts';
import snapshotTheft from '../../analytics/detections/snapshot-theft.ts';
import massDecrypt from '../../analytics/detections/mass-decrypt.ts';
import blastRadius from '../../analytics/investigation/blast-radius.ts';
import origins from '../../analytics/investigation/origins.ts';
import principalTimeline from '../../analytics/investigation/principal-timeline.ts';
import { defaultConfig } from '../../core/config.ts';
import type { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { Row } from '../support/run-analysis.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';
import { withTrail } from '../support/stored-trail.ts';
import { callerAccount, principalOf } from '../support/trail-counts.ts';
import { filePaths, type RawRecord } from '../support/trail-reader.ts';

/** Distinct records of all files, by plain JSON.parse. */
function plainRecords(directory: string): RawRecord[] {
  const byId = new Map<string, RawRecord>();
  for (const file of filePaths(directory).filter((name) => name.endsWith('.gz'))) {
    const text = gunzipSync(readFileSync(`${directory}/${file}`)).toString('utf8');
    for (const record of (JSON.parse(text) as { Records: RawRecord[] }).Records) {
      if (!byId.has(record.eventID)) byId.set(record.eventID, record);
    }
  }
  return [...byId.values()];
}

const isKms = (r: RawRecord) => r.eventSource === 'kms.amazonaws.com';
const resourceOf = (r: RawRecord): string | null => {
  const context = (r.requestParameters?.['encryptionContext'] ?? {}) as Record<string, string>;
  return context['SecretARN'] ?? context['PARAMETER_ARN'] ?? context['aws:s3:arn'] ?? null;
};
const bucketOf = (r: RawRecord) => /^arn:aws:s3:::([^/]+)/.exec(resourceOf(r) ?? '')?.[1] ?? null;

function tally(records: RawRecord[], nameOf: (r: RawRecord) => string | null | undefined) {
  const counts: Record<string, number> = {};
  for (const r of records) {
    const name = nameOf(r);
    if (name) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const execute = (analysis: typeof origins, engine: DuckDbEngine, params: Row) =>
  analysis.execute(params, { engine, config: defaultConfig });

describe.skipIf(!sharedData).each(['sans504-s3-ransomware', 'invictus-aws_dataset'])(
  '%s',
  (set) => {
    const directory = () => sharedFile('real', set);

    test('what each principal reached, how often, in which seconds, from where', async () => {
      const kms = plainRecords(directory()).filter(isKms);
      const principals = [...new Set(kms.map(principalOf))];
      expect(principals.length).toBeGreaterThan(0);
      await withTrail(directory(), async (engine) => {
        for (const principal of principals) {
          const mine = kms.filter((r) => principalOf(r) === principal);
          const { rows } = await execute(blastRadius, engine, { principal, limit: 1_000_000 });
          const calls = (keep: (kind: string) => boolean) =>
            Object.fromEntries(
              rows.filter((r) => keep(String(r['kind']))).map((r) => [r['name'], r['calls']]),
            );
          const others = [
            'key',
            'destination_key',
            'caller_account',
            'key_account',
            'region',
            'operation',
            'bucket',
          ];
          expect(calls((kind) => kind === 'operation')).toEqual(tally(mine, (r) => r.eventName));
          expect(calls((kind) => kind === 'region')).toEqual(tally(mine, (r) => r.awsRegion));
          expect(calls((kind) => kind === 'caller_account')).toEqual(tally(mine, callerAccount));
          expect(calls((kind) => kind === 'bucket')).toEqual(tally(mine, bucketOf));
          expect(calls((kind) => kind === 'key')).toEqual(
            tally(
              mine,
              (r) => r.resources?.find((s) => s.ARN.includes(':key/'))?.ARN ?? keyCreated(r),
            ),
          );
          expect(calls((kind) => !others.includes(kind))).toEqual(tally(mine, resourceOf));
          const timeline = await execute(principalTimeline, engine, {
            principal,
            single_events: true,
            limit: 100_000,
          });
          const told = timeline.rows.filter((r) => r['event_source'] === 'kms.amazonaws.com');
          const line = (...parts: unknown[]) => parts.map((part) => part ?? null).join(' ');
          expect(
            told
              .map((r) => line(r['first_at'], r['operation'], r['caller_source'], r['event_id']))
              .sort(),
          ).toEqual(
            mine.map((r) => line(r.eventTime, r.eventName, r.sourceIPAddress, r.eventID)).sort(),
          );
        }
      });
    });

    test('origins equal a scan for reads of the same thing by the same principal within a second', async () => {
      const records = plainRecords(directory());
      const through = records.filter(
        (r) => isKms(r) && r.userIdentity['invokedBy'] && resourceOf(r),
      );
      const reads = records.filter((r) => causes.includes(r.eventName));
      const named = new Map<string, RawRecord[]>();
      for (const r of reads) {
        for (const name of namesOf(r)) named.set(name, [...(named.get(name) ?? []), r]);
      }
      const expected = through.map((call) => {
        const fits = (named.get(resourceOf(call)!) ?? []).filter(
          (r) =>
            principalOf(r) === principalOf(call) &&
            r.awsRegion === call.awsRegion &&
            Math.abs(Date.parse(r.eventTime) - Date.parse(call.eventTime)) <= 1000,
        );
        const sources = new Set(fits.map((r) => r.sourceIPAddress));
        return `${call.eventID} ${fits.length} ${sources.size === 1 ? [...sources][0] : '-'}`;
      });
      await withTrail(directory(), async (engine) => {
        const { rows, notes } = await execute(origins, engine, { limit: 100_000 });
        expect(
          rows
            .map((r) => `${r['event_id']} ${r['candidates']} ${r['origin_source'] ?? '-'}`)
            .sort(),
        ).toEqual(expected.sort());
        console.info(`${set}: ${notes[0]}`);
      });
    });
  },
);

const causes = [
  ...[
    'GetObject',
    'PutObject',
    'CopyObject',
    'GetSecretValue',
    'BatchGetSecretValue',
    'CreateSecret',
  ],
  ...['PutSecretValue', 'UpdateSecret', 'GetParameter', 'GetParameters', 'GetParametersByPath'],
  ...['GetParameterHistory', 'PutParameter'],
];

/** A key that a CreateKey made stands only in its response. */
function keyCreated(r: RawRecord): string | undefined {
  const metadata = r.responseElements?.['keyMetadata'] as { arn?: string } | undefined;
  return metadata?.arn;
}

/** Names under which a read asks for things, as its record has them. */
function namesOf(r: RawRecord): string[] {
  const listed = (r.resources ?? [])
    .map((s) => s.ARN)
    .filter((arn) => /:parameter\/|:s3:::[^/]+\//.test(arn));
  const secret = r.requestParameters?.['secretId'] as string | undefined;
  const made = r.responseElements?.['arn'] as string | undefined;
  return [...new Set([...listed, ...(secret ? [secret] : []), ...(made ? [made] : [])])];
}

test.skipIf(!sharedData)('the simulated attacks of one hour are found', async () => {
  await withTrail(sharedFile('real', 'invictus-aws_dataset'), async (engine) => {
    const found = async (rule: typeof blindness, params: Row = {}) =>
      (await rule.findings(params, { engine, config: defaultConfig })).map((f) => f.finding);
    expect(await found(blindness)).toEqual([expect.stringContaining('DeleteTrail')]);
    expect(await found(snapshotTheft)).toEqual([
      expect.stringContaining('shared with 012345678912'),
    ]);
    const mass = await found(massDecrypt, { baseline_hours: 0 });
    expect(mass).toEqual([
      expect.stringMatching(/^\d+ different secrets decrypted in \d+ seconds/),
    ]);
  });
});
