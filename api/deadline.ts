import { KeymeterError } from '../core/errors.ts';

/**
 * Runs work under one deadline for all its queries, the waiting for a connection included. The signal
 * interrupts the running query; it also fires when the client goes away. Throws KeymeterError
 * `deadline_exceeded`.
 */
export async function withDeadline<T>(
  deadline_ms: number,
  client: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const signal = client ? AbortSignal.any([client, timer.signal]) : timer.signal;
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => {
      timer.abort();
      reject(
        new KeymeterError('deadline_exceeded', `no answer within ${deadline_ms} ms`, {
          fix: 'ask for a shorter time range, or give a longer --deadline',
        }),
      );
    }, deadline_ms);
  });
  const answer = work(signal);
  // When the deadline wins, the interrupted query still rejects a moment later.
  answer.catch(() => {});
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timeout);
  }
}
