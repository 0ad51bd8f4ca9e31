import type { Command } from 'commander';
import { analyses } from '../analytics/registry.ts';
import { completionCommand } from './completion-command.ts';
import { demoCommand } from './demo-command.ts';
import { docsCommand } from './docs-command.ts';
import { doctorCommand } from './doctor-command.ts';
import { emptyProgram } from './empty-program.ts';
import { exportCommand } from './export-command.ts';
import { ingestCommand } from './ingest-command.ts';
import { keysCommand } from './keys-command.ts';
import { manifestCommand } from './manifest-command.ts';
import { quotasCommand } from './quotas-command.ts';
import { rawCommand } from './raw-command.ts';
import { reportCommand } from './report-command.ts';
import { analysisCommand, runCommand } from './run-command.ts';
import { serveCommand } from './serve.ts';
import { sqlCommand } from './sql-command.ts';
import { upCommand } from './up-command.ts';
import { verifyCommand } from './verify-command.ts';

/** The whole command line. */
export async function buildProgram(): Promise<Command> {
  const program = emptyProgram().addHelpText(
    'after',
    `
Examples:
  keymeter up                                  the demo trail: ingest, report, serve
  keymeter up s3://my-trail-bucket/AWSLogs     the same with your logs
  keymeter run quota-utilisation               one question
  keymeter report finops --format html --out finops.html`,
  );
  program.addCommand(upCommand());
  program.addCommand(ingestCommand());
  program.addCommand(serveCommand());
  program.addCommand(reportCommand());
  program.addCommand(await runCommand());
  const coverage = (await analyses()).get('coverage');
  if (coverage) program.addCommand(analysisCommand(coverage, 'coverage'));
  program.addCommand(rawCommand());
  program.addCommand(sqlCommand());
  program.addCommand(exportCommand());
  program.addCommand(manifestCommand());
  program.addCommand(verifyCommand());
  program.addCommand(keysCommand());
  program.addCommand(quotasCommand());
  program.addCommand(doctorCommand());
  program.addCommand(demoCommand());
  program.addCommand(completionCommand(program));
  program.addCommand(docsCommand(), { hidden: true });
  for (const command of allCommands(program)) {
    // Commander's settings are handed down to commands made by .command() only.
    command.showSuggestionAfterError().exitOverride();
  }
  return program;
}

/** A command and all below it. */
export function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}
