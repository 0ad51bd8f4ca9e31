import type { Command } from 'commander';
import { engineAddresses, openEngine, type EngineOptions } from '../store/open-engine.ts';
import { sourceOptions, type S3Flags } from './s3-flags.ts';
import type { OpenedEngine } from '../store/engine.ts';

/** What a command that reads is asked of: a database file, or any engine. */
export interface EngineFlags {
  db: string;
  engine?: string;
}

export function withEngineFlags(command: Command): Command {
  return command
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option('--engine <address>', `ask this instead of --db: ${engineAddresses.join(', ')}`);
}

export const engineAddress = (flags: EngineFlags): string => flags.engine ?? `duckdb:${flags.db}`;

/** The engine that the flags name, opened for reading; its caller closes it. */
export function openFlagged(
  flags: EngineFlags & Partial<S3Flags>,
  options?: EngineOptions,
): Promise<OpenedEngine> {
  const { region, endpoint, pathStyle, profile } = sourceOptions(flags);
  const access = { region, endpoint, pathStyle, profile };
  return openEngine(engineAddress(flags), { ...options, access });
}
