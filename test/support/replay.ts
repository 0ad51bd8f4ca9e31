import type { RawRecord } from './trail-reader.ts';

/**
 * Plain loops over sorted events, as the definitions of the savings say it, written for the tests
 * alone. Instants are epoch seconds.
 */
export interface ObjectEvent {
  at: number;
  object: string;
  requester: string;
}

export const secondOf = (r: RawRecord): number => Date.parse(r.eventTime) / 1000;

/** Calls left of `events` where a window per group opens at its first call and holds [t, t + T). */
export function windowsOpened<T extends { at: number }>(
  events: readonly T[],
  group: (event: T) => string,
  window: number,
): number {
  const open = new Map<string, number>();
  let opened = 0;
  for (const event of [...events].sort((a, b) => a.at - b.at)) {
    const since = open.get(group(event));
    if (since !== undefined && event.at < since + window) continue;
    open.set(group(event), event.at);
    opened += 1;
  }
  return opened;
}

/** Writes and reads left when bucket keys live for `window` seconds (definition 13). */
export function replayBucketKeys(
  writes: readonly ObjectEvent[],
  reads: readonly ObjectEvent[],
  window: number,
) {
  const openedAt = new Map<string, number>();
  const windowOfObject = new Map<string, { at: number; name: string }[]>();
  let writesLeft = 0;
  for (const write of [...writes].sort((a, b) => a.at - b.at)) {
    const since = openedAt.get(write.requester);
    if (since === undefined || write.at >= since + window) {
      openedAt.set(write.requester, write.at);
      writesLeft += 1;
    }
    const name = `${write.requester} ${openedAt.get(write.requester)}`;
    windowOfObject.set(write.object, [
      ...(windowOfObject.get(write.object) ?? []),
      { at: write.at, name },
    ]);
  }
  const written: (ObjectEvent & { window: string })[] = [];
  const older: ObjectEvent[] = [];
  for (const read of reads) {
    const last = windowOfObject.get(read.object)?.findLast((w) => w.at <= read.at);
    if (last) written.push({ ...read, window: last.name });
    else older.push(read);
  }
  return {
    writes: writesLeft,
    readsOfWritten: windowsOpened(written, (r) => `${r.window} ${r.requester}`, window),
    readsOfOlderPessimistic: windowsOpened(older, (r) => `${r.object} ${r.requester}`, window),
    readsOfOlderOptimistic: windowsOpened(older, (r) => r.requester, window),
    older: older.length,
  };
}

/** Calls left with a cache whose entries live while `t - t0 <= maxAge`, up to `maxMessages` each. */
export function replayCache(
  instants: readonly number[],
  maxAge: number,
  maxMessages = Infinity,
): number {
  let entry = { since: -Infinity, used: 0 };
  let calls = 0;
  for (const at of [...instants].sort((a, b) => a - b)) {
    if (at - entry.since > maxAge || entry.used >= maxMessages) {
      entry = { since: at, used: 0 };
      calls += 1;
    }
    entry.used += 1;
  }
  return calls;
}
