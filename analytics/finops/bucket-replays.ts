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

/** A payer's part by the account's id. */
export type PayerShare = Omit<BucketShare, 'account'> & { account_id: string };

/** The replay of one Region, bucket, KMS key and scope. */
export interface BucketOutcome {
  region: string;
  s3_bucket: string;
  key_arn: string;
  scope: BucketScope;
  /** The accounts that pay for the calls, and what part each has in them. */
  shares: PayerShare[];
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
  const off = new BucketReplay(settings);
  const on = new BucketReplay([]);
  const accounts: string[] = [];
  let replay = off;
  let group = 0;
  let names: string[] = [];
  let calls_with_more_context = 0;
  const finish = (): BucketOutcome => {
    const [region, s3_bucket, key_arn, scope] = names as [string, string, string, BucketScope];
    const { before, after, shares } = replay.finish();
    const place = { region, s3_bucket, key_arn, scope, calls_with_more_context, before, after };
    return {
      ...place,
      shares: shares.map(({ account, ...part }) => ({ account_id: accounts[account]!, ...part })),
    };
  };
  for await (const chunk of context.engine.stream(sql, params, context)) {
    const [groups, seconds, reads, objects, roles, sessions, payers, more] =
      chunk.columns as readonly number[][];
    const texts = chunk.columns[8] as (string | null)[];
    for (let row = 0; row < chunk.rowCount; row++) {
      const text = texts[row];
      if (groups![row] === 0) accounts[payers![row]!] = text!;
      else if (text !== null) {
        // The four names of a group come before its calls.
        if (groups![row] !== group) {
          if (group > 0) yield finish();
          group = groups![row]!;
          names = [];
          calls_with_more_context = 0;
        }
        names.push(text!);
        if (names.length === 4) replay = text === 'bucket_key_on' ? on : off;
      } else {
        calls_with_more_context += more![row]!;
        const [object, role, session] = [objects![row]!, roles![row]!, sessions![row]!];
        replay.call(seconds![row]!, reads![row] === 0, object, role, session, payers![row]!);
      }
    }
  }
  if (group > 0) yield finish();
}
