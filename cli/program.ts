import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { commandEntries, type CommandEntry } from './commands.ts';

/**
 * The command line. Given the words of a call, only the command that is called is loaded and the others
 * stand for their names: all of them together take longer to load than a small ingest. Without words
 * it is whole.
 */
export async function buildProgram(words?: readonly string[]): Promise<Command> {
  const program = emptyProgram();
  const [called, ...rest] = words?.[0] === 'help' ? words.slice(1, 2) : (words ?? []);
  for (const entry of commandEntries) {
    const isLoaded = words === undefined || entry.name === called;
    const command = isLoaded ? await loaded(entry, rest) : new Command(entry.name);
    if (!command.description()) command.description(entry.description);
    // An analysis describes itself in its own help; the list of commands has its own words.
    command.summary(entry.description);
    program.addCommand(command, { hidden: entry.hidden ?? false });
  }
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

const loaded = (entry: CommandEntry, words: readonly string[]) =>
  entry.load({ words, wholeProgram: () => buildProgram() });

/** The program without its commands. */
function emptyProgram(): Command {
  return new Command('keymeter')
    .description('meters every AWS KMS call, from CloudTrail logs alone')
    .version(version())
    .showHelpAfterError('(add --help for the options)')
    .hook('preAction', (_, command) => refuseMemory(command.opts<{ db?: string }>().db))
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText(
      'after',
      `
Examples:
  keymeter up                                  the demo trail: ingest, report, serve
  keymeter up s3://my-trail-bucket/AWSLogs     the same with your logs
  keymeter run quota-utilisation               one question
  keymeter report finops --format html --out finops.html`,
    );
}

/** A database in memory, which an empty name means to DuckDB too, would be gone after "done". */
function refuseMemory(db: string | undefined): void {
  if (db === undefined || (db !== ':memory:' && db.trim() !== '')) return;
  const message = db === ':memory:' ? '--db :memory: would keep nothing' : '--db is empty';
  throw new KeymeterError('bad_database_name', message, {
    fix: 'name a file, such as --db keymeter.duckdb',
    exitCode: exitCodes.usage,
  });
}

/** As package.json has it, which stands above cli/ and above dist/. */
function version(): string {
  const places = ['../package.json', '../../package.json'];
  const found = places
    .map((place) => new URL(place, import.meta.url))
    .find((file) => existsSync(file));
  return (JSON.parse(readFileSync(found!, 'utf8')) as { version: string }).version;
}
