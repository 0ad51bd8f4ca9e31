import { CommanderError } from 'commander';
import type { z } from 'zod';
import { exitCodes, isKeymeterError, messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';

/** The one place where an error becomes a message and an exit code. */
export function failWith(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong, or printed the help that was asked for.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return;
  }
  if (isBrokenPipe(error)) return;
  if (isKeymeterError(error)) {
    process.stderr.write(`keymeter: ${printable(error.message)} [${error.code}]\n`);
    process.stderr.write(`  ${error.fix}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  if (isZodError(error)) {
    process.stderr.write(`keymeter: bad parameters\n${prettified(error)}\n`);
    process.exitCode = exitCodes.usage;
    return;
  }
  process.stderr.write(`keymeter: ${printable(messageOf(error))} [unexpected]\n`);
  process.stderr.write(
    '  this is a fault of keymeter; report it with the command and this message\n',
  );
  if (process.env['KEYMETER_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
  }
  process.exitCode = exitCodes.failed;
}

/** The reader of a pipe (`| head`) had enough: that is no failure. */
export function isBrokenPipe(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE';
}

const isZodError = (error: unknown): error is z.ZodError =>
  error instanceof Error && error.name === 'ZodError';

/** One line for each fault, as zod prints them; zod itself takes longer to load than a small ingest. */
function prettified(error: z.ZodError): string {
  return error.issues
    .map(({ message, path }) => {
      const place = path.length > 0 ? `\n  → at ${path.map(String).join('.')}` : '';
      return `✖ ${message}${place}`;
    })
    .join('\n');
}
