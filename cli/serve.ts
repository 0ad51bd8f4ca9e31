import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { serve, type RunningServer } from '../api/listen.ts';
import type { IngestStatus } from '../api/options.ts';
import { loadOrCreateToken } from '../api/token.ts';
import type { Config } from '../core/config.ts';
import { decisionsFile } from '../core/decisions.ts';
import { openLog } from '../core/log.ts';
import { countFlag } from './ingest-flags.ts';
import { filesOf, loadConfig, withConfigFlags, type ConfigFlags } from './load-config.ts';
import { durationFlag } from './watch-flags.ts';
import { rawRecordReader } from './raw-reader.ts';
import { withS3Flags, type S3Flags } from './s3-flags.ts';
import { openFlagged, withEngineFlags, type EngineFlags } from './engine-flag.ts';
import type { Engine, OpenedEngine } from '../store/engine.ts';

export interface ServeFlags extends ConfigFlags, S3Flags, EngineFlags {
  port: string;
  host: string;
  tokenFile?: string;
  allowedHost?: string[];
  deadline: string;
}

/** Analyses, and smaller queries, at a time: a long one leaves room for others. */
export const server_connections = 4;

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

export function withServeFlags(command: Command): Command {
  return withConfigFlags(command)
    .option('--port <n>', 'port of the API and the pages (0 takes a free one)', '8321')
    .option(
      '--host <address>',
      'address to listen on; beyond loopback a token is needed',
      '127.0.0.1',
    )
    .option('--token-file <file>', 'bearer token; made at the first start when it is not there')
    .option('--allowed-host <name...>', 'more Host names, such as a reverse proxy has')
    .option('--deadline <duration>', 'give up an answer after this long, such as 90s or 1h', '15m');
}

export function serveCommand(): Command {
  const command = withEngineFlags(new Command('serve'));
  return withS3Flags(withServeFlags(command))
    .addHelpText(
      'after',
      '\nExamples:\n  keymeter serve --db kms.duckdb\n  keymeter serve --db kms.duckdb --host 0.0.0.0 --port 9000 --allowed-host kms.example.com',
    )
    .action(async (flags: ServeFlags) => {
      const engine = await openFlagged(flags, { connections: server_connections });
      const config = await loadConfig(flags);
      const server = await startServer(engine, flags, config, () => ({ state: 'idle' }));
      process.stderr.write(`keymeter serves ${flags.engine ?? flags.db} at ${server.url}\n`);
      await untilStopped();
      await closeAll(server, engine);
    });
}

/** Starts the server over an open database. */
export function startServer(
  engine: Engine,
  flags: ServeFlags,
  config: Config,
  ingestStatus: () => IngestStatus,
): Promise<RunningServer> {
  const dashboards = fileURLToPath(new URL('../dashboards', import.meta.url));
  const log = openLog();
  const tokenFile = flags.tokenFile ?? (loopback.has(flags.host) ? undefined : `${flags.db}.token`);
  return serve({
    engine,
    config,
    port: flags.port === '0' ? 0 : (countFlag('--port', flags.port) ?? 0),
    host: flags.host,
    allowedHosts: flags.allowedHost ?? [],
    token: tokenFile ? loadOrCreateToken(tokenFile) : undefined,
    dashboards: existsSync(dashboards) ? dashboards : undefined,
    deadline_ms: durationFlag('--deadline', flags.deadline),
    // Answers are of the database beside which they are kept.
    answersFolder: flags.engine ? undefined : `${flags.db}.answers`,
    database: flags.engine ?? flags.db,
    files: filesOf(flags),
    decisionsFile: decisionsFile(flags.config, flags.db),
    ingestStatus,
    log: (message, fields) => log.error(fields, message),
    rawRecord: rawRecordReader(engine, flags),
  });
}

/** Resolves at Ctrl-C or SIGTERM. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
}

export async function closeAll(server: RunningServer, engine: OpenedEngine): Promise<void> {
  await server.close();
  engine.close();
}
