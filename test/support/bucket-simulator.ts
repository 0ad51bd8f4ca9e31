import type { BucketKeySetting, S3Call } from '../../analytics/finops/read-replay.ts';

/** Greedy fixed windows over sorted times, by plain loops: how many, and which start holds a time. */
export function windowStarts(times: readonly number[], width: number): number[] {
  const starts: number[] = [];
  for (const time of [...times].sort((a, b) => a - b)) {
    const last = starts[starts.length - 1];
    if (last === undefined || time >= last + width) starts.push(time);
  }
  return starts;
}

/**
 * The rules of "Bucket key replay" in docs/definitions.md, read sentence by sentence over whole arrays: slow, and sharing
 * nothing with the replay but the input.
 */
export function simulateBucket(calls: readonly S3Call[], setting: BucketKeySetting) {
  const T = setting.window_seconds;
  const who = (call: S3Call) => String(setting.requester === 'role' ? call.role : call.session);
  const writes = calls.filter((call) => call.is_write);
  const reads = calls.filter((call) => !call.is_write);
  const groups = (members: readonly S3Call[], name: (call: S3Call) => string) => {
    const found: Record<string, S3Call[]> = {};
    for (const call of members) (found[name(call)] ??= []).push(call);
    return found;
  };
  const windowsOf = (members: readonly S3Call[]) =>
    windowStarts(
      members.map((call) => call.second),
      T,
    );
  const writeWindows: Record<string, number[]> = {};
  for (const [name, members] of Object.entries(groups(writes, who))) {
    writeWindows[name] = windowsOf(members);
  }
  const lastWrite = (read: S3Call) => {
    let found: S3Call | null = null;
    for (const write of writes) {
      if (write.object === read.object && write.second <= read.second) {
        if (!found || write.second >= found.second) found = write;
      }
    }
    return found;
  };
  const written = reads.filter((read) => lastWrite(read) !== null);
  const older = reads.filter((read) => lastWrite(read) === null);
  const windowName = (read: S3Call) => {
    const write = lastWrite(read)!;
    const start = writeWindows[who(write)]!.filter((s) => s <= write.second).at(-1)!;
    return `${who(write)}/${start}`;
  };
  const keptSeconds = (found: Record<string, S3Call[]>) => Object.values(found).flatMap(windowsOf);
  const keptWrites = keptSeconds(groups(writes, who));
  const keptWritten = keptSeconds(groups(written, (read) => `${windowName(read)}|${who(read)}`));
  const keptLow = keptSeconds(groups(older, who));
  const keptHigh = keptSeconds(groups(older, (read) => `${read.object}|${who(read)}`));
  const peak = (seconds: number[]) => {
    const counts: Record<number, number> = {};
    for (const second of seconds) counts[second] = (counts[second] ?? 0) + 1;
    return Math.max(0, ...Object.values(counts));
  };
  return {
    before: {
      writes: writes.length,
      reads_written: written.length,
      reads_older: older.length,
      objects_older: new Set(older.map((read) => read.object)).size,
      peak: peak(calls.map((call) => call.second)),
    },
    after: {
      writes: keptWrites.length,
      reads_written: keptWritten.length,
      reads_older_low: keptLow.length,
      reads_older_high: keptHigh.length,
      peak_day_one: peak([...keptWrites, ...keptWritten, ...older.map((read) => read.second)]),
      peak_after_rewrite: peak([...keptWrites, ...keptWritten, ...keptHigh]),
    },
  };
}
