import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateDemoTrail } from '../../demo/generate.ts';
import type { DemoTruth } from '../../demo/truth.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openSource } from '../../ingest/sources/open-source.ts';
import type { IngestSummary } from '../../ingest/summary.ts';
import { openDatabase, type Database } from '../../store/database.ts';
import { DuckDbEngine } from '../../store/duckdb/duckdb-engine.ts';

const scratch = mkdtempSync(join(tmpdir(), 'keymeter-demo-ingest-'));
let truth: DemoTruth;
let summary: IngestSummary;
let database: Database;
let engine: DuckDbEngine;

beforeAll(async () => {
  const directory = join(scratch, 'trail');
  truth = await generateDemoTrail(directory, { seed: 5 });
  database = await openDatabase(join(scratch, 'demo.duckdb'));
  summary = await ingest(database, [await openSource(directory, {})], { workers: 2 });
  engine = new DuckDbEngine(database, { connections: 1 });
});
afterAll(() => {
  engine.close();
  database.close();
  rmSync(scratch, { recursive: true });
});

/** Rows of `name, n` as an object. */
async function counts(sql: string): Promise<Record<string, number>> {
  const rows = await engine.rows(sql);
  return Object.fromEntries(rows.map((row) => [String(row.name), Number(row.n)]));
}

const counted = 'FROM kms_events WHERE counted';

describe('the demo trail, ingested', () => {
  it('is read whole, without a file that fails', () => {
    const { totals } = truth;
    expect(summary).toMatchObject({
      status: 'done',
      objects_ok: totals.files,
      objects_dead: 0,
      records_total: totals.records,
      non_kms: totals.records - totals.kms_records,
      inserted: totals.kms_events_distinct,
      duplicate: totals.kms_duplicate_records,
      rejected: 0,
    });
  });

  it('gives the counts of the truth', async () => {
    const { totals } = truth;
    const by = (column: string) =>
      counts(`SELECT ${column} AS name, count(*) AS n ${counted} GROUP BY 1`);
    expect(await by('operation')).toEqual(totals.counted_by_operation);
    expect(await by('principal_arn')).toEqual(totals.counted_by_principal);
    expect(await by('caller_account_id')).toEqual(totals.counted_by_caller_account);
    expect(
      await counts(
        "SELECT account_id || '|' || region || '|' || operation AS name, count(*) AS n FROM kms_events GROUP BY 1",
      ),
    ).toEqual(totals.kms_events_by_account_region_operation);
    const outcomes = await by('outcome');
    expect(outcomes.throttled).toBe(totals.throttled_calls);
    expect(outcomes.denied).toBe(totals.denied_calls);
    expect(outcomes.dry_run).toBe(truth.situations.key_migration?.dry_runs);
    expect(
      await counts(
        `SELECT s3_bucket || '|' || CASE
             WHEN encryption_context LIKE '%aws:cloudtrail:arn%' THEN 'log_delivery'
             WHEN s3_context_is_bucket THEN 'bucket_key_on' ELSE 'objects' END
           || '|' || operation AS name, count(*) AS n
         ${counted} AND outcome = 'success' AND s3_bucket IS NOT NULL
           AND operation IN ('GenerateDataKey', 'Decrypt') GROUP BY 1`,
      ),
    ).toEqual(totals.s3_calls);
  });

  it('gives the peak second of every account, Region and quota', async () => {
    const place = "caller_account_id || '|' || region || '|' || quota_id";
    const perSecond = `SELECT ${place} AS name, second, CAST(sum(offered) AS BIGINT) AS offered,
      CAST(sum(offered - throttled) AS BIGINT) AS accepted FROM calls_per_second GROUP BY 1, 2`;
    const from = (value: string) =>
      counts(`SELECT name, ${value} AS n FROM (${perSecond}) GROUP BY 1`);
    const expected = (value: 'calls' | 'offered_peak' | 'accepted_peak') =>
      Object.fromEntries(
        truth.totals.quota_peaks.map((p) => [
          `${p.account_id}|${p.region}|${p.quota_id}`,
          p[value],
        ]),
      );
    expect(await from('CAST(sum(offered) AS BIGINT)')).toEqual(expected('calls'));
    expect(await from('max(offered)')).toEqual(expected('offered_peak'));
    expect(await from('max(accepted)')).toEqual(expected('accepted_peak'));
  });

  it('keeps the hostile strings as they are', async () => {
    const rows = await engine.rows(
      "SELECT user_agent, session_name FROM kms_events WHERE principal_arn LIKE '%role/public-upload'",
    );
    const t = truth.situations.hostile_strings;
    expect(rows).toHaveLength(t?.events ?? -1);
    expect(new Set(rows.map((row) => row.user_agent))).toEqual(new Set(t?.strings));
  });
});
