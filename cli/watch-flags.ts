import type { Command } from 'commander';
import { exitCodes, KeymeterError } from '../core/errors.ts';
import { parseDuration } from '../core/time.ts';

export interface WatchFlags {
  /** True without a value: the default interval. */
  watch?: string | true;
  lookBack?: string;
  keep?: string;
}

export interface WatchSettings {
  interval_ms: number;
  look_back_ms: number;
}

const interval_default = '60s';
const look_back_default = '2d';
const interval_ms_min = 1_000;

/** Options of commands that can go on reading. */
export function withWatchFlags(command: Command): Command {
  return command
    .option(
      '--watch [interval]',
      `go on: list buckets and directories again after this time (default ${interval_default}); queues are read as messages arrive`,
    )
    .option(
      '--look-back <duration>',
      `days of a bucket that each listing looks at again, for files that come late (default ${look_back_default}; all days once a day)`,
    )
    .option('--keep <duration>', 'drop whole days of events that are older, such as 400d');
}

/** What the flags ask for; null without --watch. Throws KeymeterError bad_duration. */
export function watchSettings(flags: WatchFlags): WatchSettings | null {
  if (flags.watch === undefined) return null;
  const interval = flags.watch === true ? interval_default : flags.watch;
  return {
    interval_ms: Math.max(interval_ms_min, durationFlag('--watch', interval)),
    look_back_ms: durationFlag('--look-back', flags.lookBack ?? look_back_default),
  };
}

/** Milliseconds of a flag such as `90s` or `2d`. */
export function durationFlag(name: string, text: string): number {
  const duration_ms = parseDuration(text);
  if (duration_ms !== null && duration_ms > 0) return duration_ms;
  throw new KeymeterError(
    'bad_duration',
    `${name} must be a duration such as 90s, 15m or 2d, got ${text}`,
    {
      fix: `write ${name} 15m`,
      exitCode: exitCodes.usage,
    },
  );
}
