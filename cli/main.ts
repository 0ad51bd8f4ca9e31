#!/usr/bin/env node
import type { Command } from 'commander';
import { failWith, isBrokenPipe } from './fail.ts';

/**
 * The program with the command that is called. `ingest` needs no analyses and no server, and loading
 * them takes longer than a few hundred files do.
 */
async function programFor(command: string | undefined): Promise<Command> {
  if (command !== 'ingest') return (await import('./program.ts')).buildProgram();
  const { emptyProgram } = await import('./empty-program.ts');
  const { ingestCommand } = await import('./ingest-command.ts');
  return emptyProgram().addCommand(ingestCommand().showSuggestionAfterError());
}

process.stdout.on('error', (error) => {
  if (!isBrokenPipe(error)) throw error;
  process.exit();
});

try {
  const program = await programFor(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
