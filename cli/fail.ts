import { CommanderError } from 'commander';
import type { z } from 'zod';
import { exitCodes, isKeymeterError, KeymeterError, messageOf } from '../core/errors.ts';
import { printable } from '../core/printable.ts';

/** The one place where an error becomes a message and an exit code. */
export function failWith(thrown: unknown): void {
  const error = isSystemError(thrown) ? ioError(thrown) : thrown;
  if (error instanceof CommanderError) {
    // Commander has said what is wrong, or printed the help that was asked for.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return;
  }
  if (isBrokenPipe(thrown)) return;
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

/** What to do about errors of the operating system. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'free disk space, then run the same command again'],
  ['EDQUOT', 'the disk quota is used up: free space, then run the same command again'],
  ['EACCES', 'run as a user who may, or change the permissions'],
  ['EPERM', 'run as a user who may, or change the permissions'],
  ['EROFS', 'the file system is read-only: name another place'],
  ['ENOENT', 'check the path: the file or its directory does not exist'],
  ['EISDIR', 'name a file, not a directory'],
  ['ENOTDIR', 'a part of the path is a file, not a directory'],
  ['EMFILE', 'raise the limit of open files (ulimit -n), then run again'],
  ['EIO', 'the disk or the terminal failed: check it, then run the same command again'],
]);

const ioError = (error: NodeJS.ErrnoException & { code: string }) =>
  new KeymeterError('io_error', error.message, {
    fix: remedies.get(error.code) ?? 'check the file or address in the message',
    cause: error,
  });

/** An error of the operating system, which is no fault of keymeter. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return (
    error instanceof Error &&
    typeof code === 'string' &&
    /^E[A-Z]+$/.test(code) &&
    syscall !== undefined
  );
}

/** The reader of a pipe (`| head`) had enough: that is no failure. */
function isBrokenPipe(error: unknown): boolean {
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
