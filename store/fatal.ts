import { exitCodes, isKeymeterError, KeymeterError, messageOf } from '../core/errors.ts';

/**
 * After a FATAL error DuckDB refuses everything; the commit may even be durable. Never retry. Too little
 * memory is no fault of an object either: object after object would be recorded as dead.
 */
export function refuseFatal(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof KeymeterError && /^database_(fatal|memory|lost)$/.test(error.code))
    throw error;
  if (/^Out of Memory|(failed to pin|could not allocate) block/i.test(message)) {
    throw new KeymeterError('database_memory', `the database stopped: ${messageOf(error)}`, {
      fix: 'run the same command again with a higher --memory-limit; nothing acknowledged is lost',
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
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

/** What no row can cause: a table or column is missing, a file may not be written, a lock is held. */
const faultsOfTheWhole =
  /^(Catalog|Binder|Parser|IO|Permission|Connection|TransactionContext|INTERNAL|Dependency|Settings|Not implemented|Missing Extension) Error|^incorrect column count/i;

/**
 * A store error of a single object that its rows cannot have caused (a missing table, a file that may not
 * be written) would befall every other object too: it stops the run instead of marking each as dead.
 */
export function refuseWhole(error: unknown): void {
  if (isKeymeterError(error)) throw error;
  const message = messageOf(error);
  if (!faultsOfTheWhole.test(message)) return;
  throw new KeymeterError('store_refused', `the database cannot store anything: ${message}`, {
    fix: 'run `keymeter doctor`; what was acknowledged stays, and the same command goes on from there',
    cause: error,
  });
}
