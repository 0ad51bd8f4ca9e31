import { exitCodes, KeymeterError, messageOf } from '../core/errors.ts';

/** After a FATAL error DuckDB refuses everything; the commit may even be durable. Never retry. */
export function refuseFatal(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof KeymeterError && error.code === 'database_fatal') throw error;
  if (
    /^FATAL|database has been invalidated|No space left|File too large|disk full/i.test(message)
  ) {
    throw new KeymeterError('database_fatal', `the database stopped: ${messageOf(error)}`, {
      fix: 'free disk space, then run the same command again; nothing acknowledged is lost',
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
}
