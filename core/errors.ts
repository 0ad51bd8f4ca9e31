/** Exit codes of every command: what a script can rely on. */
export const exitCodes = { done: 0, failed: 1, usage: 2, databaseInUse: 3, partial: 4 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * An error that a person can act on: `code` names the class (stable, documented in docs/errors.md),
 * `message` says what happened with the offending value, `fix` says what to do.
 */
export class KeymeterError extends Error {
  readonly code: string;
  readonly fix: string;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { fix: string; exitCode?: ExitCode; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'KeymeterError';
    this.code = code;
    this.fix = options.fix;
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }
}

export function isKeymeterError(error: unknown): error is KeymeterError {
  return error instanceof KeymeterError;
}

/** The message of anything that was thrown, in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? text;
}
