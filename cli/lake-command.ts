import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { ingest } from '../ingest/ingest.ts';
import { openSource } from '../ingest/sources/open-source.ts';
import { openDatabase } from '../store/database.ts';
import {
  locationOf,
  openLakeFiles,
  readCurrent,
  settle,
  shardName,
  tableEngines,
  tableStatements,
  writeShard,
  type LakeFiles,
  type TableEngine,
} from '../store/lake-access.ts';
import { countFlag } from './ingest-flags.ts';
import { shardSource, writePlan } from './lake-plan.ts';
import { sourceOptions, withS3Flags, type S3Flags } from './s3-flags.ts';
import { ingestSummaryText } from './summary-text.ts';
import { instantFlag, usageError } from './usage-error.ts';

/** `keymeter lake`: one body of Parquet files that many machines write and other engines read. */
export function lakeCommand(): Command {
  return new Command('lake')
    .addCommand(planCommand())
    .addCommand(writeCommand())
    .addCommand(addCommand())
    .addCommand(settleCommand())
    .addCommand(tablesCommand())
    .addHelpText(
      'after',
      `
Examples:
  keymeter lake plan s3://trail-bucket/AWSLogs s3://lake-bucket/kms --shards 32
  keymeter lake write s3://lake-bucket/kms --shard 0      (once for each shard, on any machine)
  keymeter lake settle s3://lake-bucket/kms
  keymeter report --engine lake:s3://lake-bucket/kms
  keymeter lake tables s3://lake-bucket/kms --for athena --schema kms`,
    );
}

async function withLake<T>(
  place: string,
  flags: S3Flags,
  use: (lake: LakeFiles) => Promise<T>,
): Promise<T> {
  const { region, endpoint, pathStyle, profile } = sourceOptions(flags);
  const lake = await openLakeFiles(place, { region, endpoint, pathStyle, profile });
  try {
    return await use(lake);
  } finally {
    lake.close();
  }
}

function planCommand(): Command {
  const command = new Command('plan')
    .description('list a source once and share its objects out among shards')
    .argument('<source>', 's3://bucket/prefix or a directory')
    .argument('<lake>', 'a directory, or s3://bucket/prefix')
    .requiredOption('--shards <n>', 'how many')
    .option('--plan <name>', 'its name; a later plan of other objects takes another', 'all')
    .option('--from <instant>', 'only logs from this instant on')
    .option('--to <instant>', 'only logs before this instant')
    .option('--account <id...>', 'only these accounts')
    .option('--region <region...>', 'only these Regions');
  command.addHelpText(
    'after',
    '\nExample:\n  keymeter lake plan s3://trail-bucket/AWSLogs s3://lake-bucket/kms --shards 32',
  );
  return withS3Flags(command).action(
    async (
      spec: string,
      place: string,
      flags: S3Flags & {
        shards: string;
        plan: string;
        from?: string;
        to?: string;
        account?: string[];
        region?: string[];
      },
    ) => {
      const source = await openSource(spec, sourceOptions(flags));
      const filter = {
        from: instantFlag('--from', flags.from)?.getTime(),
        to: instantFlag('--to', flags.to)?.getTime(),
        accounts: flags.account,
        regions: flags.region,
      };
      const shards = countFlag('--shards', flags.shards)!;
      const name = plainName('--plan', flags.plan);
      const plan = await withLake(place, flags, (lake) =>
        writePlan(lake, source, { name, shards, filter }),
      );
      source.close?.();
      process.stdout.write(
        `plan ${plan.name}: ${plan.objects} objects, ${(plan.bytes / 1e6).toFixed(1)} MB, in ${shards} shards\n`,
      );
      if (plan.problems === 0) return;
      process.stderr.write(
        `${plan.problems} places could not be listed: the plan lacks their objects\n`,
      );
      process.exitCode = exitCodes.partial;
    },
  );
}

function writeCommand(): Command {
  const command = new Command('write')
    .description('read the objects of one shard and put its Parquet parts into the lake')
    .argument('<lake>', 'a directory, or s3://bucket/prefix')
    .option('--plan <name>', 'the plan', 'all')
    .option(
      '--shard <number>',
      'which shard, from 0; else AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX',
    )
    .option('--workers <n>', 'reading threads')
    .option('--memory-limit <size>', "DuckDB's memory limit, such as 1GB");
  command.addHelpText('after', '\nExample:\n  keymeter lake write s3://lake-bucket/kms --shard 0');
  return withS3Flags(command).action(
    async (
      place: string,
      flags: S3Flags & { plan: string; shard?: string; workers?: string; memoryLimit?: string },
    ) => {
      const shard = shardNumber(flags.shard);
      const plan = plainName('--plan', flags.plan);
      await withLake(place, flags, async (lake) => {
        const source = await shardSource(lake, plan, shard, sourceOptions(flags));
        const scratch = mkdtempSync(path.join(tmpdir(), 'keymeter-shard-'));
        const { memoryLimit } = flags;
        const database = await openDatabase(
          path.join(scratch, 'shard.duckdb'),
          memoryLimit ? { memoryLimit } : {},
        );
        try {
          const workers = countFlag('--workers', flags.workers);
          const summary = await ingest(database, [source], {
            alone: true,
            ...(workers === undefined ? {} : { workers }),
          });
          process.stderr.write(ingestSummaryText(summary));
          if (summary.objects_pending > 0) {
            throw new KeymeterError(
              'shard_incomplete',
              `${summary.objects_pending} objects of shard ${shard} could not be fetched: nothing was put`,
              { fix: 'write the shard again', exitCode: exitCodes.partial },
            );
          }
          const manifest = await writeShard(
            database,
            lake,
            `${plan}-${String(shard).padStart(5, '0')}`,
          );
          process.stdout.write(`${written(manifest)}\n`);
        } finally {
          database.close();
          rmSync(scratch, { recursive: true, force: true });
        }
      });
    },
  );
}

