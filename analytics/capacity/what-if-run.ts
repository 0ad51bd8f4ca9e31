import { readFileSync } from 'node:fs';
import { epochSeconds } from '../../core/time.ts';
import type { SqlParams } from '../../store/engine.ts';
import type { AnalysisContext } from '../analysis.ts';
import type { Bin } from './load-distribution.ts';
import { BucketKeyReplay, DataKeyCacheReplay, type LeverReplay } from './lever-replay.ts';

const readSql = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');
const secondsSql = readSql('quota-what-if-seconds.sql');
const callsSql = readSql('quota-what-if-calls.sql');

export type Side = 'source' | 'destination';

/** Seconds of one kind: how many calls of others, and how many chosen ones that stay after the lever. */
interface Kind {
  side: Side;
  others: number;
  chosen: number;
  /** Chosen calls that the lever leaves. */
  left: number;
  seconds: number;
  first_at: number;
}

export interface WhatIf {
  lever: 'none' | 'data_key_cache' | 'bucket_keys';
  window_seconds: number;
  factor: number;
  /** True when the chosen calls leave the source. */
  moves: boolean;
}

/** Loads before and after, as histograms over seconds with a call. */
export interface Outcome {
  before: Record<Side, Bin[]>;
  after: Record<Side, Bin[]>;
  /** Chosen calls in the log, and of these the ones that the lever leaves. */
  chosen_calls: number;
  chosen_calls_left: number;
}

/** Recomputes every second with the chosen calls cut, multiplied and moved. */
export async function whatIf(
  sql: string,
  params: SqlParams,
  change: WhatIf,
  context: AnalysisContext,
): Promise<Outcome> {
  const kinds = (await context.engine.rows(sql, params, context)).map((row): Kind => ({
    side: row['side'] as Side,
    others: Number(row['others']),
    chosen: Number(row['chosen']),
    left: Number(row['chosen']),
    seconds: Number(row['seconds']),
    first_at: epochSeconds(String(row['first_at'])),
  }));
  const settled =
    change.lever === 'none'
      ? kinds
      : [
          ...kinds.filter((kind) => kind.chosen === 0),
          ...(await secondsAfterLever(params, change, context)),
        ];
  const outcome: Outcome = {
    before: { source: [], destination: [] },
    after: { source: [], destination: [] },
    chosen_calls: 0,
    chosen_calls_left: 0,
  };
  for (const kind of settled) {
    const { side, others } = kind;
    const left = kind.left * change.factor;
    if (side === 'source') {
      outcome.chosen_calls += kind.chosen * kind.seconds;
      outcome.chosen_calls_left += kind.left * kind.seconds;
      outcome.before.source.push(bin(kind, others + kind.chosen));
      outcome.after.source.push(bin(kind, others + (change.moves ? 0 : left)));
    } else {
      outcome.before.destination.push(bin(kind, others));
      outcome.after.destination.push(bin(kind, others + left));
    }
  }
  for (const sides of [outcome.before, outcome.after]) {
    sides.source = sides.source.filter((b) => b.offered > 0);
    sides.destination = sides.destination.filter((b) => b.offered > 0);
  }
  return outcome;
}

function bin(kind: Kind, calls: number): Bin {
  const { first_at, seconds } = kind;
  return { offered: calls, accepted: calls, bins: seconds, first_at, last_at: first_at };
}

/** Each second with chosen calls, less those that the lever takes out. */
async function secondsAfterLever(
  params: SqlParams,
  change: WhatIf,
  context: AnalysisContext,
): Promise<Kind[]> {
  const saved = await savedBySecond(params, change, context);
  const kinds: Kind[] = [];
  for await (const chunk of context.engine.stream(secondsSql, params, context)) {
    const [seconds, chosen, others, destinations] = chunk.columns as [
      string[],
      number[],
      number[],
      number[],
    ];
    for (let row = 0; row < chunk.rowCount; row++) {
      const first_at = epochSeconds(seconds[row]!);
      const left = chosen[row]! - (saved.get(first_at) ?? 0);
      const shared = { chosen: chosen[row]!, left, seconds: 1, first_at };
      kinds.push({ side: 'source', others: others[row]!, ...shared });
      if (change.moves) kinds.push({ side: 'destination', others: destinations[row]!, ...shared });
    }
  }
  return kinds;
}

/** Calls of each second that the lever takes out. */
async function savedBySecond(
  params: SqlParams,
  change: WhatIf,
  context: AnalysisContext,
): Promise<Map<number, number>> {
  const replay: LeverReplay =
    change.lever === 'bucket_keys'
      ? new BucketKeyReplay(change.window_seconds)
      : new DataKeyCacheReplay(change.window_seconds);
  const saved = new Map<number, number>();
  for await (const chunk of context.engine.stream(callsSql, params, context)) {
    const [seconds, operations, principals, keys, contexts, buckets, objects] = chunk.columns as [
      number[],
      string[],
      string[],
      string[],
      string[],
      (string | null)[],
      string[],
    ];
    for (let row = 0; row < chunk.rowCount; row++) {
      const second = seconds[row]!;
      const reaches = replay.reaches({
        second,
        is_write: operations[row] === 'GenerateDataKey',
        principal: principals[row]!,
        key: keys[row]!,
        context: contexts[row]!,
        bucket: buckets[row]!,
        object: objects[row]!,
      });
      if (!reaches) saved.set(second, (saved.get(second) ?? 0) + 1);
    }
  }
  return saved;
}
