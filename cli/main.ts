#!/usr/bin/env node
import { failWith, isBrokenPipe } from './fail.ts';
import { buildProgram } from './program.ts';

process.stdout.on('error', (error) => {
  if (!isBrokenPipe(error)) throw error;
  process.exit();
});

try {
  const program = await buildProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
