import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait between two tries. */
const waitMsMost = 20_000;

/**
 * Waits before try number `failed + 1`: anything between zero and base x 2^failed ("full jitter", so
 * that workers which failed together don't come back together). Rejects with the signal's reason when it aborts.
 */
export async function backOff(
  baseMs: number,
  failed: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const longest = Math.min(waitMsMost, baseMs * 2 ** failed);
  await sleep(Math.random() * longest, undefined, signal ? { signal } : {}).catch(() => {
    // The timer says only "aborted"; the signal says why.
    signal?.throwIfAborted();
  });
}
