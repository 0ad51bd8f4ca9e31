import { rmSync } from 'node:fs';
import path from 'node:path';
import { runChild, type Command, type Run } from './child.ts';
import type { DataSet } from './data.ts';

/** Reader threads, and the threads of every peer. */
export const workers = 2;

export type SideName =
  | 'keymeter'
  | 'keymeter without SHA-256'
  | 'keymeter with S3 origins'
  | 'plain DuckDB'
  | 'chDB'
  | 'floor';

/**
 * The peers keep KMS events only; so does keymeter here, but for the rare related events. Its default
 * keeps S3 reads and writes too, which in these sets are more than the KMS events: a side of its own.
 */
export const kmsOnly = { KEYMETER_RELATED: 'logging,identity,encryption_settings,origin_secrets' };

export interface Places {
  /** The checkout. */
  root: string;
  /** Where databases are written, on the disk of the data. */
  scratch: string;
  /** Where chDB was installed; null when it could not be. */
  chdb: string | null;
}

/** Longest run of a side. */
const timeout_s = 900;

/** Runs a side on a set to a new database; throws when it read other rows than were written. */
export async function runSide(side: SideName, data: DataSet, places: Places): Promise<Run> {
  const database = path.join(places.scratch, 'database');
  rmSync(database, { recursive: true, force: true });
  rmSync(`${database}.wal`, { force: true });
  const run = await runChild(commandOf(side, data.directory, database, places), timeout_s);
  check(side, data, run.output);
  rmSync(database, { recursive: true, force: true });
  return run;
}

function commandOf(side: SideName, directory: string, database: string, places: Places): Command {
  const compiled = (file: string) => path.join(places.root, '.cache/bench/bench', file);
  const sql = (file: string) => ({
    KEYMETER_BENCH_SQL: path.join(places.root, 'bench/sides', file),
  });
  const threads = String(workers);
  switch (side) {
    case 'floor':
      return { script: compiled('sides/floor.js'), args: [directory, threads] };
    case 'plain DuckDB':
      return {
        script: compiled('sides/duckdb.js'),
        args: [directory, database, threads],
        env: sql('duckdb.sql'),
      };
    case 'chDB':
      return {
        script: compiled('sides/chdb.js'),
        args: [directory, database, threads],
        env: { ...sql('chdb.sql'), KEYMETER_BENCH_CHDB: places.chdb! },
      };
    default:
      return keymeter(places.root, [directory], database, {
        preload: side === 'keymeter without SHA-256' ? [compiled('without-hash.js')] : [],
        env: side === 'keymeter with S3 origins' ? {} : kmsOnly,
      });
  }
}

/** The public command line, as people run it. */
export function keymeter(
  root: string,
  sources: string[],
  database: string,
  more: Partial<Command> = {},
): Command {
  const flags = ['--db', database, '--workers', String(workers), '--format', 'json'];
  return {
    script: path.join(root, 'dist/cli/main.js'),
    args: ['ingest', ...sources, ...flags, ...(more.args ?? [])],
    preload: more.preload ?? [],
    env: more.env ?? kmsOnly,
  };
}

/** A side that reads less than all is no side. */
function check(side: SideName, { name, summary }: DataSet, output: string): void {
  const found = JSON.parse(output) as Record<string, unknown>;
  const [got, expected] =
    side === 'floor'
      ? [found['bytes'], summary.json_bytes]
      : side.startsWith('keymeter')
        ? [found['inserted'], summary.kms_distinct ?? summary.kms_records]
        : [found['rows'], summary.kms_records];
  if (got !== expected) throw new Error(`${side} on ${name}: ${String(got)}, not ${expected}`);
}
