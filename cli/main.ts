#!/usr/bin/env node
import { failWith } from './fail.ts';
import { buildProgram } from './program.ts';

process.stdout.on('error', (error) => {
  // A full disk behind the output is said in one line, not as a stack.
  failWith(error);
  process.exit();
});

// What keymeter writes is for its owner alone: databases, their logs, tokens, reports, exports.
process.umask(process.umask() | 0o077);

try {
  const program = await buildProgram(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
