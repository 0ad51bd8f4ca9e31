import { Command } from 'commander';

/** The program without its commands. */
export function emptyProgram(): Command {
  return new Command('keymeter')
    .description('meters every AWS KMS call, from CloudTrail logs alone')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)');
}
