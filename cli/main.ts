#!/usr/bin/env node
import { Command } from 'commander';

const program = new Command('keymeter').description('meters every AWS KMS call');
await program.parseAsync();
