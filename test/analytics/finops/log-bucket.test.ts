import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import bucketKeySavings, {
  type BucketSavingRow,
} from '../../../analytics/finops/bucket-key-savings.ts';
import { defaultConfig } from '../../../core/config.ts';
import { ingest } from '../../../ingest/ingest.ts';
import { openSource } from '../../../ingest/sources/open-source.ts';
import { openDatabase } from '../../../store/database.ts';
import { DuckDbEngine } from '../../../store/duckdb/duckdb-engine.ts';
import { sharedData, sharedFile } from '../../support/shared-data.ts';

interface Kept {
  writes: number;
  reads_written: number;
  reads_older_low: number;
  reads_older_high: number;
}
type Truth = Record<string, { writes: number; reads: number; after: Record<string, Kept> }>;

const script = fileURLToPath(new URL('../../support/log-bucket-truth.mjs', import.meta.url));

test.skipIf(!sharedData)(
  'real log buckets: writes and reads before, and after for each T, equal an independent script',
  async () => {
    const folder = sharedFile('real');
    const truth = JSON.parse(
      execFileSync(process.execPath, [script, folder], { encoding: 'utf8' }),
    ) as Truth;
    const database = await openDatabase(':memory:');
    await ingest(database, [await openSource(folder, {})], { workers: 1 });
    const engine = new DuckDbEngine(database);
    const result = await bucketKeySavings.execute(
      { band: true },
      { engine, config: defaultConfig },
    );
    const rows = (result.rows as BucketSavingRow[]).filter((row) => row.scope === 'log_delivery');
    engine.close();
    database.close();
    expect(new Set(rows.map((row) => row.s3_bucket))).toEqual(new Set(Object.keys(truth)));
    expect(rows.length).toBe(8 * Object.keys(truth).length);
    for (const row of rows) {
      const bucket = truth[row.s3_bucket]!;
      expect([row.writes, row.reads_written + row.reads_older]).toEqual([
        bucket.writes,
        bucket.reads,
      ]);
      expect({
        writes: row.writes_after,
        reads_written: row.reads_written_after,
        reads_older_low: row.reads_older_after_low,
        reads_older_high: row.reads_older_after_high,
      }).toEqual(bucket.after[`${row.window_seconds} ${row.requester}`]);
    }
  },
);
