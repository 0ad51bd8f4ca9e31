#!/usr/bin/env node
import { failWith } from './fail.ts';
import { buildProgram } from './program.ts';

try {
  const program = await buildProgram();
  await program.parseAsync();
} catch (error) {
  failWith(error);
}
