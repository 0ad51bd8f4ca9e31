#!/usr/bin/env node
import { Command } from 'commander';
import { ingestCommand } from './ingest-command.ts';
import { failWith } from './fail.ts';

const program = new Command('keymeter')
  .description('meters every AWS KMS call, from CloudTrail logs alone')
  .showSuggestionAfterError()
  .showHelpAfterError('(add --help for the options)');
program.addCommand(ingestCommand());

try {
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
