#!/usr/bin/env node
import { Command } from 'commander';
import { demoCommand } from './demo-command.ts';
import { ingestCommand } from './ingest-command.ts';
import { failWith } from './fail.ts';
import { keysCommand } from './keys-command.ts';
import { manifestCommand } from './manifest-command.ts';
import { reportCommand } from './report-command.ts';
import { runCommand } from './run-command.ts';
import { serveCommand } from './serve.ts';
import { sqlCommand } from './sql-command.ts';
import { upCommand } from './up-command.ts';
import { verifyCommand } from './verify-command.ts';

const program = new Command('keymeter')
  .description('meters every AWS KMS call, from CloudTrail logs alone')
  .showSuggestionAfterError()
  .showHelpAfterError('(add --help for the options)');

try {
  program.addCommand(upCommand());
  program.addCommand(ingestCommand());
  program.addCommand(serveCommand());
  program.addCommand(reportCommand());
  program.addCommand(demoCommand());
  program.addCommand(await runCommand());
  program.addCommand(manifestCommand());
  program.addCommand(keysCommand());
  program.addCommand(sqlCommand());
  program.addCommand(verifyCommand());
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
