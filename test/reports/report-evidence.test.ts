import { expect, test } from 'vitest';
import { defaultConfig } from '../../core/config.ts';
import { tablesOf } from '../../reports/report.ts';
import { securityReport } from '../../reports/security.ts';
import type { Database } from '../../store/database.ts';
import type { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import { VerifiedHours, type VerifiedHour } from '../../store/verified-hours.ts';
import { event, plainEvent, store, withEvents } from '../support/events.ts';

const at = (text: string) => Date.parse(`2026-10-${text}Z`);
const account_id = plainEvent.account_id!;
const region = plainEvent.region!;
const key = plainEvent.key_arn!;

/** A file of 12:05 to 12:40 on the 5th, and one of the 6th. */
const first = [event({ at: '2026-10-05T12:05:00Z' }), event({ at: '2026-10-05T12:40:00Z' })];
const second = [event({ at: '2026-10-06T03:00:00Z', user_agent: 'other' })];

const hour = (from: string, status: VerifiedHour['status']): VerifiedHour => ({
  trail: 't',
  chain: 'standard',
  hour_from: at(from),
  hour_to: at(from) + 3_600_000,
  status,
  log_files: 1,
  digest_key: `digest of ${from}`,
});

async function verified(database: Database, hours: VerifiedHour[]) {
  const written = await VerifiedHours.open(database, {
    run_id: 'run',
    verified_at: new Date('2026-10-20T00:00:00Z'),
  });
  await written.replace({ account_id, region, from: Infinity, to: -Infinity }, hours);
  written.close();
}

async function proofOf(engine: DuckDbEngine, options: Parameters<typeof securityReport>[1]) {
  const report = await securityReport({ engine, config: defaultConfig }, options);
  const findings = report.sections.flatMap((section) => section.findings);
  const rows = (name: string) => tablesOf(report).find((one) => one.name === name)?.rows;
  return { findings, files: rows('files'), periods: rows('verification') };
}

test('says that nothing was verified', () =>
  withEvents(first, async (engine) => {
    for (const options of [{ key }, {}]) {
      const { findings, periods } = await proofOf(engine, options);
      expect(findings.filter((text) => text.startsWith('Nothing was verified'))).toHaveLength(1);
      expect(periods).toBeUndefined();
    }
  }));

test('shows the digest periods of the hours of each file, and of no other hour', () =>
  withEvents(first, async (engine, database) => {
    await store(database, second);
    await verified(database, [
      hour('05T10:30:00', 'broken'), // ends before the hour of the first record
      hour('05T11:30:00', 'whole'),
      hour('05T12:30:00', 'empty'),
      hour('05T13:30:00', 'whole'), // the hour after, in which the file may have been delivered
      hour('05T14:00:00', 'broken'),
    ]);
    const { findings, files, periods } = await proofOf(engine, { key });
    expect(files!.map((file) => [file['record_time_min'], file['verification']])).toEqual([
      ['2026-10-05T12:05:00Z', 'empty, whole'],
      ['2026-10-06T03:00:00Z', 'not verified'],
    ]);
    expect(files!.map((file) => 'content_sha256' in file)).toEqual([true, true]);
    expect(periods!.map((row) => [row['hour_from'], row['status']])).toEqual([
      ['2026-10-05T11:30:00Z', 'whole'],
      ['2026-10-05T12:30:00Z', 'empty'],
      ['2026-10-05T13:30:00Z', 'whole'],
    ]);
    expect(findings).toContain(
      'Verified, last at 2026-10-20T00:00:00Z: 3 digest periods of these hours, 1 empty, 2 whole.',
    );
    expect(findings).toContain('1 of 2 files lie in hours of which nothing was verified.');
  }));

test('without a key or principal it shows the periods of the range', () =>
  withEvents(first, async (engine, database) => {
    await verified(database, [hour('05T11:30:00', 'whole'), hour('05T12:30:00', 'broken')]);
    const { findings, files, periods } = await proofOf(engine, {
      filters: { from: '2026-10-05T12:30:00Z', to: '2026-10-05T13:00:00Z' },
    });
    expect(files).toBeUndefined();
    expect(periods!.map((row) => row['status'])).toEqual(['broken']);
    expect(findings.join('\n')).toContain('1 digest periods of these hours, 1 broken.');
  }));
