import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { engineAddresses, openEngine, type EngineOptions } from '../store/open-engine.ts';
import { sourceOptions, type S3Flags } from './s3-flags.ts';
import type { OpenedEngine } from '../store/engine.ts';

/** What a command that reads is asked of: a database file, or any engine. */
export interface EngineFlags {
  db: string;
  engine?: string;
}

export const databaseDefault = 'keymeter.duckdb';
/** The demo has a file of its own, so that it never mixes with real logs. */
export const demoDatabase = 'keymeter-demo.duckdb';

export function withEngineFlags(command: Command): Command {
  return command
    .option('--db <file>', 'database file', databaseDefault)
    .option('--engine <address>', `ask this instead of --db: ${engineAddresses.join(', ')}`);
}

export const engineAddress = (flags: EngineFlags): string =>
  flags.engine ?? `duckdb:${databaseOf(flags.db)}`;

/** The demo's database stands in, with a word on stderr, where only that one is here. */
function databaseOf(db: string): string {
  if (db !== databaseDefault || existsSync(db) || !existsSync(demoDatabase)) return db;
  process.stderr.write(
    `${db} is not here, so the demo's ${demoDatabase} is read; --db names another\n`,
  );
  return demoDatabase;
}

/** The engine that the flags name, opened for reading; its caller closes it. */
export function openFlagged(
  flags: EngineFlags & Partial<S3Flags>,
  options?: EngineOptions,
): Promise<OpenedEngine> {
  const { region, endpoint, pathStyle, profile } = sourceOptions(flags);
  const access = { region, endpoint, pathStyle, profile };
  return openEngine(engineAddress(flags), { ...options, access });
}
