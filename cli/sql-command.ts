import { Command } from 'commander';
import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';
import { openFlagged } from './engine-flag.ts';
import { outputWidth } from './output.ts';
import { withQueryFlags, write, type QueryFlags } from './run-command.ts';

/** `keymeter sql`: the user's own SQL on the user's own file, read-only; the API never runs any. */
export function sqlCommand(): Command {
  const command = new Command('sql')
    .argument('<query>', 'one SELECT statement')
    .addHelpText(
      'after',
      '\nExample:\n  keymeter sql "SELECT operation, count(*) AS calls FROM kms_events WHERE counted GROUP BY operation"',
    );
  return withQueryFlags(command).action(async (query: string, flags: QueryFlags) => {
    const engine = await openFlagged(flags, { sealed: true });
    try {
      const { columns, rows } = await engine.table(query).catch((error: unknown) => {
        throw new KeymeterError(
          'bad_sql',
          messageOf(error instanceof Error ? (error.cause ?? error) : error),
          {
            fix: 'mend the query; docs/sql.md lists the relations and their columns',
            exitCode: exitCodes.usage,
            cause: error,
          },
        );
      });
      // A bare array, as database shells print it: there are no notes to carry.
      if (flags.format === 'json') process.stdout.write(`${JSON.stringify(rows)}\n`);
      else {
        // Who wrote the query chose its columns.
        const plain = columns.map((name) => ({ name, unit: null, title: name, headline: true }));
        const options = { width: outputWidth(), wide: true };
        await write({ rows, notes: [], truncated: false }, flags, plain, options);
      }
    } finally {
      engine.close();
    }
  });
}
