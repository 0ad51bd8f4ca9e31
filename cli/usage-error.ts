import { exitCodes, KeymeterError } from '../core/errors.ts';
import { parseInstant } from '../core/time.ts';

/** A command line that cannot be meant; exit code 2. */
export function usageError(code: string, message: string, fix: string): KeymeterError {
  return new KeymeterError(code, message, { fix, exitCode: exitCodes.usage });
}

/** The instant of a flag; throws KeymeterError bad_instant. */
export function instantFlag(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const instant = parseInstant(text, new Date());
  if (instant) return instant;
  throw usageError(
    'bad_instant',
    `${flag} ${text} is no instant`,
    'write 2026-10-05, 2026-10-05T12:00:00Z, or a time ago such as 7d or 12h',
  );
}