function addCommand(): Command {
  const command = new Command('add')
    .description('put all that a database holds into a lake, as one shard')
    .argument('<lake>', 'a directory, or s3://bucket/prefix')
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .requiredOption('--shard <name>', 'its name; the same name again takes the place of the first');
  command.addHelpText(
    'after',
    '\nExample:\n  keymeter lake add lake/kms --db kms.duckdb --shard first',
  );
  return withS3Flags(command).action(
    async (place: string, flags: S3Flags & { db: string; shard: string }) => {
      const shard = plainName('--shard', flags.shard);
      const database = await openDatabase(flags.db, { readOnly: true });
      try {
        const manifest = await withLake(place, flags, (lake) => writeShard(database, lake, shard));
        process.stdout.write(`${written(manifest)}\n`);
      } finally {
        database.close();
      }
    },
  );
}

const written = (manifest: Awaited<ReturnType<typeof writeShard>>) => {
  const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
  return `shard ${manifest.shard}: ${manifest.events} events in ${manifest.parts.length} parts, ${(bytes / 1e6).toFixed(1)} MB`;
};

function settleCommand(): Command {
  const command = new Command('settle')
    .description('make one whole of the shards: each event once, each action counted once')
    .argument('<lake>', 'a directory, or s3://bucket/prefix')
    .option('--memory-limit <size>', "DuckDB's memory limit", '2GB')
    .option('--threads <n>', "DuckDB's threads");
  command.addHelpText('after', '\nExample:\n  keymeter lake settle s3://lake-bucket/kms');
  return withS3Flags(command).action(
    async (place: string, flags: S3Flags & { memoryLimit: string; threads?: string }) => {
      const threads = countFlag('--threads', flags.threads);
      const summary = await withLake(place, flags, (lake) =>
        settle(lake, { memoryLimit: flags.memoryLimit, threads }),
      );
      const days = summary.days_settled.length;
      process.stdout.write(
        `${days} of ${summary.days} days settled; the lake holds ${summary.events} events, ${summary.counted} of them counted\n`,
      );
      if (summary.actions_on_two_days === 0) return;
      process.stderr.write(
        `${summary.actions_on_two_days} actions have copies on two days and count once on each: report this trail\n`,
      );
    },
  );
}

function tablesCommand(): Command {
  const command = new Command('tables')
    .description('print the statements that show the settled lake to Trino or Athena')
    .argument('<lake>', 'a directory, or s3://bucket/prefix')
    .addOption(
      new Option('--for <engine>', 'which engine').choices(tableEngines).makeOptionMandatory(),
    )
    .option('--catalog <name>', "Trino's catalog of the Hive connector", 'lake')
    .option('--schema <name>', "Trino's schema, or Athena's database", 'kms')
    .option('--location <url>', 'the lake as that engine addresses it, such as local:///kms');
  command.addHelpText(
    'after',
    '\nExample:\n  keymeter lake tables s3://lake-bucket/kms --for trino --schema kms',
  );
  return withS3Flags(command).action(
    async (
      place: string,
      flags: S3Flags & { for: TableEngine; catalog: string; schema: string; location?: string },
    ) => {
      await withLake(place, flags, async (lake) => {
        const current = await readCurrent(lake);
        if (!current) {
          throw usageError(
            'lake_not_settled',
            `${place} is not settled`,
            'run `keymeter lake settle` first',
          );
        }
        const { catalog, schema, location } = flags;
        const names = { catalog, schema, location: locationOf(lake, location) };
        const statements = tableStatements(flags.for, current, names);
        process.stdout.write(statements.map((statement) => `${statement};\n`).join(''));
      });
    },
  );
}

function shardNumber(given: string | undefined): number {
  const text =
    given ?? process.env['AWS_BATCH_JOB_ARRAY_INDEX'] ?? process.env['JOB_COMPLETION_INDEX'];
  if (text !== undefined && /^\d{1,6}$/.test(text)) return Number(text);
  throw usageError(
    'bad_option',
    text === undefined ? 'no shard is named' : `--shard must be a number from 0, got ${text}`,
    'give --shard 0, --shard 1, ... or run it as an array job',
  );
}

function plainName(option: string, name: string): string {
  if (shardName.test(name)) return name;
  throw usageError(
    'bad_option',
    `${option} ${name} is not a plain name`,
    'use letters, digits, ., _ and -',
  );
}
