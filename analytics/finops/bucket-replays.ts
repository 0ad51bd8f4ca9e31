import type { SqlParams } from '../../store/engine.ts';
import type { AnalysisContext } from '../analysis.ts';
import {
  BucketReplay,
  type BucketAfter,
  type BucketBefore,
  type BucketKeySetting,
  type BucketShare,
} from './read-replay.ts';

export type BucketScope = 'objects' | 'log_delivery' | 'bucket_key_on';

/** The replay of one Region, bucket, KMS key and scope. */
export interface BucketOutcome {
  region: string;
  s3_bucket: string;
  key_arn: string;
  scope: BucketScope;
  /** The accounts that pay for the calls, and what part each has in them. */
  shares: BucketShare[];
  calls_with_more_context: number;
  before: BucketBefore;
  /** One for each setting; empty for the scope `bucket_key_on`, which has nothing left to save. */
  after: { setting: BucketKeySetting; after: BucketAfter }[];
}

/** The band of definitions: Bucket key replay: reuse times nobody publishes, and both readings of "requester". */
export const bandSettings: readonly BucketKeySetting[] = [60, 300, 900, 3_600].flatMap(
  (window_seconds) => [
    { window_seconds, requester: 'role' as const },
    { window_seconds, requester: 'session' as const },
  ],
);

/**
 * Streams the calls of all buckets in the order of bucket-key-savings.sql and replays each group in
 * one pass; a group's state is dropped when the next begins.
 */
export async function* replayBuckets(
  sql: string,
  params: SqlParams,
  settings: readonly BucketKeySetting[],
  context: AnalysisContext,
): AsyncGenerator<BucketOutcome> {
  let open: { outcome: BucketOutcome; replay: BucketReplay } | null = null;
  const finish = ({ outcome, replay }: NonNullable<typeof open>): BucketOutcome => ({
    ...outcome,
    ...replay.finish(),
  });
  for await (const chunk of context.engine.stream(sql, params, context)) {
    const [
      regions,
      buckets,
      keys,
      scopes,
      seconds,
      writes,
      objects,
      roles,
      sessions,
      accounts,
      more,
    ] = chunk.columns as [
      string[],
      string[],
      string[],
      BucketScope[],
      number[],
      boolean[],
      number[],
      string[],
      string[],
      string[],
      boolean[],
    ];
    for (let row = 0; row < chunk.rowCount; row++) {
      const outcome = open?.outcome;
      if (
        !outcome ||
        outcome.s3_bucket !== buckets[row] ||
        outcome.key_arn !== keys[row] ||
        outcome.scope !== scopes[row] ||
        outcome.region !== regions[row]
      ) {
        if (open) yield finish(open);
        open = {
          outcome: emptyOutcome(regions[row]!, buckets[row]!, keys[row]!, scopes[row]!),
          replay: new BucketReplay(scopes[row] === 'bucket_key_on' ? [] : settings),
        };
      }
      if (more[row]) open!.outcome.calls_with_more_context++;
      open!.replay.add({
        second: seconds[row]!,
        is_write: writes[row]!,
        object: objects[row]!,
        role: roles[row]!,
        session: sessions[row]!,
        account: accounts[row]!,
      });
    }
  }
  if (open) yield finish(open);
}

function emptyOutcome(
  region: string,
  s3_bucket: string,
  key_arn: string,
  scope: BucketScope,
): BucketOutcome {
  const before = { writes: 0, reads_written: 0, reads_older: 0, objects_older: 0, peak: 0 };
  const group = { region, s3_bucket, key_arn, scope };
  return { ...group, calls_with_more_context: 0, before, after: [], shares: [] };
}
