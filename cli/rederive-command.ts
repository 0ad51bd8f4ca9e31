import { Command, Option } from 'commander';
import { rederive } from '../ingest/rederive.ts';
import { openDatabase } from '../store/database.ts';
import { rederivedText } from './rederived-text.ts';

export function rederiveCommand(): Command {
  return new Command('rederive')
    .description('derive stored rows again by the rules of this keymeter, without the trail')
    .option('--db <file>', 'database file', 'keymeter.duckdb')
    .addOption(new Option('--format <format>').choices(['table', 'json']).default('table'))
    .addHelpText(
      'after',
      '\nThe next ingest does the same when the rules have changed.\n\nExample:\n  keymeter rederive --db keymeter.duckdb',
    )
    .action(async ({ db, format }: { db: string; format: string }) => {
      const database = await openDatabase(db, { create: false });
      try {
        const show = format === 'table' && process.stderr.isTTY;
        const result = await rederive(database, (done, all) => {
          if (show) process.stderr.write(`\r${done} of ${all} rows of the dimensions`);
        });
        if (show) process.stderr.write('\n');
        const json = format === 'json';
        process.stdout.write(json ? `${JSON.stringify(result)}\n` : rederivedText(result));
      } finally {
        database.close();
      }
    });
}
