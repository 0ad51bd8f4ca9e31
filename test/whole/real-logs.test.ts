import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import { openDatabase } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';
import type { KmsEvent } from '../../store/relations.ts';
import { readFolder } from '../support/read-rows.ts';
import { sharedData, sharedFile } from '../support/shared-data.ts';

/** The part of truth-*.json that is compared; computed by an independent Python script. */
interface Truth {
  total_records: number;
  kms_distinct_eventIDs: number;
  kms_duplicate_extra_records: number;
  raw: TruthCounts;
  dedup: TruthCounts;
}

interface TruthCounts {
  kms_records: number;
  kms_api_calls: number;
  by_account_region_operation: Record<string, number>;
  by_key: Record<string, number>;
  by_principal: Record<string, number>;
  by_errorCode: Record<string, number>;
  by_eventType: Record<string, number>;
  by_userIdentityType: Record<string, number>;
  max_per_second: { key: string; count: number };
  max_per_account_region_second: { key: string; count: number };
  max_per_key_second: { key: string; count: number };
  max_per_principal_second: { key: string; count: number };
  active_seconds: number;
}

const truthOf = (name: string) => JSON.parse(readFileSync(sharedFile(name), 'utf8')) as Truth;

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** The highest count, whatever its key: the truth names one of possibly several. */
const highest = (counts: Record<string, number>) => Math.max(...Object.values(counts));

const second = (row: KmsEvent) => new Date(row.event_time * 1000).toISOString().slice(0, 19);
const keyOf = (row: KmsEvent) => row.key_arn ?? row.key_ref ?? '(none)';

function countsOf(rows: readonly KmsEvent[]) {
  const of = (name: (row: KmsEvent) => string) => tally(rows.map(name));
  const seconds = of(second);
  return {
    kms_records: rows.length,
    kms_api_calls: rows.filter((row) => row.event_type === 'AwsApiCall').length,
    by_account_region_operation: of((row) => `${row.account_id}|${row.region}|${row.operation}`),
    by_key: of(keyOf),
    by_principal: of((row) => row.principal_arn),
    by_errorCode: of((row) => row.error_code ?? 'None'),
    by_eventType: of((row) => row.event_type ?? 'None'),
    by_userIdentityType: of((row) =>
      row.principal_type === 'unknown' ? 'None' : row.principal_type,
    ),
    peak: highest(seconds),
    peak_account_region: highest(of((row) => `${row.account_id}|${row.region}|${second(row)}`)),
    peak_key: highest(of((row) => `${keyOf(row)}|${second(row)}`)),
    peak_principal: highest(of((row) => `${row.principal_arn}|${second(row)}`)),
    active_seconds: Object.keys(seconds).length,
  };
}

function expectedOf(truth: TruthCounts) {
  return {
    kms_records: truth.kms_records,
    kms_api_calls: truth.kms_api_calls,
    by_account_region_operation: truth.by_account_region_operation,
    by_key: truth.by_key,
    by_principal: truth.by_principal,
    by_errorCode: truth.by_errorCode,
    by_eventType: truth.by_eventType,
    by_userIdentityType: truth.by_userIdentityType,
    peak: truth.max_per_second.count,
    peak_account_region: truth.max_per_account_region_second.count,
    peak_key: truth.max_per_key_second.count,
    peak_principal: truth.max_per_principal_second.count,
    active_seconds: truth.active_seconds,
  };
}

describe.skipIf(!sharedData)('real logs', () => {
  test('the reader gives the truth of every record, duplicates included', () => {
    expect(countsOf(readFolder(sharedFile('real')))).toEqual(
      expectedOf(truthOf('truth-real.json').raw),
    );
  });

  test('the documented examples read as the truth has them', () => {
    expect(countsOf(readFolder(sharedFile('fixtures')))).toEqual(
      expectedOf(truthOf('truth-fixtures.json').raw),
    );
  });

  test('the database holds the truth without duplicates, and a second run changes nothing', async () => {
    const truth = truthOf('truth-real.json');
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    const source = await openSource(sharedFile('real'));
    const summary = await ingest(database, [source]);
    expect(summary).toMatchObject({
      status: 'done',
      records_total: truth.total_records,
      non_kms: truth.total_records - truth.raw.kms_records,
      inserted: truth.kms_distinct_eventIDs,
      duplicate: truth.kms_duplicate_extra_records,
      rejected: 0,
      conflict: 0,
    });
    const rows = await engine.rows('SELECT * FROM kms_events');
    const events = rows.map((row) => ({
      ...row,
      event_time: Date.parse(String(row['event_time'])) / 1000,
    })) as unknown as KmsEvent[];
    expect(countsOf(events)).toEqual(expectedOf(truth.dedup));
    const again = await ingest(database, [source]);
    expect(again).toMatchObject({
      objects_new: 0,
      objects_known: summary.objects_listed,
      inserted: 0,
    });
    engine.close();
    database.close();
  });

  test('of the look-alikes only a CloudTrail record inside is counted, and each says what it is', async () => {
    const database = await openDatabase(':memory:');
    const engine = new DuckDbEngine(database);
    const summary = await ingest(database, [await openSource(sharedFile('negative'))]);
    // One of the SQS messages has a KMS event of EventBridge in its body.
    expect(summary).toMatchObject({ objects_listed: 4, objects_skipped: 3, records_total: 1 });
    expect(summary.classes).toEqual({ kinesis_record: 1, s3_notification: 2 });
    const events = await engine.rows('SELECT operation, account_id FROM kms_events');
    expect(events).toEqual([{ operation: 'Decrypt', account_id: '987654321098' }]);
    engine.close();
    database.close();
  });
});
