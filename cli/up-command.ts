import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import type { IngestStatus } from '../api/options.ts';
import { commandFlags } from '../core/command-line.ts';
import { overviewReport } from '../reports/overview.ts';
import { reportText } from '../reports/render-text.ts';
import { openDatabase } from '../store/database.ts';
import { engineOver } from '../store/open-engine.ts';
import { demoDatabase } from './engine-flag.ts';
import { writeDemo } from './demo-command.ts';
import { demoConfigFile, demoTruthFile } from '../demo/generate.ts';
import { exitCodeOf, filterError } from './run-verdict.ts';
import {
  databaseOptions,
  ingestOptions,
  openSources,
  withIngestFlags,
  type IngestFlags,
} from './ingest-flags.ts';
import { filesOf, loadConfig } from './load-config.ts';
import { report_width_default } from './report-command.ts';
import { runIngest } from './run-ingest.ts';
import {
  closeAll,
  server_connections,
  startServer,
  untilStopped,
  withServeFlags,
  type ServeFlags,
} from './serve.ts';
import { runWatch } from './run-watch.ts';
import { ingestSummaryText } from './summary-text.ts';
import { watchAlerts } from './watch-alerts.ts';
import { watchSettings, withWatchFlags, type WatchFlags } from './watch-flags.ts';

type UpFlags = Omit<IngestFlags & ServeFlags & WatchFlags, 'db'> & { db?: string; serve: boolean };

const demo = { directory: 'demo-trail', database: demoDatabase };

export function upCommand(): Command {
  const command = new Command('up')
    .argument('[source...]', 's3://bucket/prefix, directories, files')
    .option(
      '--db <file>',
      `database file (default: keymeter.duckdb; ${demo.database} for the demo)`,
    )
    .option('--no-serve', 'stop after the report');
  withServeFlags(withWatchFlags(withIngestFlags(command)));
  return command
    .addHelpText(
      'after',
      '\nExamples:\n  keymeter up\n  keymeter up s3://trail-bucket/AWSLogs --from 30d --port 9000',
    )
    .action(async (sources: string[], flags: UpFlags) => up(sources, flags));
}

async function up(given: readonly string[], flags: UpFlags): Promise<void> {
  const isDemo = given.length === 0;
  const db = flags.db ?? (isDemo ? demo.database : 'keymeter.duckdb');
  const specs = isDemo ? [await demoTrail()] : given;
  const configFile =
    flags.config ?? (isDemo ? path.join(demo.directory, demoConfigFile) : undefined);
  const filesFlags = { ...flags, db, ...(configFile ? { config: configFile } : {}) };
  const config = await loadConfig(filesFlags);
  const related = flags.related ?? config.relatedEvents;
  const settings = watchSettings(flags);
  const { filter = {} } = ingestOptions({ ...flags, db });
  const sources = await openSources(specs, { ...flags, db });
  const database = await openDatabase(db, databaseOptions(flags));
  const engine = engineOver(database, { connections: server_connections });
  let status: IngestStatus = { state: 'running', source: specs.join(' ') };
  const server = flags.serve ? await startServer(engine, filesFlags, config, () => status) : null;
  if (server) process.stderr.write(`watch it at ${server.url}\n`);
  try {
    const onProgress = (progress: Parameters<typeof ingestSummaryText>[0]) => {
      status = statusOf('running', progress);
    };
    const summary = await runIngest(database, sources, { ...flags, db, related }, { onProgress });
    status = statusOf('done', summary);
    process.stderr.write(ingestSummaryText(summary));
    // Ctrl-C or SIGTERM during the ingest is meant for the server too.
    if (summary.status === 'interrupted') {
      if (!server) process.exitCode = exitCodeOf(summary);
      return;
    }
    const wrong = filterError(summary, filter);
    if (wrong) throw wrong;
    const context = { engine, config };
    const report = await overviewReport(context, { flags: commandFlags(filesOf(filesFlags)) });
    const width = process.stdout.columns ?? report_width_default;
    process.stdout.write(`\n${reportText(report, width)}`);
    if (server) {
      process.stderr.write(`keymeter serves ${db} at ${server.url} (Ctrl-C ends it)\n`);
    }
    if (settings) {
      const stop = new AbortController();
      void untilStopped().then(() => stop.abort());
      const alerts = watchAlerts(context, db);
      await alerts?.afterCycle();
      const watching = runWatch(database, sources, { ...flags, db, related }, settings, {
        signal: stop.signal,
        onProgress,
        ...(alerts ? { afterCycle: () => alerts.afterCycle() } : {}),
        onWait: () => {
          status = { ...status, state: 'done' };
        },
      });
      try {
        await watching;
      } finally {
        await alerts?.close();
      }
    } else if (server) await untilStopped();
    else process.exitCode = exitCodeOf(summary);
  } finally {
    if (server) await closeAll(server, engine);
    else engine.close();
    database.close();
  }
}

/** The demo trail of an earlier start is taken again: the same seed would give the same bytes. */
async function demoTrail(): Promise<string> {
  if (!existsSync(path.join(demo.directory, demoTruthFile))) {
    process.stderr.write(`no source given: writing the demo trail to ${demo.directory}/\n`);
    await writeDemo(demo.directory);
  }
  return path.join(demo.directory, 'AWSLogs');
}

function statusOf(
  state: IngestStatus['state'],
  summary: Parameters<typeof ingestSummaryText>[0],
): IngestStatus {
  return {
    state,
    run_id: summary.run_id,
    source: summary.sources.join(' '),
    objects_total: summary.objects_listed - summary.objects_known,
    objects_done: summary.objects_new,
    records_total: summary.records_total,
    inserted: summary.inserted,
    duplicate: summary.duplicate,
    rejected: summary.rejected,
  };
}
