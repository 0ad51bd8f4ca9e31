import { Command, Option } from 'commander';
import { exitCodes } from '../core/errors.ts';
import { printable } from '../core/printable.ts';
import {
  checkConfig,
  checkDatabase,
  checkDisk,
  checkNode,
  checkSource,
  type Check,
} from './doctor-checks.ts';
import { withS3Flags, type S3Flags } from './s3-flags.ts';

interface DoctorFlags extends S3Flags {
  db: string;
  config?: string;
  format: 'table' | 'json';
}

/** `keymeter doctor`: what stands in the way, each with what to do. Exit code 1 when something fails. */
export function doctorCommand(): Command {
  const command = new Command('doctor')
    .argument('[source...]', 's3://bucket/prefix, directories, files')
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .option('--config <file>', 'applied quotas, prices, own accounts (docs/configuration.md)')
    .addOption(new Option('--format <format>').choices(['table', 'json']).default('table'));
  return withS3Flags(command)
    .addHelpText(
      'after',
      '\nExamples:\n  keymeter doctor\n  keymeter doctor s3://my-trail-bucket/AWSLogs --profile audit',
    )
    .action(async (sources: string[], flags: DoctorFlags) => {
      const checks: Check[] = [
        checkNode(),
        await checkDisk(flags.db),
        checkConfig(flags.config),
        ...(await checkDatabase(flags.db)),
      ];
      for (const source of sources) checks.push(...(await checkSource(source, flags)));
      process.stdout.write(
        flags.format === 'json' ? `${JSON.stringify({ checks })}\n` : checks.map(lines).join(''),
      );
      if (checks.some((check) => check.status === 'failed')) process.exitCode = exitCodes.failed;
    });
}

const marks = { ok: 'ok      ', warning: 'warning ', failed: 'FAILED  ' } as const;

function lines({ check, status, found, fix }: Check): string {
  const first = `${marks[status]}${check}: ${printable(found)}\n`;
  return fix === '' ? first : `${first}        ${printable(fix)}\n`;
}
