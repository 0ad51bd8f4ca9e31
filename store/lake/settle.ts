import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '../duckdb/package.ts';
import { contentName, type LakeFiles } from './lake-files.ts';
import {
  currentPath,
  readCurrent,
  readManifests,
  type Current,
  type Manifest,
  type Part,
  type SettledDay,
} from './manifests.ts';
import { settleDay } from './settle-day.ts';
import { settleWhole } from './settle-whole.ts';

/** Raised when the same parts are settled otherwise: every day is then settled again. */
const settle_version = 1;

export interface SettleOptions {
  memoryLimit?: string | undefined;
  threads?: number | undefined;
  /** Called after each day. */
  onDay?: (day: string, done: number, of: number) => void;
}

export interface SettleSummary {
  days_settled: string[];
  days: number;
  events: number;
  counted: number;
  /** Actions that two days hold copies of: each day counts one. None is known to be logged so. */
  actions_on_two_days: number;
}

/**
 * Settles the days that new or changed manifests touch: copies of one event become one, each action counts
 * once, and the sums are made. Readers see the new state when current.json is put, and all of it. Settling
 * twice changes nothing; two settlements at once leave one of two whole states, and the next run mends it.
 */
export async function settle(lake: LakeFiles, options: SettleOptions = {}): Promise<SettleSummary> {
  const manifests = await readManifests(lake);
  const before = await readCurrent(lake);
  const parts = manifests.flatMap((manifest) => manifest.parts);
  const days = [...new Set(parts.flatMap(({ day }) => day ?? []))].sort();
  const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-settle-'));
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: options.memoryLimit ?? '2GB',
    ...(options.threads ? { threads: String(options.threads) } : {}),
    temp_directory: path.join(scratch, 'spill'),
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const settled: Record<string, SettledDay> = {};
    const touched: string[] = [];
    for (const [i, day] of days.entries()) {
      const of = parts.filter((part) => part.day === day);
      const inputs = inputsOf(of);
      const known = before?.days[day];
      if (known?.inputs === inputs) settled[day] = known;
      else {
        settled[day] = await settleDay(connection, lake, scratch, { day, inputs, parts: of });
        touched.push(day);
      }
      options.onDay?.(day, i + 1, days.length);
    }
    const version = versionOf(manifests, settled);
    if (before?.version !== version) {
      const whole = await settleWhole(connection, lake, scratch, { version, settled, parts });
      const current: Current = {
        version,
        settled_at: new Date().toISOString(),
        days: settled,
        whole,
      };
      await lake.put(currentPath, Buffer.from(`${JSON.stringify(current, null, 1)}\n`));
    }
    return {
      days_settled: touched,
      days: days.length,
      events: sum(settled, 'events'),
      counted: sum(settled, 'counted'),
      actions_on_two_days: await actionsOnTwoDays(connection, lake, settled),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The same parts in any order give the same text. */
const inputsOf = (parts: readonly Part[]): string =>
  contentName(
    `${settle_version} ${parts
      .map(({ path }) => path)
      .sort()
      .join(' ')}`,
  );

function versionOf(manifests: readonly Manifest[], settled: Record<string, SettledDay>): string {
  const whole = manifests.flatMap(({ parts }) => parts.filter(({ day }) => day === null));
  const days = Object.entries(settled).map(([day, { inputs }]) => `${day}=${inputs}`);
  return contentName(`${inputsOf(whole)} ${days.join(' ')}`);
}

const sum = (settled: Record<string, SettledDay>, name: 'events' | 'counted') =>
  Object.values(settled).reduce((total, day) => total + day[name], 0);

async function actionsOnTwoDays(
  connection: DuckDBConnection,
  lake: LakeFiles,
  settled: Record<string, SettledDay>,
): Promise<number> {
  const files = Object.values(settled).flatMap((day) => day.files['shared_actions'] ?? []);
  if (files.length === 0) return 0;
  const local = await Promise.all(files.map((file) => lake.local(file)));
  const list = local.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  const result = await connection.runAndReadAll(`
    SELECT count(*) FROM (
      SELECT shared_event_id FROM read_parquet([${list}])
      GROUP BY shared_event_id HAVING count(DISTINCT CAST(event_time AS DATE)) > 1)`);
  return Number(result.getRows()[0]![0]);
}
